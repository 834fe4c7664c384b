"""Has runners started and minded by a process beside the core, and ends them through it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from axisor.errors import ConfigInvalid
from axisor.ports import Secret
from axisor.remote import Offer
from axisor_server.adapters.running.asking import ask
from axisor_server.adapters.running.limits import Confines
from axisor_server.adapters.running.minders import Minders
from axisor_server.adapters.running.ordered import Runner


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


class Environments:
    """Which interpreter has which version of a plugin; one without a version is the usual one."""

    def __init__(
        self, usual: Mapping[str, str] = MappingProxyType({}), *, adopts: bool = False
    ) -> None:
        """Take the usual ones by plugin; with `adopts` more may be added later."""
        self._usual = dict(usual)
        self._adopts = adopts
        self._places: dict[str, dict[str, str]] = {}

    def put(self, plugin: str, places: Mapping[str, str]) -> None:
        """Learn where each version of a plugin is, by its hash; others are nowhere."""
        self._places[plugin] = dict(places)

    def adopt(self, plugin: str, python: str) -> None:
        """Give a plugin its usual interpreter."""
        self._usual[plugin] = python

    def drop(self, plugin: str) -> None:
        """Have a plugin nowhere any more."""
        self._usual.pop(plugin, None)
        self._places.pop(plugin, None)

    def has(self, plugin: str, code: str) -> bool:
        """Return whether a version of a plugin has an interpreter."""
        return code in self._places.get(plugin, ())

    def some(self) -> bool:
        """Return whether any plugin has an interpreter, or may get one."""
        return self._adopts or bool(self._usual)

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
        words = (
            *(self._environments.python(plugin, code), "-m", "axisor.runner"),
            *("--plugin", plugin, "--address", self._address, "--run", run),
        )
        return self._minders.launch(words, self._confines, told=f"{token.reveal()}\n".encode())

    async def describe(self, plugin: str, python: str, *, soon: bool = False) -> list[Offer]:
        """Ask an interpreter of a plugin what it offers. Raises ConfigInvalid where it cannot say.

        It has its turn after whatever else is to be done, or like anybody where somebody waits.
        """
        if self._minders is None:
            raise ConfigInvalid(f"The plugin {plugin} has no interpreter here.", plugin=plugin)
        return await ask(self._minders, plugin, python, self._confines, soon=soon)

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
