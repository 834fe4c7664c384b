"""Runners are confined before they begin, hold nothing of the core's, and end with their own."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.spawners import Spawners, script, shell, spawners, state, until
from tests.support.strangers import install

from axisor.errors import ConfigInvalid
from axisor.ports import Secret
from axisor_server.adapters.running import Confines, Environments, ProcessSpawner, Socket, describe
from axisor_server.adapters.running.describing import read_offers
from axisor_server.adapters.running.limits import MIB, clean

LOOK = """
import json, os, resource
names = ("AS", "CORE", "CPU", "FSIZE", "NICE", "NOFILE", "RTPRIO")
limits = {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names}
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, 1_024))
    lifted = True
except (ValueError, PermissionError):
    lifted = False
print(json.dumps({
    "limits": limits,
    "lifted": lifted,
    "environment": sorted(os.environ),
    "files": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1],
    "folder": os.getcwd(),
    "alone": os.getpgid(0) == os.getpid(),
    "idle": os.sched_getscheduler(0) == os.SCHED_IDLE,
    "nice": os.nice(0),
}))
"""


def looked(folder: Path, confines: Confines) -> dict[str, object]:
    """Return what a confined process sees of itself, started with a file of ours open."""
    with (folder / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        done = subprocess.run(
            confines.command(sys.executable, "-S", "-c", LOOK),
            env=clean(folder),
            close_fds=False,
            capture_output=True,
            check=True,
        )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_confined_process_has_its_limits_and_cannot_lift_them(tmp_path: Path) -> None:
    found = looked(tmp_path, Confines())

    assert found["limits"] == {
        "AS": [256 * MIB, 256 * MIB],
        "CORE": [0, 0],
        "CPU": [3_600, 3_600],
        "FSIZE": [MIB, MIB],
        "NICE": [0, 0],
        "NOFILE": [64, 64],
        "RTPRIO": [0, 0],
    }
    assert not found["lifted"]
    assert found["nice"] == 19
    assert found["idle"]
    assert found["alone"]
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] != 64


def test_a_confined_process_has_nothing_of_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXISOR_KEK_1", "canary")

    found = looked(tmp_path, Confines())

    assert set(clean(tmp_path)) == set(found["environment"]) - {"LC_CTYPE"}  # type: ignore[call-overload]
    assert found["files"] == [0, 1, 2]
    assert found["folder"] == str(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="Only root can become another user.")
def test_a_user_of_its_own_is_taken_where_the_core_is_root(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    confines = Confines(uid=64_900, processes=32)
    words = confines.command("/bin/sh", "-c", "id -u; ulimit -u; cat /etc/shadow")

    done = subprocess.run(
        words, env={**clean(Path("/")), "HOME": "/"}, capture_output=True, text=True, check=False
    )

    assert done.stdout.split()[0] == "64900"
    assert "ermission denied" in done.stderr


def test_a_plugin_says_in_its_own_python_what_it_offers(tmp_path: Path) -> None:
    _, _, python = install(tmp_path, "stranger").partition("=")

    (offer,) = describe("stranger", python, Confines())

    assert (offer.name, offer.plugin, offer.version) == ("stranger", "stranger", "1.0")
    assert offer.permissions == ("ADJUST_MARGIN",)


async def test_what_a_plugin_starts_while_it_is_asked_ends_with_that(tmp_path: Path) -> None:
    left = tmp_path / "left"
    python = shell(tmp_path, f"sleep 600 & echo $! > {left}; echo '[]'")

    assert describe("stranger", str(python), Confines()) == []

    # Whoever takes orphans here reaps it sooner or later.
    place = Path(f"/proc/{left.read_text().strip()}")
    await until(lambda: not place.exists() or state(int(place.name))[0] == "Z")


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false", "/bin/true"])
def test_a_plugin_that_cannot_be_asked_is_refused(python: str) -> None:
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        describe("stranger", python, Confines())


async def test_a_plugin_is_asked_beside_all_else_what_it_offers(
    tmp_path: Path, spawners: Spawners
) -> None:
    _, _, python = install(tmp_path, "stranger").partition("=")

    (offer,) = await spawners(Path(python)).describe("stranger", python)

    assert (offer.name, offer.plugin, offer.version) == ("stranger", "stranger", "1.0")


def test_a_plugin_that_reviews_is_refused_as_no_runner_would_be_asked_to(tmp_path: Path) -> None:
    where = "tests.support.strangers:REVIEWING"
    _, _, python = install(tmp_path, "judge", where).partition("=")

    with pytest.raises(ConfigInvalid, match="which no runner is asked to do"):
        describe("judge", python, Confines())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("echo no such module >&2; exit 3", "cannot be read: no such module"),
        ("exit 3", "cannot be read: exit code 3"),
        ("echo nonsense", "offers cannot be read"),
        ('echo \'[{"name":"x","plugin":"other"}]\'', "other's"),
    ],
    ids=["says why", "says nothing", "no offers", "another's"],
)
async def test_a_plugin_that_cannot_say_what_it_offers_is_refused(
    tmp_path: Path, spawners: Spawners, line: str, why: str
) -> None:
    python = shell(tmp_path, line)

    with pytest.raises(ConfigInvalid, match=why):
        await spawners(python).describe("stranger", str(python))


async def test_a_plugin_that_never_says_what_it_offers_is_ended(
    tmp_path: Path, spawners: Spawners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axisor_server.adapters.running.asking.PATIENCE_S", 0.0)
    place = tmp_path / "process"
    python = shell(tmp_path, f"echo $$ > {place}; exec sleep 600")

    with pytest.raises(ConfigInvalid, match="did not say what it offers"):
        await spawners(python).describe("stranger", str(python))

    assert not place.exists() or not Path(f"/proc/{place.read_text().strip()}").exists()


async def test_a_core_that_starts_no_runners_asks_nobody() -> None:
    spawner = ProcessSpawner(Environments(), address="unix:/x", confines=Confines())

    with pytest.raises(ConfigInvalid, match="no interpreter"):
        await spawner.describe("stranger", "python")
    assert not spawner.hush(10)
    spawner.go_on()
    assert spawner.stood_ms() == 0


@pytest.mark.parametrize("text", [b"", b"{}", b'[{"name":"x"}]', b"[" * 9_999])
def test_offers_that_are_none_are_refused(text: bytes) -> None:
    with pytest.raises(ConfigInvalid):
        read_offers(text, "stranger")


def test_an_offer_of_another_plugin_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="other"):
        read_offers(b'[{"name":"x","plugin":"other"}]', "stranger")


__all__ = ["spawners"]

HIDES = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for leave in (os.setsid, lambda: os.setpgid(0, 0), lambda: None):
    if os.fork() == 0:
        leave()
        os.fork()
        with open(sys.argv[1], "a") as file:
            file.write(f"{os.getpid()}\\n")
        time.sleep(600)
time.sleep(600)
"""
"""Six processes besides the first: two that left its session, two that left its group, two."""


