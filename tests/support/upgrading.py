"""Versions of a strategy that differ in one thing, and a core whose run goes from one to two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from axisor.events import (
    NoticeGiven,
    RunChanged,
    RunState,
    RunUpgraded,
)
from axisor.intents import AddMargin, Intent, Notice
from axisor.model import Permission, Severity, Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor.versions import Upgrade, Version
from axisor_server.adapters.memory.editions import MemoryEditions
from axisor_server.domain.editions import Edition
from axisor_server.engine.asks import UpgradeRun
from tests.support.core import ACCOUNT, Bench
from tests.support.hosting import LocalHost


class Seen(Memory):
    """How many ticks there were."""

    ticks: int = 0


class Plain(Strategy[Config, Seen]):
    """Counts ticks and tells of each."""

    name = "teller-of-ticks"
    permissions = Permission.ADJUST_MARGIN
    text = "plain"

    def on_tick(self, tick: Tick, view: View) -> Iterator[Intent]:
        """Count, tell."""
        self.memory.ticks += 1
        yield Notice(severity=Severity.OK, code="TICK", text=self.text)


class Other(Plain):
    """Tells otherwise."""

    text = "other"


class Raises(Plain):
    """Breaks at low prices."""

    text = "other"

    def on_tick(self, tick: Tick, view: View) -> Iterator[Intent]:
        """Break."""
        if tick.price < 99_000:
            raise RuntimeError("it cannot go on")
        yield from super().on_tick(tick, view)


class Greedy(Plain):
    """Asks for more than its leash allows at low prices."""

    def on_tick(self, tick: Tick, view: View) -> Iterator[Intent]:
        """Ask."""
        yield from super().on_tick(tick, view)
        if tick.price < 99_000:
            yield from (AddMargin(position=p.id, amount=500_000) for p in view.positions)


class Garbled(Plain):
    """Asks for what is no intent at low prices."""

    def on_tick(self, tick: Tick, view: View) -> Iterator[Any]:
        """Ask."""
        yield from super().on_tick(tick, view)
        if tick.price < 99_000:
            yield "more"


class Named(Memory):
    """What it remembers under another name, and in another type."""

    seen: str = ""

    @classmethod
    def upgrade(cls, old: dict[str, Any]) -> dict[str, Any]:
        """Read the old form; refuse what is no tick count."""
        if old.get("ticks", 0) < 0:
            raise ValueError("fewer than none")
        return {"seen": old.get("seen", str(old.get("ticks", 0)))}


class Renamed(Plain):
    """Counts in another form, which the old version cannot read, and breaks at low prices."""

    def on_tick(self, tick: Tick, view: View) -> Iterator[Intent]:
        """Count, tell."""
        memory: Any = self.memory
        if tick.price < 99_000:
            raise RuntimeError("it cannot go on")
        memory.seen = f"{memory.seen}|{tick.price}"
        yield Notice(severity=Severity.OK, code="TICK", text=memory.seen)


Renamed.memory_type = Named


class Exact(Plain):
    """Reads no memory but its own."""

    class Own(Seen):
        """What it remembers."""

        @classmethod
        def upgrade(cls, old: dict[str, Any]) -> dict[str, Any]:
            """Refuse what is not its own."""
            if "ticks" not in old:
                raise ValueError("that is not mine")
            return old


Exact.memory_type = Exact.Own


class NarrowConfig(Config, frozen=True):
    """How much, at most 5."""

    most: Annotated[int, Meta(le=5)] = 1


class WideConfig(Config, frozen=True):
    """How much."""

    most: int = 1


class Narrow(Plain):
    """Takes small figures only."""


class Wide(Raises):
    """Takes any figure, and breaks at low prices."""


Narrow.config_type, Wide.config_type = NarrowConfig, WideConfig


class Strict(Plain):
    """Cannot go on from what the old version remembers."""

    class Wants(Seen):
        """What another version does not remember."""

        @classmethod
        def upgrade(cls, old: dict[str, Any]) -> dict[str, Any]:
            """Refuse it."""
            raise ValueError("I begin with nothing")


Strict.memory_type = Strict.Wants


ONE = Version("1.0", "1" * 64)
TWO = Version("2.0", "2" * 64)


class Scene:
    """A core with one run and two versions of its strategy."""

    def __init__(
        self,
        new: type[Strategy[Any, Any]],
        old: type[Strategy[Any, Any]] = Plain,
        *,
        hosted: bool = False,
    ) -> None:
        self.bench = Bench()
        self.host = LocalHost([old]) if hosted else None
        if self.host is None:
            made = [Edition(ONE, old), Edition(TWO, new)]
        else:
            made = [self.host.edition(old, ONE), self.host.edition(new, TWO)]
        self.editions = MemoryEditions(made)
        self.old = made[0].strategy

    async def begin(self, **leash: Any) -> None:
        """Start a core and the run."""
        await self.bench.add_account()
        self.bench.long()
        await self.up()
        self.run = await self.bench.run(self.engine, self.old.name, **leash)

    async def up(self) -> None:
        """Start a core."""
        more: dict[str, Any] = {} if self.host is None else {"host": self.host}
        self.engine = self.bench.engine(strategies=[self.old], editions=self.editions, **more)
        await self.bench.up(self.engine)

    async def restart(self) -> None:
        """Kill the core and start another."""
        await self.bench.crash(self.engine)
        await self.up()

    async def ask(self, verb: str, **more: Any) -> Upgrade:
        """Start, commit or cancel."""
        ask = UpgradeRun(run=self.run, verb=verb, version=TWO, **more)
        answer = await self.engine.ask(ACCOUNT, ask, None, "owner")
        return msgspec.json.decode(answer.result, type=Upgrade)

    @property
    def shown(self) -> Upgrade:
        """Return the upgrade as clients see it."""
        found = self.engine.upgrades(ACCOUNT).show(self.run)
        assert found is not None
        return found

    async def upgraded(self) -> list[RunUpgraded]:
        """Return what the journal says of versions."""
        return await self.bench.payloads(RunUpgraded)

    async def texts(self) -> list[str]:
        """Return what the run told."""
        return [n.text for n in await self.bench.payloads(NoticeGiven) if n.code == "TICK"]

    async def state(self) -> RunState:
        """Return the state of the run."""
        return [p.state for p in await self.bench.payloads(RunChanged) if p.run == self.run][-1]

    async def end(self) -> None:
        """End the core."""
        await self.bench.crash(self.engine)
