"""Looks on while an account is walked: equity, distance to liquidation, risk, and what happened.

Nothing of an account changes between visited prints, so what lies between is reckoned from the
prices alone; a walk that visits every print is recorded to the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy
from msgspec import Struct

from axisor.backtest.decisions import Names
from axisor.backtest.path import HIGHEST, LOWEST, Column, Path
from axisor.exchange import (
    Account,
    Changed,
    Closed,
    CrossChanged,
    CrossFilled,
    CrossFunded,
    CrossLiquidated,
    Filled,
    Funded,
    Happening,
    Quote,
)
from axisor.maths import distance, pl
from axisor.model import CROSS, Position, Price, Sats, Side

MOST_SAMPLES = 1_000
SPACINGS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400, 604_800)
)
"""What samples may be apart; the shortest is taken that needs no more than `MOST_SAMPLES`."""


class Sample(Struct, frozen=True):
    """The account at one print.

    `distance` is the least since the sample before, a fraction of the price; None without a
    position.
    """

    time: datetime
    price: Price
    equity: Sats
    distance: Decimal | None


class Event(Struct, frozen=True, kw_only=True):
    """What happened to a position: `amount_sats` is margin moved in, `result_sats` what it gained.

    The result is profit less all fees and funding of the position, given where it ended.
    """

    time: datetime
    kind: str
    position: str
    price: Price | None = None
    amount_sats: Sats | None = None
    result_sats: Sats | None = None


def spacing_of(path: Path) -> timedelta:
    """Return how far apart samples of a path are taken."""
    span = path.time(len(path) - 1) - path.time(0)
    return next((each for each in SPACINGS if span // each < MOST_SAMPLES), SPACINGS[-1])


def sample_places(path: Path, spacing: timedelta) -> Column:
    """Return the last print at or before each sample time, and after them the path's last one."""
    step = spacing // timedelta(milliseconds=1)
    moments = numpy.arange(path.times[0], path.times[-1] + 1, step)
    places = numpy.searchsorted(path.times, moments, side="right") - 1
    return numpy.append(places, len(path) - 1)