async def test_a_runner_is_ended_with_all_that_it_started_however_it_hid(
    tmp_path: Path, spawners: Spawners
) -> None:
    started, (line, *_) = tmp_path / "started", script(tmp_path, HIDES)
    python = shell(tmp_path, f"read token; echo $token > {tmp_path}/token; exec {line} {started}")
    spawner = spawners(python)
    before = _files()

    runner = await spawner.spawn("p", "accounts/a/runs/r", Secret("the-token"))
    told = asyncio.ensure_future(runner.wait())
    await until(lambda: started.exists() and len(started.read_text().splitlines()) == 6)
    found = [int(word) for word in started.read_text().split()]
    homes = {os.readlink(f"/proc/{process}/cwd") for process in found}
    runner.kill()
    runner.kill()

    assert await told == "exit code -9"
    # When the core is told, they are gone: no process, no zombie, no folder, no open file.
    assert [process for process in found if Path(f"/proc/{process}").exists()] == []
    assert [home for home in homes if Path(home).exists()] == []
    assert (tmp_path / "token").read_text() == "the-token\n"
    assert _files() == before
    assert runner.waited_ms() == 0


async def test_a_runner_that_ends_by_itself_says_its_last_words_and_leaves_nobody(
    tmp_path: Path, spawners: Spawners
) -> None:
    left = tmp_path / "left"
    python = shell(tmp_path, f"sleep 600 & echo $! > {left}; echo no such module >&2; exit 3")

    runner = await spawners(python).spawn("p", "accounts/a/runs/r", Secret("t"))

    assert await runner.wait() == "exit code 3: no such module"
    assert not Path(f"/proc/{left.read_text().strip()}").exists()
    runner.kill()


