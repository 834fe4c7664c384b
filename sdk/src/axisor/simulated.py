"""The simulated exchange in the words of the venue port: what an action did, how trades ended."""

from __future__ import annotations

from axisor.exchange import actions
from axisor.exchange.account import Account
from axisor.exchange.quote import Quote
from axisor.exchange.records import CrossOrder, CrossPosition, Trade
from axisor.intents import Action
from axisor.model import CROSS, Funding, Order, Position
from axisor.ports import ClosedPosition, Confirmed, Transfer

ENDS = {
    "close": "closed",
    "stoploss": "stopped",
    "takeprofit": "taken",
    "liquidation": "liquidated",
    "funding": "liquidated",
}
"""The exchange's causes of an end, in the words of the venue port."""


def carry_out(account: Account, action: Action, quote: Quote) -> Confirmed:
    """Do one action at the simulated exchange and return its answer.

    Raises VenueRefused or NotSupported, nothing having changed.
    """
    done = actions.carry_out(account, action, quote.time, quote)
    match done:
        case Trade(closed=True):
            return Confirmed(venue_id=done.id, closed=ended(done, "closed"))
        case Trade(running=True):
            return Confirmed(venue_id=done.id, position=done.position())
        case Trade() | CrossOrder():
            return Confirmed(venue_id=done.id, order=done.order())
        case CrossPosition():
            return Confirmed(position=done.position())
        case None:
            return Confirmed()


def ended(trade: Trade, end: str) -> ClosedPosition:
    """Return how a closed trade ended, in the words of the venue port."""
    return ClosedPosition(
        id=trade.id,
        exit_price=trade.exit_price,
        pl=trade.pl,
        closed_at=trade.closed_at,
        fee=trade.opening_fee + trade.closing_fee,
        end=end,
    )


def find(account: Account, client_id: str) -> tuple[Order | Position | ClosedPosition, ...]:
    """Return everything of an account, open or done, that carries a client id."""
    books = account.books
    found: list[Order | Position | ClosedPosition] = []
    for trade in (*books.trades.values(), *books.past):
        if trade.client_id != client_id:
            continue
        if trade.running:
            found.append(trade.position())
        elif trade.closed:
            found.append(ended(trade, "unknown"))
        else:
            found.append(trade.order())
    orders = (*books.cross_orders.values(), *books.cross_past)
    found.extend(order.order() for order in orders if order.client_id == client_id)
    return tuple(found)


def fundings(account: Account, position: str) -> tuple[Funding, ...]:
    """Return the funding payments of a position, newest first."""
    wanted = None if position == CROSS else position
    rows = [row for row in account.books.funding_fees if row.trade_id == wanted]
    return tuple(Funding(position, r.fee, r.time, r.settlement_id) for r in reversed(rows))


def transfers(account: Account, after: str | None) -> tuple[Transfer, ...]:
    """Return cross transfers newer than a row, newest first; all of them without one."""
    rows = [Transfer(r.id, r.amount, r.time) for r in account.books.transfers]
    ids = [row.id for row in rows]
    if after is not None and after in ids:
        rows = rows[ids.index(after) + 1 :]
    return tuple(reversed(rows))
