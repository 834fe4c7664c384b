"""What moves sats of an isolated trade: running, funding, closing; and the trailing of its stop."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from axisor.exchange import terms
from axisor.exchange.books import Desk
from axisor.exchange.happenings import Closed, ClosedBy, Funded, Trailed
from axisor.exchange.quote import Quote
from axisor.exchange.records import FundingFee, Settlement, Trade
from axisor.maths import fee, funding_fee, pl
from axisor.model import Price, Side


def run(desk: Desk, trade: Trade, now: datetime) -> Trade:
    """Start a trade: its opening fee is taken from the reserve it brought."""
    cost = fee(trade.quantity, trade.price, desk.fee_rate(now))
    running = replace(
        trade,
        running=True,
        filled_at=now,
        opening_fee=cost,
        maintenance_margin=trade.maintenance_margin - cost,
    )
    desk.books.sums.fees += cost
    desk.books.trades[trade.id] = running
    desk.traded(now, trade.quantity)
    return running


def close(desk: Desk, trade: Trade, now: datetime, price: Price, by: ClosedBy) -> Trade:
    """End a running trade at a price and pay out what is left of it.

    A liquidation takes the whole margin, whatever rounding says. No loss exceeds the margin, and
    the fee never more than what is left, so the payout is never negative.
    """
    books = desk.books
    profit = -trade.margin
    if by != "liquidation":
        profit = max(profit, pl(trade.side, trade.quantity, trade.price, price))
    left = trade.margin + profit + trade.maintenance_margin
    cost = min(left, fee(trade.quantity, price, desk.fee_rate(now)))
    closed = replace(
        trade,
        running=False,
        closed=True,
        closed_at=now,
        exit_price=price,
        pl=profit,
        closing_fee=cost,
        maintenance_margin=0,
    )
    del books.trades[trade.id]
    books.best.pop(trade.id, None)
    books.past.append(closed)
    books.balance += left - cost
    books.sums.fees += cost
    books.sums.realised += profit
    desk.traded(now, trade.quantity)
    desk.say(Closed(now, closed, by, left - cost))
    if by != "close":
        desk.notify(now, by, f"A position was closed by {by}", id=trade.id, pl=profit)
    return closed


def fund(desk: Desk, trade: Trade, settlement: Settlement) -> Trade:
    """Settle funding: a payment leaves the margin, at most all of it; income joins the balance."""
    cost = funding_fee(trade.side, trade.quantity, settlement.fixing_price, settlement.funding_rate)
    cost = min(cost, trade.margin)
    funded = replace(trade, sum_funding_fees=trade.sum_funding_fees + cost)
    if cost > 0:
        funded = terms.with_margin(funded, trade.margin - cost)
    else:
        desk.books.balance -= cost
    row = FundingFee(settlement.time, settlement.id, trade.id, cost)
    desk.books.trades[trade.id] = funded
    desk.books.funding_fees.append(row)
    desk.books.sums.funding += cost
    desk.say(Funded(settlement.time, funded, row))
    return funded


def trail(desk: Desk, trade: Trade, quote: Quote) -> None:
    """Remember a better price and move the trailing stop after it, never against the position."""
    books = desk.books
    best = books.best[trade.id]
    improved = quote.last > best if trade.side is Side.BUY else quote.last < best
    if not improved:
        return
    desk.stale = True
    books.best[trade.id] = quote.last
    stop = terms.trailing_stop(trade.side, quote.last, trade.stoploss_trailing_distance)
    if trade.side.sign * (stop - trade.stoploss) > 0:
        moved = replace(trade, stoploss=stop)
        books.trades[trade.id] = moved
        desk.say(Trailed(quote.time, moved))
