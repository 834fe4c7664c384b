"""The simulated market in time: applies prints to the engine, and tells who listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import SettingsInvalid
from axisor.exchange import Event, Market, Quote, seeded_ids
from axisor.exchange.scenarios import scenario
from axisor.exchange.terms import check_price
from axisor.maths import round_to_step
from axisor.model import Bucket, Price
from axisor.ports import Clock
from axisor_lnmarkets.sim.candles import CandleTape
from axisor_lnmarkets.sim.clock import MarketClock
from axisor_lnmarkets.sim.prices import (
    Print,
    candle_prints,
    check_candles,
    scenario_prints,
    walk_prints,
)
from axisor_lnmarkets.sim.settings import (
    CandlePrices,
    FixedPrice,
    ScenarioPrices,
    Settings,
    WalkPrices,
)

SMALL, LARGE = 100_000, 500_000
"""Where the two size buckets end, in dollars."""

USUAL_FUNDING_RATE = Decimal("0.0001")
"""What longs pay for eight hours where a scenario says nothing else."""

_LEAST = Decimal("0.5")


ARRIVALS = 10_000
"""How many requests are remembered that asked for a change."""


class Arrival(Struct, frozen=True):
    """A request that asked for a change: when it came, and the time it was signed for."""

    time: datetime
    method: str
    path: str
    stamp_ms: int | None


class World:
    """The market, its one account, and the clock that moves them.

    Whatever is due by the present market time is applied before any request is served, so an answer
    never depends on how the event loop happened to be scheduled.
    """

    def __init__(self, settings: Settings, transport: Clock) -> None:
        course = _course(settings, transport)
        first, self._spread, self._source = course.first, course.spread, course.rest
        self.settings = settings
        self.transport = transport
        self.clock = MarketClock(
            transport, start=first.time, speed=settings.speed, held=settings.held
        )
        self.tape = CandleTape()
        self.tape.add(first)
        ids = seeded_ids(settings.seed)
        self.engine = Market(self._quote(first), ids, course.funding_rate)
        self.account = self.engine.open_account(
            ids(), balance=settings.balance, rules=settings.rules
        )
        self.received: list[datetime] = []
        self.stamps: list[int | None] = []
        self.arrivals: deque[Arrival] = deque(maxlen=ARRIVALS)
        self.signed = 0
        """How many requests were signed by the key, readings too."""
        self.listeners: list[Callable[[tuple[Event, ...]], None]] = []
        self.quote_listeners: list[Callable[[Quote], None]] = []
        self._override: Iterator[Print] | None = None
        self._next: Print | None = None
        self._pull()

    @property
    def quote(self) -> Quote:
        """Return the present quote."""
        return self.engine.quote

    # ---------------------------------------------------------------- time

    def now(self) -> datetime:
        """Apply whatever is due and return the present market time."""
        moment = self.clock.now()
        while self._next is not None and self._next.time <= moment:
            new = self._next
            self._pull()
            self._print(new)
        if self.engine.funding_time <= moment:
            self._tell(self.engine.advance(replace(self.quote, time=moment)))
        return moment

    def step(self) -> None:
        """Go to the next print at once; with a speed of None this is what makes time pass."""
        if self._next is not None:
            self.clock.reach(self._next.time)
        self.now()

    def refresh(self) -> None:
        """Show the present price again under the present time, as a busy market would."""
        moment = self.now()
        self._tell(self.engine.advance(replace(self.quote, time=max(moment, self.quote.time))))
        for listener in self.quote_listeners:
            listener(self.quote)

    def wait_s(self) -> float | None:
        """Return how long until something is due, in transport seconds, or None if nothing is."""
        if self.settings.speed is None and not self.clock.held:
            return None if self._next is None else 0.0
        due = self.engine.funding_time
        return self.clock.wait_s(due if self._next is None else min(due, self._next.time))

    # ---------------------------------------------------------------- prices by hand

    def set_price(self, price: Price) -> None:
        """Print a price now and hold it; the source stays silent until `follow`."""
        moment = self.now()
        self._take_over(iter((Print(moment, price),)))
        self.now()

    def move(self, percent: Decimal, over: timedelta, *, steps: int = 40) -> None:
        """Move the price by a percentage, in steps over a span of transport time, and hold it.

        Raises SettingsInvalid for a move that leaves no price.
        """
        moment, begin = self.now(), self.quote.last
        end = begin * (100 + percent) / 100
        if end < 1:
            raise SettingsInvalid(f"A move of {percent} % leaves no price.", fix="Move less.")
        speed = self.settings.speed or Decimal(1)
        pace = timedelta(seconds=float(Decimal(str(over.total_seconds())) * speed / steps))
        count = steps if pace else 1
        path = (
            Print(moment + pace * i, round_to_step(begin + (end - begin) * i / count))
            for i in range(1, count + 1)
        )
        self._take_over(path)
        self.now()

    def follow(self) -> None:
        """Let the source speak again from now on; what it would have said meanwhile is lost."""
        moment = self.now()
        self._override = None
        self._next = next((p for p in self._source if p.time >= moment), None)

    @property
    def by_hand(self) -> bool:
        """Return whether the price is held by hand."""
        return self._override is not None

    def _take_over(self, prints: Iterator[Print]) -> None:
        if self._override is None and self._next is not None:
            self._source = chain((self._next,), self._source)
        self._override = prints
        self._pull()

    # ---------------------------------------------------------------- requests

    def settle_request(self, stamp_ms: int | None = None) -> None:
        """Note when a request took effect and tell what it brought about; call it once for each.

        `stamp_ms` is the time it was signed for, None where nobody signed it.
        """
        moment, account = self.transport.now(), self.account
        while len(self.received) < len(account.books.ledger):
            self.received.append(moment)
            self.stamps.append(stamp_ms)
        self._tell(tuple(Event(account.id, h) for h in account.happened))

    def arrived(self, method: str, path: str, stamp_ms: int | None) -> None:
        """Note that a change was asked for, whatever comes of it."""
        self.arrivals.append(Arrival(self.transport.now(), method, path, stamp_ms))

    # ---------------------------------------------------------------- parts

    def _pull(self) -> None:
        self._next = next(self._source if self._override is None else self._override, None)

    def _print(self, new: Print) -> None:
        self.clock.reach(new.time)
        self.tape.add(new)
        self._tell(self.engine.advance(self._quote(new)))
        for listener in self.quote_listeners:
            listener(self.quote)

    def _tell(self, events: tuple[Event, ...]) -> None:
        if events:
            for listener in self.listeners:
                listener(events)

    def _quote(self, new: Print) -> Quote:
        half = self._spread / 2
        near = max(new.price - half, _LEAST), new.price + half
        far = max(new.price - self._spread, _LEAST), new.price + self._spread
        sizes = Bucket(0, SMALL, *near), Bucket(SMALL, LARGE, *far)
        return Quote(new.time, new.price, near[0], near[1], sizes, new.price)


class _Course(Struct, frozen=True):
    first: Print
    rest: Iterator[Print]
    spread: Decimal
    funding_rate: Decimal


def _course(settings: Settings, transport: Clock) -> _Course:
    start, spread, rate = settings.start or transport.now(), Decimal(0), USUAL_FUNDING_RATE
    match settings.prices:
        case ScenarioPrices(name, seed):
            story = scenario(name, seed)
            spread, rate = Decimal(story.spread) / 2, story.funding_rate
            prints = scenario_prints(story, start)
        case CandlePrices(path):
            check_candles(path)
            prints = candle_prints(path, settings.start)
        case WalkPrices(seed):
            prints = walk_prints(seed, start)
        case FixedPrice(price):
            check_price(price)
            prints = iter((Print(start, price),))
    first = next(prints, None)
    if first is None:
        raise SettingsInvalid(
            "The candle file has no minute at or after the start.", fix="Choose an earlier --start."
        )
    spread = spread if settings.spread is None else settings.spread
    if not 0 <= spread <= 1000 or spread % 1:
        raise SettingsInvalid(
            f"A spread of {spread} dollars cannot be.", fix="Use whole dollars from 0 to 1000."
        )
    rate = rate if settings.funding_rate is None else settings.funding_rate
    return _Course(first, prints, spread, rate)
