"""Puts together where strategies of strangers run: their limits, the socket and the runners."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from axisor.events import RunState
from axisor.ports import Clock
from axisor_server.adapters.running import Environments, ProcessSpawner, Socket
from axisor_server.adapters.running.remembering import OfferMemory
from axisor_server.domain.records import RunRecord
from axisor_server.domain.run import ACTING
from axisor_server.editions import InstalledEditions
from axisor_server.introducing import CALL_S, START_S, Introductions
from axisor_server.offering import ANY, PYTHON, confines_of, interpreters, offer_files
from axisor_server.plugins import Plugins
from axisor_server.ports import Ids
from axisor_server.services.running import Bars, Patience, Runners
from axisor_server.settings import Settings

OFFERS = "offers.json"
"""In the data directory: what each plugin said that it offers, while nothing of it changes."""


class Running:
    """The runners of one core, and the socket that those are called on that it starts itself."""

    def __init__(
        self, settings: Settings, plugins: Plugins, clock: Clock, ids: Ids, *, data_dir: Path
    ) -> None:
        """Offer what each plugin that runs elsewhere is remembered to offer, and ask the others.

        One that cannot say it is kept out, and the house stands. Raises SettingsInvalid for a file
        of offers that cannot be read, and for a plugin that is to run here as well.
        """
        confines, pythons = confines_of(settings.runner), interpreters(settings)
        self.adopts = ANY in settings.runner.spawn
        self._adopted: set[str] = set()
        self._socket = Socket(confines) if pythons or self.adopts else None
        self.address = "" if self._socket is None else self._socket.address
        usual = {name: found[0] for name, found in pythons.items() if found}
        environments = self._environments = Environments(usual, adopts=self.adopts)
        self._spawner = ProcessSpawner(environments, address=self.address, confines=confines)
        memory = OfferMemory(data_dir / OFFERS)
        self._introductions = Introductions(plugins, memory, self._spawner.describe)
        described = self._introductions.recall(pythons)
        offer_files(plugins, settings)
        self.editions = InstalledEditions(
            plugins, settings, environments, described, partial(self._spawner.describe, soon=True)
        )
        self._pythons = pythons
        unknown = {name: found for name, found in pythons.items() if name not in described}
        self._introductions.begin(unknown, self.editions.learn)
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

    async def wait_for(self, records: Iterable[RunRecord]) -> None:
        """Wait until the strategies of runs are offered that are to go on, as long as may be."""
        going_on = {*ACTING, RunState.PAUSED}
        await self._introductions.wait_for(
            {each.strategy for each in records if each.state in going_on}, within_s=START_S
        )

    async def offered(self, strategy: str) -> None:
        """Wait until a strategy is offered or nobody is left to offer it, as long as may be."""
        await self._introductions.wait_for({strategy}, within_s=CALL_S)

    def spawns(self, plugin: str) -> bool:
        """Return whether the settings run a plugin in runners."""
        return plugin in self._pythons

    def adopt(self, plugin: str) -> None:
        """Run a plugin in runners by the core's own Python, beside which it is installed."""
        self._adopted.add(plugin)
        self._pythons[plugin] = [PYTHON]
        self._environments.adopt(plugin, PYTHON)

    async def introduce(self, plugin: str, *, waits: bool) -> None:
        """Ask a plugin what it offers, and offer it; where nobody waits, what it said last."""
        pythons = {plugin: self._pythons[plugin]}
        self._introductions.expect(plugin)
        if not waits:
            described = self._introductions.recall(pythons)
            if plugin in described:
                self.editions.learn(plugin, described[plugin])
                return
        self._introductions.begin(pythons, self.editions.learn)
        if waits:
            await self._introductions.wait_for_answer(plugin)

    def forget(self, plugin: str) -> None:
        """Take no answer of a plugin any more, and have none of its versions at hand."""
        self._introductions.forget(plugin)
        self.editions.forget(plugin)
        if plugin in self._adopted:
            self._adopted.discard(plugin)
            del self._pythons[plugin]
            self._environments.drop(plugin)

    def let_in(self) -> None:
        """Let runners connect; call it once the core listens."""
        if self._socket is not None:
            self._socket.let_in()

    async def aclose(self) -> None:
        """End every runner and remove the socket."""
        await self._introductions.aclose()
        await self.runners.aclose()
        self._spawner.close()
        if self._socket is not None:
            self._socket.remove()
