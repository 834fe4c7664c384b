"""One position's life in a back-test: its own account, and a strategy's run on it or none.

Order at one print: liquidation (touching counts), then funding, then the strategy; what it asks for
takes effect at once, or at the first print after the latency.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from axisor.backtest.path import Path, high_bound, low_bound, to_ms
from axisor.backtest.pilot import Pilot
from axisor.exchange import Account, Closed, Quote, Rules, Settlement, Trade
from axisor.maths import distance, is_nearer, margin_for, most_margin
from axisor.model import OrderType, Price, Sats, Side, Tick
from axisor.strategy import Config, Strategy

FUNDING_EVERY = timedelta(hours=8)
RESERVE_PARTS = 50
"""The fee reserve of a new position is at most about a fiftieth of its value; see `_opening_balance`."""


class Costs(Struct, frozen=True, kw_only=True):
    """What trading costs: a fee tier (None for no fees) and the funding rate of eight hours."""

    fee_tier: int | None = 0
    funding_rate: Decimal = Decimal("0.0001")
    latency: timedelta = timedelta(0)


class Ended(Struct, frozen=True, kw_only=True):
    """How a session ended. Sats; distances are fractions of the price; `equity` is at the last print.

    `gap` and `capped` say why a guarded position could be liquidated all the same: one print jumped
    from at or above the trigger to beyond liquidation, or leverage 1 left no room for more margin.
    """

    opened_at: datetime
    liquidated_at: datetime | None
    closed_at: datetime | None
    actions: int
    added: Sats
    least_distance: Decimal
    margin: Sats
    equity: Sats
    funding: Sats
    fees: Sats
    gap: bool
    capped: bool
    notices: tuple[str, ...] = ()


class Session:
    """Opens one position at a print and walks it to its end or the end of the path."""

    def __init__(
        self,
        path: Path,
        *,
        index: int,
        side: Side,
        leverage: Decimal,
        quantity: int,
        spare: Sats | None,
        costs: Costs,
        ids: Callable[[], str],
        trigger: Decimal,
        strategy: tuple[type[Strategy[Any, Any]], Config] | None = None,
    ) -> None:
        """Prepare; `spare` is what the balance holds beside the position, None for all it could use.

        `trigger` (a fraction) is what tells a gap from other deaths.
        """
        self._path, self._costs, self._trigger = path, costs, trigger
        self._index = index
        now, quote = path.time(index), Quote.at(path.price(index), path.time(index))
        rules = Rules(fee_tier=costs.fee_tier)
        opening = _opening_balance(quantity, quote.last, leverage)
        spare = most_margin(quantity, quote.last) if spare is None else spare
        self._account = Account.new("backtest", now, ids, balance=opening + spare, rules=rules)
        trade = self._account.isolated.new_trade(
            now, quote, type=OrderType.MARKET, side=side, leverage=leverage, quantity=quantity
        )
        # What the opening did not need is taken out again, so that `spare` is exactly what is left.
        self._given = self._account.books.balance - spare
        self._account.books.balance = spare
        self._trade = trade
        self._opened_at, self._start_margin = now, trade.margin
        self._equity_at_start = opening + spare - self._given
        self._least = distance(side, quote.last, trade.liquidation)
        self._funding_due = _next_funding(now)
        self._ended: Closed | None = None
        self._gap = self._capped = False
        self._pilot = None if strategy is None else Pilot(*strategy, self._account, costs.latency)

    def run(self) -> Ended:
        """Walk the path and return how it ended."""
        index = self._index
        self._visit(index, opening=True)
        while self._ended is None:
            stop = self._next_stop(index + 1)
            found = self._path.next(index + 1, stop=stop, **self._bounds())
            self._look_back(index + 1, min(found + 1, len(self._path)))
            if found >= len(self._path):
                break
            index = found
            self._visit(index, opening=False)
        return self._result()

    def _bounds(self) -> dict[str, int]:
        low, high = self._account.bounds()
        bounds = {"low": low_bound(low), "high": high_bound(high)}
        if self._pilot is not None:
            below, above = self._pilot.bounds()
            bounds["low"] = max(bounds["low"], low_bound(below))
            bounds["high"] = min(bounds["high"], high_bound(above))
        return bounds

    def _next_stop(self, start: int) -> int:
        """Return the next print that must be visited for the sake of time."""
        if self._pilot is not None and self._pilot.every_print:
            return min(start, len(self._path))
        times = [self._funding_due]
        if self._pilot is not None:
            times += self._pilot.times()
        return max(start, self._path.at_or_after(min(to_ms(time) for time in times)))

    def _visit(self, index: int, *, opening: bool) -> None:
        now, price = self._path.time(index), self._path.price(index)
        quote = Quote.at(price, now)
        if not opening:
            self._settle_deaths(index, quote)
            if self._ended is None:
                self._settle_funding(now, quote)
        if self._ended is not None:
            return
        self._note(price)
        if self._pilot is not None:
            self._pilot.at_print(self._tick(quote), opening=opening)
            self._find_end()

    def _settle_deaths(self, index: int, quote: Quote) -> None:
        before = self._account.books.trades[self._trade.id]
        self._account.on_quote(quote)
        self._find_end()
        if self._ended is not None and self._ended.by == "liquidation":
            self._explain_death(index, before)

    def _explain_death(self, index: int, trade: Trade) -> None:
        if index - 1 < self._index:
            return
        previous = self._path.price(index - 1)
        self._gap = not is_nearer(trade.side, previous, trade.liquidation, self._trigger)
        fullest = most_margin(trade.quantity, trade.price)
        self._capped = not self._gap and trade.margin >= fullest - _room(trade)

    def _settle_funding(self, now: datetime, quote: Quote) -> None:
        while self._funding_due <= now and self._ended is None:
            due, self._funding_due = self._funding_due, self._funding_due + FUNDING_EVERY
            if self._costs.funding_rate:
                rate = self._costs.funding_rate
                self._account.on_funding(Settlement(f"f{to_ms(due)}", due, rate, quote.last), quote)
                self._find_end()

    def _find_end(self) -> None:
        for happening in self._account.happened:
            if isinstance(happening, Closed) and happening.trade.id == self._trade.id:
                self._ended = happening

    def _note(self, price: Price) -> None:
        trade = self._account.books.trades[self._trade.id]
        self._least = min(self._least, distance(trade.side, price, trade.liquidation))

    def _look_back(self, start: int, end: int) -> None:
        """Count the prints that were skipped, and the one to come, towards the least distance."""
        trade = self._account.books.trades[self._trade.id]
        worst = self._path.worst(trade.side, start, end)
        if worst is not None:
            self._least = min(self._least, distance(trade.side, worst, trade.liquidation))

    def _tick(self, quote: Quote) -> Tick:
        return Tick(
            time=quote.time,
            received=quote.time,
            last=quote.last,
            bid=quote.bid,
            ask=quote.ask,
            index=quote.last,
            funding_rate=self._costs.funding_rate,
            funding_time=self._funding_due,
            source="candles",
        )

    def _result(self) -> Ended:
        end, books = self._ended, self._account.books
        last = self._path.price(len(self._path) - 1)
        equity, funding = books.balance, books.sums.funding
        if end is None:
            trade = books.trades[self._trade.id].marked(last)
            equity += trade.margin + trade.maintenance_margin + trade.pl
        liquidated = end is not None and end.by == "liquidation"
        return Ended(
            opened_at=self._opened_at,
            liquidated_at=end.time if end is not None and liquidated else None,
            closed_at=end.time if end is not None and not liquidated else None,
            actions=0 if self._pilot is None else self._pilot.actions,
            added=0 if self._pilot is None else self._pilot.added,
            least_distance=self._least,
            margin=self._start_margin,
            equity=equity,
            funding=funding,
            fees=books.sums.fees,
            gap=self._gap,
            capped=self._capped,
            notices=() if self._pilot is None else tuple(self._pilot.notices),
        )


def _opening_balance(quantity: int, price: Price, leverage: Decimal) -> Sats:
    """Return more than any opening of this size takes; what is left over is taken out again."""
    return margin_for(quantity, price, leverage) + most_margin(quantity, price) // RESERVE_PARTS + 2


def _room(trade: Trade) -> Sats:
    """Return what one funding payment at most takes from a full margin, a hundredth of a percent."""
    return most_margin(trade.quantity, trade.price) // 5_000 + 1


def _next_funding(now: datetime) -> datetime:
    """Return the first settlement after a time: 00, 08 or 16 o'clock UTC."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + FUNDING_EVERY * ((now - day) // FUNDING_EVERY + 1)
