"""One position's life in a back-test: its own account, and a strategy's run on it or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from axisor.backtest.grid import Slot
from axisor.backtest.path import Path
from axisor.backtest.pilot import Pilot
from axisor.backtest.walk import Costs, Walk
from axisor.exchange import Account, Closed, Happening, LedgerRow, NewTrade, Quote, Rules, Trade
from axisor.maths import (
    distance,
    is_nearer,
    liquidation,
    maintenance_margin,
    margin_for,
    most_margin,
)
from axisor.model import OrderType, Price, Sats, Side
from axisor.strategy import Config, Strategy


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
        self._ended: Closed | None = None
        self._gap = self._capped = False
        self._pilot = None
        if guarded:
            self._pilot = Pilot(setup.strategy, setup.config, self._account, costs.latency)

    @property
    def ledger(self) -> tuple[LedgerRow, ...]:
        """Return every request the account has accepted so far, oldest first."""
        return self._account.ledger

    @property
    def over(self) -> bool:
        """Return whether the position has ended."""
        return self._ended is not None

    def run(self) -> Ended:
        """Walk the path and return how it ended."""
        costs = self._setup.costs
        Walk(self._path, self._account, costs, self, self._pilot, self._index).run()
        return self._result()

    def passed(self, start: int, end: int) -> None:
        """Count the prints that were skipped towards the least distance."""
        trade = self._account.books.trades[self._trade.id]
        worst = self._path.worst(trade.side, start, end)
        if worst is not None:
            self._least = min(self._least, distance(trade.side, worst, trade.liquidation))

    def reached(self, index: int) -> None:
        """Count a print towards the least distance before anything is done about it."""
        self._note(index)

    def met(self, index: int, happened: Sequence[Happening]) -> None:
        """Notice the position's end."""
        for happening in happened:
            if isinstance(happening, Closed) and happening.trade.id == self._trade.id:
                self._ended = happening
                if happening.by == "liquidation":
                    self._explain_death(index, happening.trade)

    def seen(self, index: int, *, acted: bool) -> None:
        """Count a print towards the least distance, funding having been paid."""
        if not acted:
            self._note(index)

    def _note(self, index: int) -> None:
        trade = self._account.books.trades[self._trade.id]
        price = self._path.price(index)
        self._least = min(self._least, distance(trade.side, price, trade.liquidation))

    def _explain_death(self, index: int, trade: Trade) -> None:
        if index - 1 < self._index:
            return
        side, entry, previous = trade.side, trade.price, self._path.price(index - 1)
        self._gap = not is_nearer(side, previous, trade.liquidation, self._setup.trigger)
        full = liquidation(side, trade.quantity, entry, most_margin(trade.quantity, entry))
        self._capped = not self._gap and is_nearer(side, previous, full, self._setup.trigger)

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