async def test_an_interpreter_that_is_not_there_is_told_like_any_other_end(
    tmp_path: Path, spawners: Spawners
) -> None:
    runner = await spawners(tmp_path / "none").spawn("p", "accounts/a/runs/r", Secret("t"))

    assert "exit code 127: It cannot be started" in await runner.wait()


async def test_a_runner_ends_with_the_line_to_its_core(tmp_path: Path, spawners: Spawners) -> None:
    place = tmp_path / "process"
    python = shell(tmp_path, f"echo $$ > {place}; exec sleep 600")
    runner = await spawners(python).spawn("p", "accounts/a/runs/r", Secret("t"))
    await until(lambda: place.exists() and place.read_text().endswith("\n"))

    waiting = asyncio.ensure_future(runner.wait())
    await asyncio.sleep(0)
    waiting.cancel()  # as where a core dies: the line closes, and nobody says a word
    with pytest.raises(asyncio.CancelledError):
        await waiting

    await until(lambda: not Path(f"/proc/{place.read_text().strip()}").exists())


async def test_who_starts_runners_is_started_again_and_those_that_run_go_on(
    tmp_path: Path, spawners: Spawners
) -> None:
    place = tmp_path / "process"
    python = shell(tmp_path, f"echo $PPID >> {place}; exec sleep 600")
    spawner = spawners(python)
    first = await spawner.spawn("p", "accounts/a/runs/r", Secret("t"))
    await until(lambda: place.exists() and place.read_text().endswith("\n"))
    _, starter = state(int(place.read_text()))
    os.kill(starter, signal.SIGKILL)
    await until(lambda: state(starter)[0] == "Z")

    second = await spawner.spawn("p", "accounts/a/runs/r", Secret("t"))
    await until(lambda: len(place.read_text().splitlines()) == 2)

    for runner in (first, second):
        runner.kill()
        assert await runner.wait() == "exit code -9"


async def test_runners_compute_when_nobody_else_would_and_apart_from_the_core(
    tmp_path: Path, spawners: Spawners
) -> None:
    place = tmp_path / "found"
    look = (
        "import os\n"
        "try: group = open('/proc/self/autogroup').read().split()[-1]\n"
        "except OSError: group = '10'\n"
        f"open({str(place)!r}, 'w').write("
        "f'{os.getsid(0)} {os.sched_getscheduler(0)} {os.nice(0)} {group} .')\n"
    )
    line, *_ = script(tmp_path, look)
    runner = await spawners(shell(tmp_path, f"exec {line}")).spawn("p", "a/r", Secret("t"))
    assert await runner.wait() == "exit code 0"

    session, policy, nice, group, _ = place.read_text().split()
    assert int(session) != os.getsid(0)
    assert (int(policy), int(nice), int(group)) == (os.SCHED_IDLE, 19, 10)


def test_a_socket_is_for_the_cores_user_alone_and_is_removed() -> None:
    made = Socket(Confines())
    made.path.touch()
    made.let_in()

    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent.stat().st_mode & 0o777 == 0o700
    made.remove()
    assert not made.path.parent.exists()


def _files() -> set[str]:
    """Return the numbers of this process's open files."""
    return set(os.listdir("/proc/self/fd"))
