"""A core on a virtual clock whose plugins come and go, and the plugins that do."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from importlib.metadata import EntryPoint
from typing import Any, TypeVar

from axisor.errors import StoreUnavailable
from axisor.events import RunState
from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor.intents import Intent, Notice
from axisor.model import Severity, Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor_server.adapters.memory import MemoryStore
from axisor_server.changing import ChangingPlugins
from axisor_server.domain.enabling import KEY, Wish, decode_wishes, encode_wishes
from axisor_server.domain.plans import Catalogue
from axisor_server.domain.records import RunRecord
from axisor_server.plugins import Plugins
from axisor_server.ports import Transaction
from axisor_server.services.depending import Dependents
from axisor_server.services.enabling import Enabling
from axisor_server.services.plans import Plans
from axisor_server.services.principals import owner
from axisor_server.services.requests import Once, Request
from tests.support.core import STRATEGIES, Bench
from tests.support.recording import Recording
from tests.support.venue import SimVenueDoor

T = TypeVar("T")


class PulseMemory(Memory):
    """How many ticks there were."""

    ticks: int = 0


class Pulse(Strategy[Config, PulseMemory]):
    """Counts ticks and tells of each; never acts."""

    name = "pulse"

    def on_tick(self, tick: Tick, view: View) -> list[Intent]:
        """Count."""
        self.memory.ticks += 1
        return [Notice(severity=Severity.OK, code="PULSE", text=f"Tick {self.memory.ticks}.")]


class Pulsing:
    """Offers the strategy that only counts."""

    @hookimpl
    def register_strategies(self, register: RegisterStrategy) -> None:
        """Offer it."""
        register(Pulse)


class House:
    """Offers what a test's core has from its start: strategies, and the venue unless told not."""

    def __init__(self, bench: Bench, *, venue: bool) -> None:
        self._bench = bench
        self._venue = venue

    @hookimpl
    def register_strategies(self, register: RegisterStrategy) -> None:
        """Offer those of the bench."""
        for strategy in STRATEGIES.values():
            register(strategy)

    @hookimpl
    def register_venues(self, register: Callable[[Any], None]) -> None:
        """Offer the bench's."""
        if self._venue:
            register(SimVenueDoor(self._bench.venue))


class Doorway:
    """Offers the venue of whichever bench it was given last."""

    bench: Bench

    @hookimpl
    def register_venues(self, register: Callable[[Any], None]) -> None:
        """Offer it."""
        register(SimVenueDoor(self.bench.venue))


PULSING, DOORWAY = Pulsing(), Doorway()
ENTRIES = {
    name: EntryPoint(name=name, value=f"tests.support.plugged:{attribute}", group="axisor")
    for name, attribute in {"pulse": "PULSING", "door": "DOORWAY", "broken": "NOTHING"}.items()
}


class Plugged:
    """One core of a bench with the use case that changes its plugins."""

    def __init__(
        self, bench: Bench, *, owner: str = "core-1", venue: bool = True, pulse: bool = False
    ) -> None:
        self.bench = bench
        DOORWAY.bench = bench
        self.plugins = Plugins()
        self.plugins.register("house", House(bench, venue=venue))
        if pulse:
            self.plugins.register("pulse", PULSING)
        self.engine = bench.engine(owner=owner, plugins=self.plugins)
        recorder = Recording(bench.store, bench.clock)
        self.told = recorder.told
        self.enabling = Enabling(
            store=bench.store,
            clock=bench.clock,
            once=Once(bench.store, bench.clock, bench.ids, recorder),
            recorder=recorder,
            host=ChangingPlugins(self.plugins, None, {}, entries=lambda: ENTRIES),
            dependents=Dependents(
                engine=self.engine,
                store=bench.store,
                clock=bench.clock,
                plans=Plans(bench.store, Catalogue()),
            ),
        )

    def offers(self, name: str) -> bool:
        """Return whether a strategy or a venue is offered here."""
        return name in self.plugins.strategies or name in self.plugins.venues

    async def run(self, id: str) -> RunRecord:
        """Return a run as it is stored."""
        found = await self.bench.store.read(lambda view: view.run(id))
        assert found is not None
        return found

    async def state(self, id: str) -> RunState:
        """Return the state of a run."""
        return (await self.run(id)).state

    async def wish(self, name: str) -> Wish:
        """Return what is on record of a plugin."""
        text = await self.bench.store.read(lambda view: view.meta(KEY))
        return decode_wishes(text).get(name, Wish())

    async def record(self, name: str, wish: Wish) -> None:
        """Put something on record as another core would."""
        text = encode_wishes({name: wish})
        await self.bench.store.write(lambda tx: tx.put_meta(KEY, text))


class Fading(MemoryStore):
    """A store that is away once it has taken so many more units, None for never."""

    left: int | None = None

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Take a unit."""
        if self.left is not None:
            if not self.left:
                raise StoreUnavailable()
            self.left -= 1
        return await super().write(unit)


async def driven(bench: Bench, work: Coroutine[Any, Any, T]) -> T:
    """Return what some work comes to, moving time on for as long as it waits."""
    task = asyncio.ensure_future(work)
    async with asyncio.timeout(60):
        while not (await asyncio.wait({task}, timeout=0.001))[0]:
            await bench.clock.advance(0.25)
    return await task


def asked(id: str = "", **more: Any) -> Request:
    """Return a request of the owner, another one each time unless it has an id."""
    return Request(
        method="S/Plugin",
        request_id=id or str(uuid.uuid4()),
        digest=b"d",
        principal="owner",
        caller=owner(),
        **more,
    )
