"""The simulated market in time: applies prints and funding to the account, and tells who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain

from axisor.errors import SettingsInvalid
from axisor.exchange.account import Account
from axisor.exchange.happenings import Happening
from axisor.exchange.ids import seeded_ids
from axisor.exchange.quote import Quote
from axisor.exchange.records import Settlement
from axisor.maths import round_to_step
from axisor.model import Bucket, Price
from axisor.ports import Clock
from axisor_lnmarkets.sim.candles import CandleTape
from axisor_lnmarkets.sim.clock import MarketClock
from axisor_lnmarkets.sim.prices import Print, candle_prints, walk
from axisor_lnmarkets.sim.scenarios import scenario, scenario_prints
from axisor_lnmarkets.sim.settings import CandlePrices, ScenarioPrices, Settings

FUNDING_EVERY = timedelta(hours=8)
SMALL, LARGE = 100_000, 500_000
"""Where the two size buckets end, in dollars."""

_MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC)


def next_funding(after: datetime) -> datetime:
    """Return the first settlement after a moment: 00:00, 08:00 or 16:00 UTC."""
    return _MIDNIGHT + ((after - _MIDNIGHT) // FUNDING_EVERY + 1) * FUNDING_EVERY


class Market:
    """One market and the one account on it.

    Whatever is due by the present market time is applied before any request is served, so an answer
    never depends on how the event loop happened to be scheduled.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        first, spread, self._source = _prepared(settings, clock)
        self.clock = MarketClock(clock, start=first.time, speed=settings.speed)
        self.settings = settings
        self.tape = CandleTape()
        self.settlements: list[Settlement] = []
        self.funding_rate = settings.funding_rate
        self.listeners: list[Callable[[tuple[Happening, ...]], None]] = []
        self.quote_listeners: list[Callable[[Quote], None]] = []
        self._spread = spread
        self._ids = seeded_ids(settings.seed)
        self._due = next_funding(first.time)
        self._override: Iterator[Print] | None = None
        self._next: Print | None = None
        self.account = Account.new(
            self._ids(), first.time, self._ids, balance=settings.balance, rules=settings.rules
        )
        self.quote = self._quote(first)
        self.tape.add(first)
        self._pull()

    # ---------------------------------------------------------------- time

    def now(self) -> datetime:
        """Apply whatever is due and return the present market time."""
        moment = self.clock.now()
        self._apply_until(moment)
        return moment

    def step(self) -> None:
        """Go to the next print at once; with a speed of None this is what makes time pass."""
        if self._next is not None:
            self.clock.reach(self._next.time)
        self.now()

    def wait_s(self) -> float | None:
        """Return how long until something is due, in transport seconds, or None if nothing ever is."""
        if self.settings.speed is None:
            return None if self._next is None else 0.0
        due = self._due if self._next is None else min(self._due, self._next.time)
        return self.clock.wait_s(due)

    @property
    def funding_due(self) -> datetime:
        """Return the time of the next funding settlement."""
        return self._due

    def _apply_until(self, moment: datetime) -> None:
        while self._next is not None and self._next.time <= moment:
            new = self._next
            self._fund_until(new.time, before_print=True)
            self._print(new)
            self._fund_until(new.time, before_print=False)
            self._pull()
        self._fund_until(moment, before_print=False)

    # ---------------------------------------------------------------- prices by hand

    def set_price(self, price: Price) -> None:
        """Print a price now and hold it; the source stays silent until `follow`."""
        moment = self.now()
        self._take_over(iter((Print(moment, price),)))
        self._apply_until(moment)

    def move(self, percent: Decimal, over: timedelta, *, steps: int = 40) -> None:
        """Move the price by a percentage, in steps over a span of transport time, and hold it."""
        moment = self.now()
        begin = self.quote.last
        end = begin * (100 + percent) / 100
        if end <= 0:
            raise SettingsInvalid(f"A move of {percent} % leaves nothing.", fix="Use less.")
        if over <= timedelta():
            steps, pace = 1, timedelta()
        else:
            pace = over / steps * float(self.settings.speed or 1)
        path = (
            Print(moment + pace * (i if pace else 0), round_to_step(begin + (end - begin) * i / steps))
            for i in range(1, steps + 1)
        )
        self._take_over(path)
        self._apply_until(moment)

    def follow(self) -> None:
        """Let the source speak again, from the present market time on; what it said meanwhile is lost."""
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

    # ---------------------------------------------------------------- parts

    def _pull(self) -> None:
        self._next = next(self._source if self._override is None else self._override, None)

    def _print(self, new: Print) -> None:
        self.clock.reach(new.time)
        self.quote = self._quote(new)
        self.tape.add(new)
        self.tell(self.account.on_quote(self.quote))
        for listener in self.quote_listeners:
            listener(self.quote)

    def _fund_until(self, moment: datetime, *, before_print: bool) -> None:
        while self._due < moment or (self._due == moment and not before_print):
            fixing = self.quote.index or self.quote.last
            settlement = Settlement(self._ids(), self._due, self.funding_rate, fixing)
            self.settlements.append(settlement)
            self._due += FUNDING_EVERY
            self.tell(self.account.on_funding(settlement, self.quote))

    def tell(self, happenings: tuple[Happening, ...]) -> None:
        """Pass on what happened to the account."""
        if happenings:
            for listener in self.listeners:
                listener(happenings)

    def _quote(self, new: Print) -> Quote:
        half = self._spread / 2
        near = max(new.price - half, Decimal("0.5")), new.price + half
        far = max(new.price - self._spread, Decimal("0.5")), new.price + self._spread
        return Quote(
            time=new.time,
            last=new.price,
            bid=near[0],
            ask=near[1],
            buckets=(
                Bucket(0, SMALL, near[0], near[1]),
                Bucket(SMALL, LARGE, far[0], far[1]),
            ),
            index=new.price,
        )


def _prepared(settings: Settings, clock: Clock) -> tuple[Print, Decimal, Iterator[Print]]:
    spread = settings.spread
    match settings.prices:
        case ScenarioPrices(name, seed):
            course = scenario(name)
            spread = course.spread if spread is None else spread
            prints = scenario_prints(course, seed=seed, start=settings.start or clock.now())
        case CandlePrices(path):
            prints = candle_prints(path, start=settings.start)
        case source:
            prints = walk(source.seed, settings.start or clock.now())
    first = next(prints, None)
    if first is None:
        raise SettingsInvalid(
            "The candle file has no minute at or after the start.", fix="Choose an earlier --start."
        )
    return first, _on_grid(spread or Decimal(0)), prints


def _on_grid(spread: Decimal) -> Decimal:
    if spread < 0 or spread > 1000 or spread % 1:
        raise SettingsInvalid(
            f"A spread of {spread} dollars cannot be.", fix="Use whole dollars from 0 to 1000."
        )
    return spread
