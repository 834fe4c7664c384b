"""Puts together where strategies of strangers run: offers, limits, the socket and the runners."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from axisor.errors import AxisorError, SettingsInvalid
from axisor.ports import Clock
from axisor.remote import Offer
from axisor_server.adapters.running import Confines, ProcessSpawner, Socket, describe
from axisor_server.adapters.running.describing import MOST_BYTES, read_offers
from axisor_server.choices import Runner
from axisor_server.plugins import Plugins
from axisor_server.ports import Ids
from axisor_server.services.running import Bars, Patience, Runners
from axisor_server.settings import Settings


class Running:
    """The runners of one core, and the socket that those are called on that it starts itself."""

    def __init__(self, settings: Settings, plugins: Plugins, clock: Clock, ids: Ids) -> None:
        """Ask each plugin that runs elsewhere what it offers.

        One that cannot say it is kept out, and the house stands. Raises SettingsInvalid for a file
        of offers that cannot be read, and for a plugin that is to run here as well.
        """
        chosen = settings.runner
        confines = confines_of(chosen)
        pythons = interpreters(settings)
        self._socket = Socket(confines) if pythons else None
        offer(plugins, pythons, chosen, confines)
        self.address = "" if self._socket is None else self._socket.address
        self.runners = Runners(
            clock=clock,
            ids=ids,
            bars=Bars(plugins.bar),
            spawner=ProcessSpawner(pythons, address=self.address, confines=confines, clock=clock),
            patience=Patience(answer_ms=chosen.answer_ms),
        )

    def let_in(self) -> None:
        """Let runners connect; call it once the core listens."""
        if self._socket is not None:
            self._socket.let_in()

    async def aclose(self) -> None:
        """End every runner and remove the socket."""
        await self.runners.aclose()
        if self._socket is not None:
            self._socket.remove()


def confines_of(chosen: Runner) -> Confines:
    """Return the limits that the settings ask for."""
    return Confines(
        memory_mib=chosen.memory_mib,
        files=chosen.files,
        processes=chosen.processes,
        cpu_s=chosen.cpu_s,
        uid=chosen.uid,
    )


def interpreters(settings: Settings) -> dict[str, str]:
    """Return the interpreter of each plugin that runs in processes of its own.

    Raises SettingsInvalid for one that is to run in the core too.
    """
    found: dict[str, str] = {}
    for word in settings.runner.spawn:
        name, _, python = word.partition("=")
        if name in settings.plugins:
            raise SettingsInvalid(
                f"The plugin {name} is to run both in the core and in runners.",
                fix="Name it in plugins or in runner.spawn, not in both.",
                setting="runner.spawn",
            )
        found[name] = python or sys.executable
    return found


def offer(plugins: Plugins, pythons: dict[str, str], chosen: Runner, confines: Confines) -> None:
    """Offer the strategies of plugins that run elsewhere."""
    for name, python in pythons.items():
        try:
            plugins.host(name, describe(name, python, confines))
        except AxisorError as error:
            plugins.bar(name, error.message)
    for place in chosen.offers:
        for each in _read(place):
            plugins.host(each.plugin, [each])


def _read(place: str) -> Sequence[Offer]:
    try:
        with Path(place).open("rb") as file:
            return read_offers(file.read(MOST_BYTES))
    except OSError as error:
        raise SettingsInvalid(
            f"The offers in {place} cannot be read: {error.strerror}.", setting="runner.offers"
        ) from error
