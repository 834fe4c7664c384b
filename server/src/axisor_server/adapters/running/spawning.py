"""Starts a runner in a folder of its own, and ends it with all that it started."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from axisor.ports import Clock, Secret
from axisor_server.adapters.running.limits import Confines, clean

LOG = "stderr"
LOOK_S = 0.1
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

    def __init__(self, pid: int, home: Path, clock: Clock) -> None:
        self._pid = pid
        self._home = home
        self._clock = clock
        self._status: int | None = None

    async def wait(self) -> str:
        """Wait for its end, remove its folder, and return how it ended, in a few words."""
        while not self._is_over():
            await self._clock.sleep(LOOK_S)
        # In a thread: who knows how many files a stranger leaves.
        said = await asyncio.to_thread(self._clear)
        return f"exit code {self._status}{said}"

    def kill(self) -> None:
        """End it and what it started, at once."""
        if not self._is_over():
            for end in (os.killpg, os.kill):  # it leads no group yet before it has confined itself
                with suppress(ProcessLookupError):
                    end(self._pid, signal.SIGKILL)

    def _is_over(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
                with suppress(ProcessLookupError):  # those that it started and left behind
                    os.killpg(self._pid, signal.SIGKILL)
        return self._status is not None

    def _clear(self) -> str:
        said = self._last_words()
        shutil.rmtree(self._home, ignore_errors=True)
        return said

    def _last_words(self) -> str:
        with suppress(OSError), (self._home / LOG).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - MOST_TOLD))
            text = " ".join(file.read().decode(errors="replace").split())
            return f": {text}" if text else ""
        return ""


class Environments:
    """Which interpreter has which version of a plugin; one without a version is the usual one."""

    def __init__(self, usual: Mapping[str, str] = MappingProxyType({})) -> None:
        self._usual = dict(usual)
        self._places: dict[str, dict[str, str]] = {}

    def put(self, plugin: str, places: Mapping[str, str]) -> None:
        """Learn where each version of a plugin is, by its hash; others are nowhere."""
        self._places[plugin] = dict(places)

    def has(self, plugin: str, code: str) -> bool:
        """Return whether a version of a plugin has an interpreter."""
        return code in self._places.get(plugin, ())

    def spawns(self, plugin: str) -> bool:
        """Return whether a plugin has an interpreter at all."""
        return plugin in self._usual

    def python(self, plugin: str, code: str) -> str:
        """Return the interpreter of a version. Raises FileNotFoundError where there is none."""
        if not code or plugin not in self._places:
            return self._usual[plugin]
        found = self._places[plugin].get(code)
        if found is None:
            raise FileNotFoundError(f"this version of {plugin} is nowhere any more")
        return found


class ProcessSpawner:
    """Starts the runners of those plugins that have an interpreter here."""

    def __init__(
        self, environments: Environments, *, address: str, confines: Confines, clock: Clock
    ) -> None:
        """Take the interpreters of each plugin, where the core listens, and the limits."""
        self._environments = environments
        self._address = address
        self._confines = confines
        self._clock = clock

    def spawns(self, plugin: str) -> bool:
        """Return whether the core starts the runners of a plugin."""
        return self._environments.spawns(plugin)

    async def spawn(self, plugin: str, run: str, token: Secret, *, code: str = "") -> Runner:
        """Start a runner of a version. Raises OSError where that cannot be done."""
        python = self._environments.python(plugin, code)
        home = Path(tempfile.mkdtemp(prefix="axisor-run-"))
        if self._confines.uid and os.getuid() == 0:
            os.chown(home, self._confines.uid, self._confines.uid)
        command = self._confines.command(
            python, "-m", "axisor.runner",
            "--plugin", plugin, "--address", self._address, "--run", run,
        )  # fmt: skip
        reading, writing = os.pipe()
        try:
            os.write(writing, f"{token.reveal()}\n".encode())  # a pipe holds more than that
            # Not a fork: its handlers in gRPC write into the connections that are open here.
            pid = os.posix_spawn(
                command[0],
                command,
                clean(home),
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, reading, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, str(home / LOG), os.O_WRONLY | os.O_CREAT, 0o600),
                ],
            )
        except OSError:
            shutil.rmtree(home, ignore_errors=True)
            raise
        finally:
            os.close(reading)
            os.close(writing)
        return Runner(pid, home, self._clock)
