"""Refuses to take margin out of a position that would then stand at the edge of liquidation.

The guard puts margin in; this keeps others (a client's slip, another strategy) from taking it out
where the next small move would be the end. It knows no rule of an account: one bound holds for all.
"""

from __future__ import annotations

from decimal import Decimal

from axisor.errors import AxisorError, ReviewRefused
from axisor.intents import Action, CashIn, WithdrawCross
from axisor.maths import (
    cross_liquidation,
    distance,
    is_nearer,
    liquidation,
    pl_exact,
    round_to_step,
    value_sats,
)
from axisor.model import CROSS, MarginMode, Position, Price, Sats
from axisor.strategy import View

LEAST = Decimal("0.01")
"""Nearer than one percent to liquidation nothing may be taken out."""


def review(action: Action, view: View) -> AxisorError | None:
    """Return why the action is refused, or None. Without a price nothing is taken out."""
    if isinstance(action, CashIn):
        position, amount = view.position(action.position), action.amount
    elif isinstance(action, WithdrawCross):
        position, amount = view.position(CROSS), action.amount
    else:
        return None
    if position is None:
        return None  # nothing is at stake, and whoever comes next says that it is not there
    price = None if view.tick is None else view.tick.guard_price(position.side, position.quantity)
    if price is None:
        return ReviewRefused(
            "There is no executable price to judge by, so no margin is taken out.",
            fix="Wait for the feed: axisor market ticker.",
            position=position.id,
        )
    after = liquidation_after(position, amount, price)
    if after is not None and not is_nearer(position.side, price, after, LEAST):
        return None
    left = Decimal(0) if after is None else distance(position.side, price, after) * 100
    return ReviewRefused(
        f"Taking {amount:,} sat out would leave {max(left, Decimal(0)):.2f} % to liquidation.",
        fix=f"Take out less: at least {LEAST * 100:f} % must be left.",
        position=position.id,
        amount_sats=amount,
    )


def liquidation_after(position: Position, amount: Sats, price: Price) -> Price | None:
    """Return the liquidation price after sats are taken out, None where they cannot be.

    A cash-in takes profit first, which moves the entry price, and margin after that, as the venue
    does.
    """
    side, quantity = position.side, position.quantity
    if position.margin_mode is MarginMode.CROSS:
        left = position.margin - amount
        return cross_liquidation(side, quantity, position.entry, left) if left > 0 else None
    profit = pl_exact(side, quantity, position.entry, price)
    whole = int(profit) if profit > 0 else 0
    if amount < whole:
        worth = value_sats(quantity, position.entry) - side.sign * amount
        entry = round_to_step(value_sats(quantity, Price(1)) / worth)
        return liquidation(side, quantity, entry, position.margin)
    entry = price if whole else position.entry
    left = position.margin - (amount - whole)
    return liquidation(side, quantity, entry, left) if left > 0 else None
