"""A simulated venue and a core as processes, and `axisor` called as its entry point calls it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from msgspec import Struct

from axisor_cli.main import main
from tests.support.nursery import ours

PATIENCE_S = 60
KEY, SECRET, PASSPHRASE = "key-of-tests", "secret-of-tests", "passphrase-of-tests"


class Ran(Struct, frozen=True):
    """What a command wrote, and its exit code."""

    out: str
    err: str
    code: int

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal(io.StringIO):
    """Standard input with somebody at it."""

    def isatty(self) -> bool:
        return True


Axisor = Callable[..., Ran]


@pytest.fixture
def axisor(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Axisor:
    """Return `axisor` as a function of its words; `stdin` is what it can read."""
    for name in ("AXISOR_ACCOUNT", "AXISOR_CONNECT", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, stdin: IO[str] | str = "") -> Ran:
        given = io.StringIO(stdin) if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "argv", ["axisor", *words])
        monkeypatch.setattr(sys, "stdin", given)
        with pytest.raises(SystemExit) as ended:
            main()
        wrote = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(wrote.out, wrote.err, ended.value.code)

    return call


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Point `axisor` at a directory without a core."""
    monkeypatch.setenv("AXISOR_DATA_DIR", str(tmp_path / "empty"))
    return tmp_path / "empty"


class Started(Struct):
    """A process and the first line it wrote."""

    process: subprocess.Popen[str]
    line: str


def start(*words: str, log: Path, stdin: str = "", **environment: str) -> Started:
    """Start an `axisor` command as a process of its own and wait for its first line."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [ours().command, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | environment,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(stdin)
    process.stdin.close()
    line = process.stdout.readline()
    if not line:
        process.wait(PATIENCE_S)
        pytest.fail(f"it did not start: {log.read_text()}")
    return Started(process, line)


def end(started: Started) -> int:
    """Ask a process to stop, and return its exit code."""
    if started.process.poll() is None:
        started.process.send_signal(signal.SIGTERM)
    code = started.process.wait(PATIENCE_S)
    assert started.process.stdout is not None
    started.process.stdout.close()
    return code


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder in which simulators of these tests are noted."""
    return tmp_path_factory.mktemp("runtime")


@pytest.fixture(scope="session")
def venue(tmp_path_factory: pytest.TempPathFactory, runtime: Path) -> Iterator[str]:
    """Serve a simulated venue at 100,000 and give its address."""
    folder = tmp_path_factory.mktemp("venue")
    keys = ("--key", KEY, "--secret", "-", "--passphrase", "-")
    started = start(
        *("sim", "serve", "--listen", "127.0.0.1:0", *keys),
        *("--balance", "2000000", "--price", "100000"),
        log=folder / "log",
        stdin=f"{SECRET}\n{PASSPHRASE}\n",
        XDG_RUNTIME_DIR=str(runtime),
    )
    yield str(json.loads(started.line)["url"])
    end(started)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run a core and give its data directory."""
    folder = tmp_path_factory.mktemp("core")
    started = start(
        *("up", "--data-dir", str(folder / "data"), "--listen", "127.0.0.1:0"),
        log=folder / "log",
        XDG_CONFIG_HOME=str(folder),
    )
    yield folder / "data"
    end(started)


@pytest.fixture
def core(axisor: Axisor, data_dir: Path, monkeypatch: pytest.MonkeyPatch, runtime: Path) -> Axisor:
    """Return `axisor` pointed at the core."""
    monkeypatch.setenv("AXISOR_DATA_DIR", str(data_dir))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    return axisor


@pytest.fixture
def account(core: Axisor, venue: str) -> str:
    """Return the id of the account `play` at the core, added where it is not there yet."""
    for each in core("account", "list", "-o", "json").json:
        if each["label"] == "play":
            return str(each["id"])
    made = core(
        *("account", "add", "--network", "sim", "--url", venue, "--label", "play", "-o", "json"),
        stdin=f"{KEY}\n{SECRET}\n{PASSPHRASE}\n",
    )
    assert made.code == 0, made.err
    return str(made.json["id"])
