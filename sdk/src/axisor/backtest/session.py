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

from axisor.backtest.grid import Slot
from axisor.backtest.path import Path, high_bound, low_bound, to_ms
from axisor.backtest.pilot import Pilot
from axisor.exchange import (
    FUNDING_EVERY,
    Account,
    Closed,
    LedgerRow,
    NewTrade,
    Quote,
    Rules,
    Settlement,
    Trade,
    next_funding,
)
from axisor.maths import (
    distance,
    is_nearer,
    liquidation,
    maintenance_margin,
    margin_for,
    most_margin,
)
from axisor.model import OrderType, Price, Sats, Side, Tick
from axisor.strategy import Config, Strategy

_INSTANT = timedelta(microseconds=1)


class Costs(Struct, frozen=True, kw_only=True):
    """What trading costs: a fee tier (None for no fees) and the funding rate of eight hours."""

    fee_tier: int | None = 0
    funding_rate: Decimal = Decimal("0.0001")
    latency: timedelta = timedelta(0)


class Setup(Struct, frozen=True, kw_only=True):
    """What all positions of a back-test share.

    `spare` is what each balance holds beside its position, None for all it could ever use;
    `trigger` (a fraction) is what tells a gap from other deaths.
    """

    quantity: int
    strategy: type[Strategy[Any, Any]]
    config: Config
    trigger: Decimal
    spare: Sats | None = None
    costs: Costs = Costs()


class Ended(Struct, frozen=True, kw_only=True):
    """How a session ended. Sats; distances are fractions of the price; `equity` is at the last
    print.

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
        self, path: Path, slot: Slot, setup: Setup, ids: Callable[[], str], *, guarded: bool
    ) -> None:
        """Open the position of a slot, with the strategy of the setup or without."""
        costs, quantity = setup.costs, setup.quantity
        side, leverage, spare = slot.side, slot.leverage, setup.spare
        self._path, self._setup = path, setup
        self._index = slot.index
        now = path.time(slot.index)
        quote = Quote.at(path.price(slot.index), now)
        rules = Rules(fee_tier=costs.fee_tier)
        spare = most_margin(quantity, quote.last) if spare is None else spare
        balance = _opening_cost(side, quantity, quote.last, leverage, costs) + spare
        self._account = Account.new("backtest", now, ids, balance=balance, rules=rules)
        order = NewTrade(type=OrderType.MARKET, side=side, leverage=leverage, quantity=quantity)
        trade = self._account.isolated.new_trade(now, quote, order)
        self._trade = trade
        self._opened_at = now
        self._least = distance(side, quote.last, trade.liquidation)
        self._funding_due = next_funding(now)
        self._ended: Closed | None = None
        self._gap = self._capped = False
        self._pilot = None
        if guarded:
            self._pilot = Pilot(setup.strategy, setup.config, self._account, costs.latency)

    @property
    def ledger(self) -> tuple[LedgerRow, ...]:
        """Return every request the account has accepted so far, oldest first."""
        return self._account.ledger

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
            self._settle_funding(before=now, index=index)
            self._settle_deaths(index, quote)
            self._settle_funding(before=now + _INSTANT, index=index)
        if self._ended is not None:
            return
        self._note(price)
        if self._pilot is not None:
            self._pilot.at_print(self._tick(quote), opening=opening)
            self._find_end()

    def _settle_deaths(self, index: int, quote: Quote) -> None:
        if self._ended is not None:
            return
        before = self._account.books.trades[self._trade.id]
        self._account.on_quote(quote)
        end = self._find_end()
        if end is not None and end.by == "liquidation":
            self._explain_death(index, before)

    def _explain_death(self, index: int, trade: Trade) -> None:
        if index - 1 < self._index:
            return
        side, entry, previous = trade.side, trade.price, self._path.price(index - 1)
        self._gap = not is_nearer(side, previous, trade.liquidation, self._setup.trigger)
        full = liquidation(side, trade.quantity, entry, most_margin(trade.quantity, entry))
        self._capped = not self._gap and is_nearer(side, previous, full, self._setup.trigger)

    def _settle_funding(self, *, before: datetime, index: int) -> None:
        """Settle what fell due before a moment.

        What missed a print is fixed at the one before it.
        """
        while self._funding_due < before and self._ended is None:
            due, self._funding_due = self._funding_due, self._funding_due + FUNDING_EVERY
            at = index if self._path.time(index) == due else index - 1
            quote = Quote.at(self._path.price(at), due)
            rate = self._setup.costs.funding_rate
            if rate:
                self._account.on_funding(Settlement(f"f{to_ms(due)}", due, rate, quote.last), quote)
                self._find_end()

    def _find_end(self) -> Closed | None:
        for happening in self._account.happened:
            if isinstance(happening, Closed) and happening.trade.id == self._trade.id:
                self._ended = happening
        return self._ended

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
            funding_rate=self._setup.costs.funding_rate,
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
            margin=self._trade.margin,
            equity=equity,
            funding=funding,
            fees=books.sums.fees,
            gap=self._gap,
            capped=self._capped,
            notices=() if self._pilot is None else tuple(self._pilot.notices),
        )


def _opening_cost(side: Side, quantity: int, price: Price, leverage: Decimal, costs: Costs) -> Sats:
    """Return exactly what opening takes from the balance: margin and fee reserve."""
    margin = margin_for(quantity, price, leverage)
    if costs.fee_tier is None:
        return margin
    return margin + maintenance_margin(quantity, price, liquidation(side, quantity, price, margin))
