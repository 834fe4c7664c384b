"""What an account holds, and would hold after an action: dollars, positions, leverage."""

from __future__ import annotations

from decimal import Decimal

from axisor.intents import CrossOrder, OpenPosition
from axisor.maths import quantity_for, value_sats
from axisor.model import CROSS, MarginMode, Order, OrderType, Price, Sats, Side
from axisor.strategy import View


def dollars_of(action: OpenPosition | CrossOrder, view: View) -> int | None:
    """Return the dollars an action trades, None where there is no price to tell them by.

    Of a margin it is what the margin buys at the dearest price that may come of it.
    """
    if isinstance(action, CrossOrder):
        return action.quantity
    if action.quantity is not None:
        return action.quantity
    price = _highest(action, view)
    if price is None or action.margin is None:
        return None
    return quantity_for(action.margin, price, action.leverage)


def _highest(action: OpenPosition, view: View) -> Price | None:
    if action.type is OrderType.LIMIT:
        return action.price
    return None if view.tick is None else view.tick.high


def exposure(view: View, more: OpenPosition | CrossOrder | None = None) -> int | None:
    """Return the dollars in positions, waiting orders and openings under way, with one more.

    Isolated longs and shorts add up, and whatever waits counts as filled. Orders on the cross
    position count by how far they could take it, to either side. None where it cannot be told.
    """
    isolated = sum(p.quantity for p in view.positions if p.margin_mode is MarginMode.ISOLATED)
    isolated += sum(o.quantity for o in view.orders if o.margin_mode is MarginMode.ISOLATED)
    bought = sold = 0
    for order in (o for o in view.orders if o.margin_mode is MarginMode.CROSS):
        bought, sold = _added(order, order.quantity, bought, sold)
    for action in (*view.opening, *(() if more is None else (more,))):
        dollars = dollars_of(action, view)
        if dollars is None:
            return None
        if isinstance(action, OpenPosition):
            isolated += dollars
        elif not action.reduce:
            bought, sold = _added(action, dollars, bought, sold)
    held = view.position(CROSS)
    cross = 0 if held is None else held.side.sign * held.quantity
    return isolated + max(abs(cross), abs(cross + bought), abs(cross - sold))


def _added(order: Order | CrossOrder, dollars: int, bought: int, sold: int) -> tuple[int, int]:
    if order.side is Side.BUY:
        return bought + dollars, sold
    return bought, sold + dollars


def positions(view: View, more: OpenPosition | CrossOrder | None = None) -> int:
    """Return how many positions there are or may come to be; cross counts as one."""
    wanted = [*view.opening, *(() if more is None else (more,))]
    isolated = sum(p.margin_mode is MarginMode.ISOLATED for p in view.positions)
    isolated += sum(o.margin_mode is MarginMode.ISOLATED for o in view.orders)
    isolated += sum(isinstance(action, OpenPosition) for action in wanted)
    cross = (
        view.position(CROSS) is not None
        or any(o.margin_mode is MarginMode.CROSS for o in view.orders)
        or any(isinstance(action, CrossOrder) and not action.reduce for action in wanted)
    )
    return isolated + cross


def equity(view: View) -> Sats:
    """Return what the account is worth: free sats, wallet and margins, with profit and loss.

    Sats of openings under way have left the free balance and are not counted before they are seen.
    """
    margins = sum(p.margin for p in view.positions if p.margin_mode is MarginMode.ISOLATED)
    return view.balance.free + view.cross.margin + margins + sum(p.pl for p in view.positions)


def leverage(dollars: int, view: View) -> Decimal | None:
    """Return an exposure as a multiple of the account's worth, None where it cannot be told."""
    worth = equity(view)
    if view.tick is None or worth <= 0:
        return None
    value = value_sats(dollars, view.tick.low)
    return Decimal(value.numerator) / Decimal(value.denominator) / worth
