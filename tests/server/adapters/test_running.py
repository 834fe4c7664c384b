"""Runners are confined before they begin, hold nothing of the core's, and end with their own."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.strangers import install

from axisor.errors import ConfigInvalid
from axisor.ports import Secret
from axisor_server.adapters.running import Confines, Environments, ProcessSpawner, Socket, describe
from axisor_server.adapters.running.describing import read_offers
from axisor_server.adapters.running.limits import MIB, clean
from axisor_server.adapters.system import SystemClock

LOOK = """
import json, os, resource
names = ("AS", "CORE", "CPU", "FSIZE", "NOFILE")
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
    "batch": os.sched_getscheduler(0) == os.SCHED_BATCH,
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
        "NOFILE": [64, 64],
    }
    assert not found["lifted"]
    assert found["nice"] == 19
    assert found["batch"]
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


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false", "/bin/true"])
def test_a_plugin_that_cannot_be_asked_is_refused(python: str) -> None:
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        describe("stranger", python, Confines())


@pytest.mark.parametrize("text", [b"", b"{}", b'[{"name":"x"}]', b"[" * 9_999])
def test_offers_that_are_none_are_refused(text: bytes) -> None:
    with pytest.raises(ConfigInvalid):
        read_offers(text, "stranger")


def test_an_offer_of_another_plugin_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="other"):
        read_offers(b'[{"name":"x","plugin":"other"}]', "stranger")


async def test_a_runner_is_ended_with_all_that_it_started_and_its_folder(tmp_path: Path) -> None:
    started = tmp_path / "started"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nread token\nsleep 600 &\necho "$token $!" > {started}\nwait\n')
    python.chmod(0o755)
    spawner = ProcessSpawner(
        Environments({"p": str(python)}),
        address="unix:/x",
        confines=Confines(),
        clock=SystemClock(),
    )

    runner = await spawner.spawn("p", "accounts/a/runs/r", Secret("the-token"))
    async with asyncio.timeout(20):
        while not (started.exists() and started.read_text().endswith("\n")):
            await asyncio.sleep(0.02)
    token, child = started.read_text().split()
    runner.kill()

    assert token == "the-token"
    assert "-9" in await runner.wait()
    async with asyncio.timeout(20):
        while _lives(child):
            await asyncio.sleep(0.02)


async def test_a_runner_that_ends_by_itself_says_its_last_words(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such module >&2\nexit 3\n")
    python.chmod(0o755)
    spawner = ProcessSpawner(
        Environments({"p": str(python)}),
        address="unix:/x",
        confines=Confines(),
        clock=SystemClock(),
    )

    runner = await spawner.spawn("p", "accounts/a/runs/r", Secret("t"))

    assert await runner.wait() == "exit code 3: no such module"
    runner.kill()


def test_a_socket_is_for_the_cores_user_alone_and_is_removed() -> None:
    made = Socket(Confines())
    made.path.touch()
    made.let_in()

    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent.stat().st_mode & 0o777 == 0o700
    made.remove()
    assert not made.path.parent.exists()


def _lives(pid: str) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
