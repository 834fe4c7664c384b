"""A forked process does what one does that was started the usual way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.nursery import may_fork, ours
from tests.support.processes import axisor, environment, until

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("campaigns")]

KEY = ("--key", "k", "--secret", "s", "--passphrase", "p")
SERVE = ("sim", "serve", "--listen", "127.0.0.1:0", "--balance", "1", *KEY)
"""A command that goes on until it is ended."""


async def test_who_gives_up_waiting_takes_no_answer_from_the_others(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        cores = [await ours().fork(SERVE, environment(), stderr=log.fileno()) for _ in range(3)]
    patient = [asyncio.create_task(core.wait()) for core in cores]
    for core in cores:
        for _ in range(3):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(core.wait(), 0)
        os.kill(core.pid, signal.SIGKILL)

    assert await asyncio.gather(*patient) == [-signal.SIGKILL] * 3
    assert [core.returncode for core in cores] == [-signal.SIGKILL] * 3
    assert await cores[0].wait() == -signal.SIGKILL


async def test_a_command_leaves_its_output_and_its_code() -> None:
    done = await axisor("version", "-o", "json")
    wrong = await axisor("no-such-command")

    assert (done.code, done.err) == (0, "")
    assert done.json["axisor"]
    assert wrong.code == 2
    assert "no-such-command" in wrong.err


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL], ids=str)
async def test_what_ends_the_command_of_a_shell_ends_what_was_forked(
    tmp_path: Path, sent: signal.Signals
) -> None:
    with subprocess.Popen(
        [ours().command, *SERVE], stdout=subprocess.PIPE, env=environment(), text=True
    ) as shell:
        assert shell.stdout is not None
        line = await asyncio.to_thread(shell.stdout.readline)
        address = json.loads(line)["url"].removeprefix("http://")
        shell.send_signal(sent)
        code = await asyncio.to_thread(shell.wait)

    assert code == (0 if sent is signal.SIGTERM else -sent)
    await until(lambda: _is_free(address), f"{address} is served no more")


def _is_free(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


def test_the_command_of_a_shell_ends_as_the_command_does() -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ours().command, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )

    assert run("version").returncode == 0
    assert run("no-such-command").returncode == 2


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONHASHSEED"])
def test_what_changes_an_import_is_started_the_usual_way(name: str) -> None:
    assert may_fork(environment(AXISOR_FAILPOINT="sent"))
    assert not may_fork(environment(**{name: "something-else"}))
