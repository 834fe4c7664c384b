"""Starts a runner in a folder of its own, and ends it with all that it started."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from axisor.ports import Secret
from axisor_server.adapters.running.limits import Confines, clean

LOG = "stderr"
MOST_TOLD = 300


class Socket:
    """The Unix socket that runners call the core on, in a folder of its own."""

    def __init__(self, confines: Confines) -> None:
        self._others = bool(confines.uid) and os.getuid() == 0
        self._folder = Path(tempfile.mkdtemp(prefix="axisor-"))
        # Another user's runner must get to the socket; the name of the folder is not told it.
        self._folder.chmod(0o711 if self._others else 0o700)
        self.path = self._folder / "runners.sock"

    @property
    def address(self) -> str:
        """Return it as gRPC has it."""
        return f"unix:{self.path}"

    def let_in(self) -> None:
        """Let those connect that run as other users; call it once it is listened on."""
        self.path.chmod(0o666 if self._others else 0o600)

    def remove(self) -> None:
        """Remove it and its folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


class Runner:
    """A runner that was started."""

    def __init__(self, process: asyncio.subprocess.Process, home: Path) -> None:
        self._process = process
        self._home = home

    async def wait(self) -> str:
        """Wait for its end and return how it ended, in a few words."""
        code = await self._process.wait()
        said = await asyncio.to_thread(self._last_words)
        return f"exit code {code}{said}"

    def kill(self) -> None:
        """End it and what it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        shutil.rmtree(self._home, ignore_errors=True)

    def _last_words(self) -> str:
        with suppress(OSError):
            with (self._home / LOG).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - MOST_TOLD))
                text = " ".join(file.read().decode(errors="replace").split())
            return f": {text}" if text else ""
        return ""


class ProcessSpawner:
    """Starts the runners of those plugins that have an interpreter here."""

    def __init__(self, pythons: Mapping[str, str], *, address: str, confines: Confines) -> None:
        """Take the interpreter of each plugin, where the core listens, and the limits."""
        self._pythons = pythons
        self._address = address
        self._confines = confines

    def spawns(self, plugin: str) -> bool:
        """Return whether the core starts the runners of a plugin."""
        return plugin in self._pythons

    async def spawn(self, plugin: str, run: str, token: Secret) -> Runner:
        """Start a runner. Raises OSError where that cannot be done."""
        home = Path(tempfile.mkdtemp(prefix="axisor-run-"))
        if self._confines.uid and os.getuid() == 0:
            os.chown(home, self._confines.uid, self._confines.uid)
        command = self._confines.command(
            self._pythons[plugin], "-m", "axisor.runner",
            "--plugin", plugin, "--address", self._address, "--run", run,
        )  # fmt: skip
        try:
            with (home / LOG).open("wb") as log:
                process = await asyncio.create_subprocess_exec(
                    *command, env=clean(home), cwd=home, stdin=PIPE, stdout=DEVNULL, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
        except OSError:
            shutil.rmtree(home, ignore_errors=True)
            raise
        assert process.stdin is not None
        with suppress(ConnectionError):  # one that ended at once is found by waiting for it
            process.stdin.write(f"{token.reveal()}\n".encode())
            await process.stdin.drain()
        process.stdin.close()
        return Runner(process, home)
