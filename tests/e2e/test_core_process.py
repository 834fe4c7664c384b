"""A core as a process: it says where it is, serves any language, and stops in good order."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from axisor.client import Client
from axisor.model import Mode
from axisor.ports import Credentials, Secret

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "tests" / "e2e" / "node"
AXISOR = Path(sys.executable).parent / "axisor"
PATIENCE_S = 60
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules" / "@grpc").is_dir(),
    reason="needs node and the packages of tests/e2e/node",
)


class Running(Struct):
    """A process that said it is ready, and what it said."""

    process: subprocess.Popen[str]
    said: dict[str, Any]


def start(*arguments: str, log: Path, **environment: str) -> Running:
    """Start a command and wait for its line of JSON."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [str(AXISOR), *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | environment,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait(PATIENCE_S)
        pytest.fail(f"it did not start: {log.read_text()}")
    return Running(process, json.loads(line))


def end(running: Running) -> int:
    """Ask a process to stop and return its code."""
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
    code = running.process.wait(PATIENCE_S)
    assert running.process.stdout is not None
    running.process.stdout.close()
    return code


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[str]:
    """Serve a simulated venue and return its address."""
    keys = ("--key", "k" * 8, "--secret", "s" * 8, "--passphrase", "p" * 8)
    served = start(
        "sim",
        "serve",
        *keys,
        "--balance",
        "1000000",
        "--price",
        "100000",
        log=tmp_path / "sim.log",
    )
    yield str(served.said["url"])
    end(served)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Running]:
    """Run a core."""
    running = start(
        "up",
        "--data-dir",
        str(tmp_path / "data"),
        "--listen",
        "127.0.0.1:0",
        "-o",
        "json",
        log=tmp_path / "core.log",
        XDG_CONFIG_HOME=str(tmp_path / "config"),
    )
    yield running
    end(running)


@pytest.fixture
async def client(core: Running, tmp_path: Path) -> AsyncIterator[Client]:
    """Connect to the core by what lies in its data directory."""
    async with Client.of_data_dir(tmp_path / "data") as connected:
        yield connected


async def add(client: Client, venue: str) -> str:
    """Add an account at the simulated venue and return its id."""
    key = Credentials(Secret("k" * 8), Secret("s" * 8), Secret("p" * 8))
    account = await client.accounts.create(
        venue="lnmarkets",
        network="sim",
        mode=Mode.SIM,
        label="first",
        base_url=venue,
        credentials=key,
    )
    return account.id


def test_what_is_secret_is_private(core: Running, tmp_path: Path) -> None:
    data = tmp_path / "data"

    modes = {
        name: stat.S_IMODE((data / name).stat().st_mode)
        for name in ("owner.token", "vault.key", "tls/core.key", "axisor.db")
    }

    assert set(modes.values()) == {0o600}
    assert (data / "address").read_text().strip() == core.said["address"]


async def test_a_stopping_core_ends_its_watches_and_leaves_with_code_zero(
    core: Running, client: Client, venue: str, tmp_path: Path
) -> None:
    account = await add(client, venue)
    watch = client.events.watch(account)
    await anext(watch)

    core.process.send_signal(signal.SIGTERM)
    code = await asyncio.to_thread(core.process.wait, PATIENCE_S)

    await watch.aclose()
    lines = [json.loads(line) for line in (tmp_path / "core.log").read_text().splitlines()]
    assert code == 0
    events = [line["event"] for line in lines]
    reasons = [line["reason"] for line in lines if line["event"] == "refused"]
    assert events.index("stopping") < events.index("refused") < events.index("stopped")
    assert reasons == ["SHUTTING_DOWN"]
    assert not (tmp_path / "data" / "address").exists()


async def test_no_secret_is_in_the_log_or_in_the_database_of_a_core(
    core: Running, client: Client, venue: str, tmp_path: Path
) -> None:
    await add(client, venue)
    await asyncio.to_thread(end, core)

    token = (tmp_path / "data" / "owner.token").read_text().strip()
    written = [tmp_path / "core.log", *(tmp_path / "data").glob("axisor.db*")]
    for path in written:
        content = path.read_bytes()
        for secret in (b"s" * 8, b"p" * 8, token.encode()):
            assert secret not in content, path.name


def test_a_broken_settings_file_is_a_named_error(tmp_path: Path) -> None:
    file = tmp_path / "axisor.toml"
    file.write_text("grpc = {")

    done = subprocess.run(
        [str(AXISOR), "config", "validate", "--config", str(file), "-o", "json"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert done.returncode != 0
    assert json.loads(done.stderr)["error"]["reason"] == "SETTINGS_INVALID"


@pytest.mark.node
@needs_node
async def test_the_snippet_from_another_language_runs(
    core: Running, client: Client, venue: str, tmp_path: Path
) -> None:
    account = await add(client, venue)
    command = ["node", "from-another-language.mjs", str(tmp_path / "data"), str(ROOT / "proto")]

    done = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=NODE,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"accounts/{account} MODE_SIM"
    assert lines[1] == "1 AccountOpened"


def test_a_bridge_beside_the_core_ends_with_it_also_where_it_was_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = start(
        *("up", "--data-dir", str(tmp_path / "data"), "--listen", "127.0.0.1:0"),
        *("--with", "web", "-o", "json"),
        log=log,
        XDG_CONFIG_HOME=str(tmp_path),
        AXISOR_WEB_LISTEN="127.0.0.1:0",
    )
    try:
        origin = said_by_bridge(log)
    finally:
        running.process.kill()
        running.process.wait(PATIENCE_S)
        assert running.process.stdout is not None
        running.process.stdout.close()

    # Sooner than it would give up asking a core that is gone.
    assert any(not listens(origin) for _ in range(20 * 10)), "it outlived its core"


def listens(address: tuple[str, int]) -> bool:
    """Return whether somebody takes connections there, after a moment."""
    time.sleep(0.05)
    try:
        socket.create_connection(address, timeout=PATIENCE_S).close()
    except ConnectionRefusedError:
        return False
    return True


def said_by_bridge(log: Path) -> tuple[str, int]:
    """Return where a bridge beside a core says that it listens."""
    for _ in range(20 * PATIENCE_S):
        found = re.search(r"^serving http://([0-9.]+):([0-9]+)$", log.read_text(), re.MULTILINE)
        if found is not None:
            return found[1], int(found[2])
        time.sleep(0.05)
    pytest.fail(f"the bridge did not start: {log.read_text()}")
