"""The venue as one process sees it: its door, its feed of prices, and the outages of the day."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import Context
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from msgspec.structs import replace

from axisor.errors import (
    VenueAnswerInvalid,
    VenueAuth,
    VenueError,
    VenueUnavailable,
)
from axisor.intents import Action
from axisor.model import Candle, Tick
from axisor.ports import (
    ClockOffset,
    Credentials,
)
from tests.simulation.exchange import SimExchange
from tests.simulation.faults import Faults
from tests.simulation.line import SimLine
from tests.simulation.loop import Freezable, SimClock, SimLoop

T = TypeVar("T")


class SimVenue:
    """What all lines share: the exchange, the faults, and the outages now."""

    def __init__(self, exchange: SimExchange, faults: Faults, seed: int) -> None:
        self.exchange = exchange
        self.loop: SimLoop = exchange.loop
        self.faults = faults
        self.chance = random.Random(f"{seed}/line")
        self.down = False
        self.silent = False
        self.locked_until = 0.0
        self.retired_until = 0.0
        self.lines: list[SimLine] = []
        self.feeds: list[SimFeed] = []
        self.find_intent: Callable[[str, Action, int], tuple[str, bool]] = lambda *_: ("", False)
        self.prices_disturbed: Callable[[], None] = lambda: None
        self.disturbed: Callable[[str, str], None] = lambda *_: None
        exchange.on_change = self._hint

    def _hint(self, account: str, ours: bool) -> None:
        for line in self.lines:
            if line.account != account or self.down:
                continue
            if self.faults.strikes("hint-lost"):
                if not ours:
                    self.disturbed(account, "hint")
            else:
                self.later(self.net(), line.hint.set)

    def net(self) -> float:
        """Return how long a message takes one way."""
        return 0.01 + 0.12 * self.chance.random()

    def later(self, seconds: float, call: Callable[..., Any], *args: Any) -> None:
        """Have something happen at the venue or on the wire, whatever becomes of any process."""
        self.loop.call_later(seconds, call, *args, context=Context())

    def spread(self) -> None:
        """Tell every feed of the present price."""
        tick = self.tick()
        for feed in self.feeds:
            feed.offer(tick)

    def tick(self) -> Tick:
        """Return the present tick; who receives it stamps it."""
        quote = self.exchange.quote
        return Tick(
            time=quote.time,
            received=quote.time,
            last=quote.last,
            bid=quote.bid,
            ask=quote.ask,
            index=quote.index,
            funding_rate=self.exchange.rate,
            funding_time=self.exchange.market.funding_time,
        )

    def trouble(self) -> VenueError | None:
        """Return why no reading can be had at all now."""
        now = self.loop.time()
        if self.down:
            return VenueUnavailable("The simulated venue is down.")
        if now < self.locked_until:
            return VenueAuth("The simulated venue refuses the key.")
        if now < self.retired_until:
            return VenueAnswerInvalid("The simulated venue has no such address any more.")
        return None


class VenueDoor:
    """The Venue port of one process."""

    name = "simx"
    networks: Mapping[str, str] = {"signet": "", "sim": ""}

    def __init__(self, venue: SimVenue, process: Freezable, clock: SimClock) -> None:
        self.venue = venue
        self.process = process
        self.clock = clock
        self.dead = False
        self.stop: Callable[[float], None] | None = None
        self._mine: list[SimLine | SimFeed] = []

    def market(self, *, network: str, url: str | None, clock: Any) -> SimFeed:
        """Return a feed of prices."""
        feed = SimFeed(self)
        self.venue.feeds.append(feed)
        self._mine.append(feed)
        return feed

    def account(
        self, *, network: str, url: str | None, credentials: Credentials, clock: Any
    ) -> SimLine:
        """Return a line to the account of a key."""
        line = SimLine(self, credentials.key.reveal())
        self.venue.lines.append(line)
        self._mine.append(line)
        return line

    def must_live(self) -> None:
        """Let nothing through once the process is dead."""
        if self.dead:
            raise asyncio.CancelledError

    def die(self) -> None:
        """Become inert."""
        self.dead = True
        for one in self._mine:
            if isinstance(one, SimLine):
                self.venue.lines.remove(one)
            else:
                self.venue.feeds.remove(one)


class SimFeed:
    """The MarketFeed port: ticks that come late, twice, in any order, or not at all."""

    def __init__(self, door: VenueDoor) -> None:
        self._door = door
        self._venue = door.venue
        self._ticks: deque[Tick] = deque()
        self._come = asyncio.Event()

    def offer(self, tick: Tick) -> None:
        """Send a tick on its way."""
        venue, faults = self._venue, self._venue.faults
        if venue.silent or venue.down:
            return
        if faults.strikes("tick-dropped"):
            return
        if faults.strikes("price-incomplete"):
            venue.prices_disturbed()
            tick = replace(tick, bid=None, ask=None)
        elif faults.strikes("price-disagrees"):
            venue.prices_disturbed()
            off = Decimal(faults.chance("price-disagrees").choice(("0.97", "1.03")))
            tick = replace(tick, bid=tick.last * off, ask=tick.last * off)
        delay = venue.net()
        if faults.strikes("tick-delayed"):
            delay += faults.chance("tick-delayed").uniform(0.5, 6)
        venue.later(delay, self._put, tick)
        if faults.strikes("tick-doubled"):
            venue.later(delay + 0.3, self._put, tick)

    def _put(self, tick: Tick) -> None:
        self._ticks.append(tick)
        self._come.set()

    async def ticker(self) -> Tick:
        """Read the present tick."""
        self._door.must_live()
        return replace(self._venue.tick(), received=self._door.clock.now(), source="rest")

    async def ticks(self) -> AsyncIterator[Tick]:
        """Yield ticks as they come."""
        while True:
            self._door.must_live()
            while not self._ticks:
                self._come.clear()
                await self._come.wait()
            yield replace(self._ticks.popleft(), received=self._door.clock.now())

    async def candles(self, start: datetime, end: datetime, *, limit: int) -> tuple[Candle, ...]:
        """Return no candles; this market has no past."""
        return ()

    async def clock_offset(self) -> ClockOffset:
        """Measure the venue's clock, wrong by no more than is said."""
        self._door.must_live()
        venue = self._venue
        await asyncio.sleep(venue.net() * 2)
        self._door.must_live()
        if venue.down or venue.faults.strikes("clock-unread"):
            raise VenueUnavailable("The simulated venue does not tell the time.")
        vague = 3_000 if venue.faults.strikes("clock-vague") else 120
        true = (venue.loop.now() - self._door.clock.now()).total_seconds() * 1000
        wrong = venue.chance.uniform(-vague, vague)
        return ClockOffset(offset_ms=round(true + wrong), uncertainty_ms=vague + 1)

    async def aclose(self) -> None:
        """Nothing is open."""
