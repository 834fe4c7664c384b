"""Has runners started and minded by a process beside the core, and ends them through it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from axisor.ports import Secret
from axisor_server.adapters.running.limits import Confines, clean
from axisor_server.adapters.running.minders import Minders

MOST_WORD = 4_096
NS_PER_MS = 1_000_000


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
    """A runner that was ordered: the core's end of the line to the process that minds it."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._process = 0

    async def wait(self) -> str:
        """Wait until it and all that it started are gone; return how it ended, in a few words."""
        loop = asyncio.get_running_loop()
        try:
            while word := await loop.sock_recv(self._line, MOST_WORD):
                told: dict[str, Any] = json.loads(word)
                if "code" in told:
                    said = f": {told['said']}" if told["said"] else ""
                    return f"exit code {told['code']}{said}"
                self._process = told["process"]
        except OSError as error:
            return f"nobody minds it any more: {error.strerror}"
        finally:
            self._process = 0
            self._line.close()
        return "nobody minds it any more"

    def kill(self) -> None:
        """End it and what it started, at once."""
        with suppress(OSError):  # it is over, and the line too
            self._line.shutdown(socket.SHUT_WR)

    def waited_ms(self) -> int:
        """Return how long it has been kept waiting for a processor, as far as this system tells."""
        try:
            found = Path(f"/proc/{self._process}/schedstat").read_text()
        except OSError:
            return 0
        return int(found.split()[1]) // NS_PER_MS


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

    def some(self) -> bool:
        """Return whether any plugin has an interpreter."""
        return bool(self._usual)

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

    def __init__(self, environments: Environments, *, address: str, confines: Confines) -> None:
        """Take the interpreters of each plugin, where the core listens, and the limits."""
        self._environments = environments
        self._address = address
        self._confines = confines
        self._minders = Minders(confines.priority) if environments.some() else None

    def spawns(self, plugin: str) -> bool:
        """Return whether the core starts the runners of a plugin."""
        return self._environments.spawns(plugin)

    async def spawn(self, plugin: str, run: str, token: Secret, *, code: str = "") -> Runner:
        """Have a runner of a version started. Raises OSError where that cannot be done."""
        if self._minders is None:
            raise FileNotFoundError("No plugin has an interpreter here.")
        order = {
            "words": [
                self._environments.python(plugin, code), "-m", "axisor.runner",
                "--plugin", plugin, "--address", self._address, "--run", run,
            ],
            "variables": clean(Path("/")),
            "folder": tempfile.gettempdir(),
            "confines": self._confines.plain(),
        }  # fmt: skip
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        reading, writing = os.pipe()
        try:
            os.write(writing, f"{token.reveal()}\n".encode())  # a pipe holds more than that
            self._minders.order(order, (reading, theirs.fileno()))
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(reading)
            os.close(writing)
        ours.setblocking(False)
        return Runner(ours)

    def hush(self, ms: int) -> bool:
        """Have all that was started here stand still for so long at most; False where nobody is."""
        return self._minders is not None and self._minders.hush(ms)

    def go_on(self) -> None:
        """Let all of it go on."""
        if self._minders is not None:
            self._minders.go_on()

    def stood_ms(self) -> int:
        """Return for how long all of it has stood still in all."""
        return 0 if self._minders is None else self._minders.stood_ms()

    def close(self) -> None:
        """Start nothing any more."""
        if self._minders is not None:
            self._minders.close()
