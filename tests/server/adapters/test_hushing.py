"""Runners and all that they started stand still for a bounded time, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.support.spawners import Spawners, script, shell, spawners, state, until

from axisor.ports import Secret
from axisor_server.adapters.running import ProcessSpawner
from axisor_server.adapters.running.ordered import Runner
from axisor_server.choices import Priority

__all__ = ["spawners"]

COUNTS = """
import os, sys, time
for leave in (os.setsid, lambda: os.setpgid(0, 0), lambda: None):
    if os.fork() == 0:
        leave()
        break
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(600)
"""
"""Four processes: one that left the session, one that left the group, and two."""


async def _counting(folder: Path, spawner: Spawners) -> Still:
    """Return a spawner with a runner of four processes, all of them known to whoever minds it."""
    started, (line, *_) = folder / "started", script(folder, COUNTS)
    # An idle one stops when it next has a processor, which on a busy machine is late.
    spawned = spawner(shell(folder, f"exec {line} {started}"), Priority.NORMAL)
    runner = await spawned.spawn("p", "accounts/a/runs/r", Secret("t"))
    await until(lambda: started.exists() and len(started.read_text().splitlines()) == 4)
    still = Still(spawned, runner, [int(word) for word in started.read_text().split()])
    assert spawned.hush(1)  # those who left the group are looked for after the first time
    return still


class Still:
    """A runner and its own, which may stand still."""

    def __init__(self, spawner: ProcessSpawner, runner: Runner, found: list[int]) -> None:
        self.spawner, self.runner, self.found = spawner, runner, found

    def states(self) -> set[str]:
        """Return what the processes do: `T` is to stand still."""
        return {state(process)[0] for process in self.found}

    def starter(self) -> int:
        """Return the process that starts runners: it leads the session that one of them left."""
        (leader,) = {os.getsid(process) for process in self.found} - set(self.found)
        return leader


async def test_a_runner_and_all_it_started_stand_still_until_they_are_told_to_go_on(
    tmp_path: Path, spawners: Spawners
) -> None:
    still = await _counting(tmp_path, spawners)
    await until(lambda: still.spawner.hush(1_000))
    before = still.spawner.stood_ms()
    await until(lambda: still.states() == {"T"})
    assert not still.spawner.hush(1_000)
    still.spawner.go_on()
    await until(lambda: not still.states() & {"T"})

    assert before < still.spawner.stood_ms()
    still.runner.kill()
    assert await still.runner.wait() == "exit code -9"


async def test_runners_go_on_by_themselves(tmp_path: Path, spawners: Spawners) -> None:
    still = await _counting(tmp_path, spawners)
    await until(lambda: still.spawner.hush(300))
    before = still.spawner.stood_ms()
    await until(lambda: still.states() == {"T"})
    await until(lambda: not still.states() & {"T"})

    await until(lambda: still.spawner.hush(10))
    assert before + 200 <= still.spawner.stood_ms()
    still.runner.kill()
    assert await still.runner.wait() == "exit code -9"


async def test_runners_go_on_where_whoever_had_them_stand_still_is_killed(
    tmp_path: Path, spawners: Spawners
) -> None:
    still = await _counting(tmp_path, spawners)
    starter = still.starter()

    await until(lambda: still.spawner.hush(1_000))
    await until(lambda: still.states() == {"T"})
    os.kill(starter, signal.SIGKILL)
    await until(lambda: not still.states() & {"T"})

    stood = still.spawner.stood_ms()
    assert not still.spawner.hush(100)
    assert still.spawner.stood_ms() == stood
    still.runner.kill()
    assert await still.runner.wait() == "exit code -9"


async def test_runners_that_stand_still_end_with_the_line_to_their_core(
    tmp_path: Path, spawners: Spawners
) -> None:
    still = await _counting(tmp_path, spawners)

    await until(lambda: still.spawner.hush(1_000))
    await until(lambda: still.states() == {"T"})
    still.runner.kill()

    assert await still.runner.wait() == "exit code -9"
    assert [process for process in still.found if Path(f"/proc/{process}").exists()] == []


async def test_a_runner_that_is_ordered_meanwhile_starts_when_they_go_on(
    tmp_path: Path, spawners: Spawners
) -> None:
    place = tmp_path / "process"
    spawner = spawners(shell(tmp_path, f"echo $$ > {place}"))

    assert spawner.hush(300)
    runner = await spawner.spawn("p", "accounts/a/runs/r", Secret("t"))

    assert await runner.wait() == "exit code 0"
    assert spawner.stood_ms() >= 300
