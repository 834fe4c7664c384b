"""Puts together where strategies of strangers run: their limits, the socket and the runners."""

from __future__ import annotations

from axisor.ports import Clock
from axisor_server.adapters.running import Environments, ProcessSpawner, Socket
from axisor_server.editions import InstalledEditions
from axisor_server.offering import confines_of, interpreters, offer
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
        confines, pythons = confines_of(settings.runner), interpreters(settings)
        described = offer(plugins, settings)
        self._socket = Socket(confines) if pythons else None
        self.address = "" if self._socket is None else self._socket.address
        usual = {name: found[0] for name, found in pythons.items() if found}
        environments = Environments(usual)
        self._spawner = ProcessSpawner(environments, address=self.address, confines=confines)
        self.editions = InstalledEditions(plugins, settings, environments, described)
        self.runners = Runners(
            clock=clock,
            ids=ids,
            bars=Bars(plugins.bar),
            spawner=self._spawner,
            patience=Patience(
                answer_ms=settings.runner.answer_ms,
                starved_ms=1_000 * settings.runner.starved_s,
                still_ms=settings.runner.still_ms,
            ),
        )

    def let_in(self) -> None:
        """Let runners connect; call it once the core listens."""
        if self._socket is not None:
            self._socket.let_in()

    async def aclose(self) -> None:
        """End every runner and remove the socket."""
        await self.runners.aclose()
        self._spawner.close()
        if self._socket is not None:
            self._socket.remove()
