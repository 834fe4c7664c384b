"""A run that walks with the price at 1,000 ticks a second of virtual time, and is upgraded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from axisor.events import IntentPlanned, IntentReviewRefused, RunUpgraded
from axisor.intents import AddMargin
from axisor.versions import Upgrade, UpgradeEnd
from axisor_server.adapters.memory.editions import MemoryEditions
from axisor_server.domain.attempts import Bounds
from axisor_server.engine import Engine
from axisor_server.engine.asks import UpgradeRun
from axisor_server.engine.hosts import NOWHERE
from tests.support.core import ACCOUNT, Bench
from tests.support.hosting import LocalHost
from tests.support.versions import NAME, Woke, edition, oracle, rule, walked

TICK_S = 0.001
OFTEN = Bounds(episode=10**6, position=10**6, window_ms=1)
"""No bound on attempts: how often a version may add is not what is looked at."""


class Walk:
    """A core with one walking run, and as many versions of its strategy as are asked for."""

    def __init__(self, versions: int, *, seed: int = 1, hosted: bool = False) -> None:
        self.rules = [rule(number) for number in range(versions)]
        self.broken: set[int] = set()
        self.bench = Bench(balance=10_000_000)
        self.prices: list[Decimal] = []
        self.starts: dict[int, int] = {}
        self._draw = Random(seed)
        self._price = 100_000
        made = [edition(each, self.broken) for each in self.rules]
        self.host = LocalHost([made[0].strategy]) if hosted else None
        if self.host is not None:
            made = [self.host.edition(each.strategy, each.version) for each in made]
        self.editions = MemoryEditions(made)
        self._first = made[0].strategy

    async def begin(self) -> None:
        """Start a core and the run."""
        await self.bench.add_account()
        self.bench.long()
        self.engine = self._engine()
        await self.bench.up(self.engine)
        self.run = await self.bench.run(self.engine, NAME, intents_per_minute=None)
        self._started()

    async def restart(self, failpoint: str = "") -> Engine:
        """Kill the core and start another, which stops for ever at a failpoint."""
        await self.bench.crash(self.engine)
        self.engine = self._engine(failpoint)
        await self.bench.up(self.engine)
        await self.bench.clock.advance(0.1)
        self._started()
        return self.engine

    async def tick(self, count: int = 1) -> None:
        """Move the price, a millisecond each time."""
        for _ in range(count):
            self._price += self._draw.choice((-2, -1, 1, 2))
            self.prices.append(Decimal(self._price))
            self.bench.venue.move(str(self._price))
            await self.bench.clock.advance(TICK_S)

    async def stand(self) -> None:
        """Let a millisecond pass in which the price does not move."""
        await self.bench.clock.advance(TICK_S)

    async def ask(self, verb: str, number: int = 0, **more: Any) -> Upgrade:
        """Ask for something about the upgrade while the price goes on moving."""
        asking = self.asking(verb, number, **more)
        while not asking.done():
            await self.tick()
        return await asking

    def asking(self, verb: str, number: int = 0, **more: Any) -> asyncio.Future[Upgrade]:
        """Begin to ask for something about the upgrade."""

        async def asked() -> Upgrade:
            ask = UpgradeRun(run=self.run, verb=verb, version=rule(number).version, **more)
            answer = await self.engine.ask(ACCOUNT, ask, None, "owner")
            return msgspec.json.decode(answer.result, type=Upgrade)

        return asyncio.ensure_future(asked())

    async def upgrade(self, number: int, *, shadow: int = 10, breaks: bool = False) -> None:
        """Upgrade to a version, and go on until the old one stands by no more.

        One that breaks does so at its first decision of its own.
        """
        await self.ask("start", number, probation=3)
        await self.tick(shadow)
        await self.ask("commit")
        if breaks:
            self.broken.add(number)
        while self.stands_by():
            await self.tick()

    def stands_by(self) -> bool:
        """Return whether an old version stands by."""
        return self.engine.upgrades(ACCOUNT).stands_by(self.run)

    def shown(self) -> Upgrade | None:
        """Return the upgrade as clients see it."""
        return self.engine.upgrades(ACCOUNT).show(self.run)

    async def payloads(self) -> Sequence[object]:
        """Return the run's journal."""
        return [event.payload for event in await self.bench.events()]

    async def judge(self) -> Verdict:
        """Let what is under way settle, and compare what was done with what had to be."""
        await self.bench.clock.advance(2)
        payloads = await self.payloads()
        wakes, cuts = walked(payloads)
        planned = [p for p in payloads if isinstance(p, IntentPlanned)]
        upgraded = [p for p in payloads if isinstance(p, RunUpgraded)]
        effects = [e.amount for e in self.bench.venue.effects if isinstance(e, AddMargin)]
        return Verdict(
            wakes=wakes,
            wanted=oracle(self.prices, self.rules, cuts, self.starts),
            effects=effects,
            planned=[p.action.amount for p in planned if isinstance(p.action, AddMargin)],
            cut_over=sum(p.by is UpgradeEnd.CUT_OVER for p in upgraded),
            rolled_back=sum(p.by is UpgradeEnd.ROLLED_BACK for p in upgraded),
            refused=sum(isinstance(p, IntentReviewRefused) for p in payloads),
        )

    async def end(self) -> None:
        """End the core."""
        await self.bench.crash(self.engine)

    def _engine(self, failpoint: str = "") -> Engine:
        return self.bench.engine(
            failpoint=failpoint,
            strategies=[self._first],
            editions=self.editions,
            attempts=OFTEN,
            host=self.host or NOWHERE,
        )

    def _started(self) -> None:
        versions = self.engine.upgrades(ACCOUNT)
        live = versions.live(self.run)
        assert live is not None
        self.starts[len(self.prices)] = int(versions.version_of(live).code, 16)
        self.prices.append(Decimal(self._price))


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a run decided and what it had to, and what came of it."""

    wakes: list[Woke]
    wanted: list[Woke]
    effects: list[int]
    planned: list[int]
    cut_over: int
    rolled_back: int
    refused: int

    @property
    def missed(self) -> int:
        """Return how many wakes are missing, or are one too many."""
        return abs(len(self.wanted) - len(self.wakes))

    @property
    def double(self) -> int:
        """Return how many actions were done that were not to be done, or done more than once."""
        left = [each.added for each in self.wanted if each.added]
        extra = 0
        for amount in self.effects:
            if amount in left:
                left.remove(amount)
            else:
                extra += 1
        return extra