class Recorder:
    """Records one account. Its distances and equity are the engine's, at the last price."""

    over = False

    def __init__(
        self,
        path: Path,
        account: Account,
        names: Names,
        *,
        places: Column,
        line: Decimal,
        progress: Callable[[int], None],
    ) -> None:
        """Record at `places`; a distance below `line` (a fraction) is time at risk."""
        self._path, self._account, self._names = path, account, names
        self._places, self._line, self._progress = places, Fraction(line), progress
        self._next = 0
        self._waits = numpy.diff(path.times, append=path.times[-1])
        self._held: tuple[Position, ...] = ()
        self._base: Sats = 0
        self._low, self._high = LOWEST, HIGHEST
        self._since: Decimal | None = None
        self._margins: dict[str, Sats] = {}
        self.samples: list[Sample] = []
        self.events: list[Event] = []
        self.results: list[Sats] = []
        self.dead: set[str] = set()
        self.least: Decimal | None = None
        self.at_risk_ms = 0

    def passed(self, start: int, end: int) -> None:
        """Record the prints from `start` to before `end`, the account being as it was left."""
        if start >= end:
            return
        self._count_risk(start, end)
        while self._next < len(self._places) and (place := int(self._places[self._next])) < end:
            self._near(start, place + 1)
            start = max(start, place + 1)
            self._sample(place)
        self._near(start, end)

    def reached(self, index: int) -> None:
        """Record how near liquidation was before anything was done about it."""
        self._near(index, index + 1)

    def met(self, index: int, happened: Sequence[Happening]) -> None:
        """Record what happened."""
        for happening in happened:
            self._happen(happening)

    def seen(self, index: int, *, acted: bool) -> None:
        """Record the account as the exchange, or the strategy too, left it."""
        self._look(index)
        self._near(index, index + 1)
        if not acted:
            return
        self._count_risk(index, index + 1)
        while self._next < len(self._places) and self._places[self._next] == index:
            self._sample(index)

    def _look(self, index: int) -> None:
        account, price = self._account, self._path.price(index)
        books = account.books
        quote = Quote.at(price, self._path.time(index))
        state = account.state(quote.time, quote)
        trades = books.trades.values()
        self._held = state.positions
        self._base = books.balance + books.cross.margin
        self._base += sum(trade.margin + trade.maintenance_margin for trade in trades)
        low, high = LOWEST, HIGHEST
        for held in self._held:
            edge = 2 * Fraction(held.liquidation) / (1 - held.side.sign * self._line)
            if held.side is Side.BUY:
                low = max(low, -int(-edge // 1) - 1)
            else:
                high = min(high, int(edge // 1) + 1)
        self._low, self._high = low, high

    def _count_risk(self, start: int, end: int) -> None:
        if not self._held:
            return
        stretch = self._path.halves[start:end]
        near = (stretch <= self._low) | (stretch >= self._high)
        self.at_risk_ms += int(self._waits[start:end][near].sum())

    def _near(self, start: int, end: int) -> None:
        for held in self._held:
            worst = self._path.worst(held.side, start, end)
            if worst is None:
                return
            found = distance(held.side, worst, held.liquidation)
            self._since = found if self._since is None else min(self._since, found)

    def _sample(self, place: int) -> None:
        price = self._path.price(place)
        gain = sum(pl(held.side, held.quantity, held.entry, price) for held in self._held)
        near = self._since
        self.samples.append(Sample(self._path.time(place), price, self._base + gain, near))
        if near is not None:
            self.least = near if self.least is None else min(self.least, near)
        self._since = None
        self._next += 1
        self._progress(place)

    def _happen(self, happening: Happening) -> None:
        match happening:
            case Filled(time=time, trade=trade):
                self._moved(trade.id, trade.margin)
                self._tell(time, "opened", trade.id, price=trade.price)
            case Closed(time=time, trade=trade, by=by):
                paid = trade.opening_fee + trade.closing_fee + trade.sum_funding_fees
                result = trade.pl + trade.sum_cash_in_pl - paid
                self._end(time, by, trade.id, price=trade.exit_price, result=result)
                if by in ("liquidation", "funding"):
                    self.dead.add(trade.id)
            case Changed(time=time, trade=trade, by=by):
                moved = self._moved(trade.id, trade.margin)
                self._tell(time, by, trade.id, amount=moved or None)
            case Funded(trade=trade):
                self._moved(trade.id, trade.margin)
            case CrossChanged(time=time, position=position, by=by):
                moved = self._moved(CROSS, position.margin)
                self._tell(time, by, CROSS, amount=moved or None)
            case CrossFilled(time=time, order=order, position=position, realised=realised):
                self._moved(CROSS, position.margin)
                if realised:
                    result = realised - order.trading_fee
                    self._end(time, "cross", CROSS, price=order.price, result=result)
                else:
                    self._tell(time, "cross", CROSS, price=order.price)
            case CrossFunded(position=position):
                self._moved(CROSS, position.margin)
            case CrossLiquidated(time=time, order=order, position=position, realised=realised):
                self._moved(CROSS, position.margin)
                self._end(time, "liquidation", CROSS, price=order.price, result=realised)
                self.dead.add(order.id)
            case _:
                return

    def _moved(self, id: str, margin: Sats) -> Sats:
        """Return by how much a margin has grown since it was last told."""
        before, self._margins[id] = self._margins.get(id, 0), margin
        return margin - before

    def _end(
        self, time: datetime, kind: str, id: str, *, price: Price | None, result: Sats
    ) -> None:
        self.results.append(result)
        self._tell(time, kind, id, price=price, result=result)

    def _tell(
        self,
        time: datetime,
        kind: str,
        id: str,
        *,
        price: Price | None = None,
        amount: Sats | None = None,
        result: Sats | None = None,
    ) -> None:
        self.events.append(
            Event(
                time=time,
                kind=kind,
                position=self._names.of(id),
                price=price,
                amount_sats=amount,
                result_sats=result,
            )
        )
