"""What strikes a world by the minute: prices, funding, outages, people, kills, frozen cores."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from axisor.exchange.records import Trade
from tests.simulation.process import Process
from tests.simulation.workload import next_price
from tests.simulation.world import World

PULL = 0.01
"""The part of its distance to the anchor that a price goes back at each tick."""

PAUSES_S = (1, 8, 15, 36, 50)


def begin(world: World) -> None:
    """Set every kind going that this seed has."""
    chaos = Chaos(world)
    world.spawn(chaos.prices())
    for kind, deed in chaos.deeds():
        if world.faults.pause_s(kind) is not None:
            world.spawn(_now_and_then(world, kind, deed))


async def _now_and_then(world: World, kind: str, deed: Callable[[random.Random], Any]) -> None:
    while (pause := world.faults.pause_s(kind)) is not None:
        await asyncio.sleep(pause)
        if not world.faults.healed and deed(world.faults.chance(kind)):
            world.faults.count(kind)


class Chaos:
    """The deeds. Each returns whether there was anything to do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._venue = world.venue
        self._exchange = world.exchange

    def deeds(self) -> Iterator[tuple[str, Callable[[random.Random], bool]]]:
        """Return every deed by the name of its kind."""
        yield "venue-down", self._down
        yield "funding-paid", lambda chance: self._fund(chance, 1)
        yield "funding-received", lambda chance: self._fund(chance, -1)
        yield "user-adds", self._user_adds
        yield "user-cashes-in", self._user_cashes_in
        yield "user-closes", self._user_closes
        yield "user-stops", self._user_stops
        yield "price-gap", self._gap
        yield "feed-silent", self._silent
        yield "clock-steps", self._step
        yield "store-down", lambda chance: self._store_down(chance, 0.5, 20)
        yield "store-lost", lambda chance: self._store_down(chance, 20, 60)
        yield "store-cut", self._store_cut
        yield "kill", self._kill
        yield "pause", lambda chance: self._freeze(chance, machine=False)
        yield "machine-frozen", lambda chance: self._freeze(chance, machine=True)

    async def prices(self) -> None:
        """Let the price go its way, downwards on the whole."""
        world, chance = self._world, random.Random(f"{self._world.seed}/price")
        plan = world.plan
        while True:
            wait = chance.uniform(*plan.tick_s)
            await asyncio.sleep(wait)
            drift = 0.0 if world.faults.healed else plan.drift * wait / 300
            if plan.anchor:
                drift = (plan.anchor / float(self._exchange.quote.last) - 1) * PULL
            jitter = 0.0001 if world.faults.healed else plan.jitter
            price = next_price(self._exchange.quote.last, chance, drift=drift, jitter=jitter)
            self._moved(price)

    def _moved(self, price: Decimal) -> None:
        self._exchange.move(price)
        self._world.risk.look()
        self._venue.spread()

    def _gap(self, chance: random.Random) -> bool:
        factor = 1 - chance.uniform(0.002, 0.015)
        self._moved(next_price(self._exchange.quote.last, chance, drift=factor - 1, jitter=0.0))
        return True

    def _fund(self, chance: random.Random, sign: int) -> bool:
        rate = Decimal(sign * chance.randint(1, 60)) / 100_000
        self._world.say("funding", str(rate))
        self._world.risk.disturb_all("touch")
        self._exchange.settle(rate)
        return True

    def _during(self, seconds: float, begin: Callable[[], None], end: Callable[[], None]) -> bool:
        begin()
        self._world.loop.call_later(seconds, end)
        return True

    def _down(self, chance: random.Random) -> bool:
        if self._venue.down:
            return False
        self._world.say("venue down")
        return self._during(
            chance.uniform(2, 60),
            lambda: setattr(self._venue, "down", True),
            lambda: setattr(self._venue, "down", False),
        )

    def _silent(self, chance: random.Random) -> bool:
        if self._venue.silent:
            return False
        return self._during(
            chance.uniform(3, 50),
            lambda: setattr(self._venue, "silent", True),
            lambda: setattr(self._venue, "silent", False),
        )

    def _store_down(self, chance: random.Random, least: float, most: float) -> bool:
        database = self._world.database
        if database.down:
            return False
        self._world.say("store down")
        return self._during(
            chance.uniform(least, most),
            lambda: setattr(database, "down", True),
            lambda: setattr(database, "down", False),
        )

    def _running(self, chance: random.Random) -> Process | None:
        found = [p for p in self._world.processes.values() if p.serves]
        return chance.choice(found) if found else None

    def _store_cut(self, chance: random.Random) -> bool:
        process = self._running(chance)
        if process is None or process.store.cut:
            return False
        self._world.say("store cut", process.name)
        self._world.risk.disturb_all("takeover")
        return self._during(
            chance.uniform(0.5, 20),
            lambda: setattr(process.store, "cut", True),
            lambda: _mend(process),
        )

    def _step(self, chance: random.Random) -> bool:
        process = self._running(chance)
        if process is None:
            return False
        by_ms = round(chance.choice((1, -1)) * chance.choice((300, 5_000, 60_000, 300_000)))
        self._world.say("clock step", process.name, str(by_ms))
        process.clock.skew_ms += by_ms
        self._world.risk.disturb_all("takeover")
        return True

    def _kill(self, chance: random.Random) -> bool:
        found = [p for p in self._world.processes.values() if not p.dead]
        if not found:
            return False
        self._world.end(chance.choice(found), why="killed")
        return True

    def _freeze(self, chance: random.Random, *, machine: bool) -> bool:
        process = self._running(chance)
        if process is None:
            return False
        seconds = chance.choice(PAUSES_S) * chance.uniform(0.5, 1)
        self._world.say("frozen", process.name, f"{seconds:.3f}")
        self._world.pauses += 1
        process.freeze(seconds, machine=machine)
        return True

    # ---------------------------------------------------------------- the account's own user

    def _trade(self, chance: random.Random) -> tuple[str, Trade] | None:
        found = [
            (account.id, trade)
            for account in self._exchange.market.accounts
            for trade in account.isolated.running()
        ]
        return chance.choice(found) if found else None

    def _user_adds(self, chance: random.Random) -> bool:
        picked = self._trade(chance)
        if picked is None:
            return False
        id, trade = picked
        amount = chance.choice((1, 500, trade.margin // 3 + 1))
        account, now = self._exchange.account(id), self._world.loop.now()
        return self._exchange.touch(
            id, trade.id, "adds", lambda: account.isolated.add_margin(now, trade.id, amount), amount
        )

    def _user_cashes_in(self, chance: random.Random) -> bool:
        picked = self._trade(chance)
        if picked is None:
            return False
        id, trade = picked
        amount = max(1, trade.margin // chance.choice((20, 200)))
        account, now, quote = (
            self._exchange.account(id),
            self._world.loop.now(),
            self._exchange.quote,
        )
        return self._exchange.touch(
            id,
            trade.id,
            "cashes-in",
            lambda: account.isolated.cash_in(now, quote, trade.id, amount),
            amount,
        )

    def _user_closes(self, chance: random.Random) -> bool:
        picked = self._trade(chance)
        if picked is None:
            return False
        id, trade = picked
        account, now, quote = (
            self._exchange.account(id),
            self._world.loop.now(),
            self._exchange.quote,
        )
        return self._exchange.touch(
            id, trade.id, "closes", lambda: account.isolated.close(now, quote, trade.id)
        )

    def _user_stops(self, chance: random.Random) -> bool:
        picked = self._trade(chance)
        if picked is None:
            return False
        id, trade = picked
        room = trade.price - trade.liquidation
        price = (trade.liquidation + room * Decimal(chance.randint(5, 30)) / 100) // 1
        account, now, quote = (
            self._exchange.account(id),
            self._world.loop.now(),
            self._exchange.quote,
        )
        return self._exchange.touch(
            id,
            trade.id,
            "stops",
            lambda: account.isolated.set_stoploss(now, quote, trade.id, price),
        )


def _mend(process: Process) -> None:
    process.store.cut = False
    process.steady_since = process.loop.time()


def heal(world: World) -> None:
    """End every fault; from here on the world must put itself right."""
    world.faults.healed = True
    world.say("healed")
    world.venue.down = world.venue.silent = world.database.down = False
    world.venue.locked_until = world.venue.retired_until = 0.0
    for process in world.processes.values():
        process.store.cut = False
        if process.frozen and not process.dead:
            world.loop.thaw(process)
            process.steady_since = world.loop.time()
