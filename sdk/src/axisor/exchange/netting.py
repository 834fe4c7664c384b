"""How a fill changes the one cross position: netting, carried losses, margins.

Everything here is a function of values. A loss on a partial reduce is not paid but carried in the
entry price of the rest; only one published source describes this, so it may differ from the venue.
"""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from axisor.exchange.records import CrossPosition
from axisor.maths import (
    MAX_PRICE,
    cross_liquidation,
    cross_maintenance_margin,
    cross_max_quantity,
    cross_running_margin,
    pl,
    pl_exact,
    round_to_step,
    value_sats,
)
from axisor.model import SATS_PER_BITCOIN, Price, Sats, Side


class Netted(Struct, frozen=True):
    """What a fill leaves: the signed quantity, its entry price, and the profit realised."""

    quantity: int
    entry: Price | None
    realised: Sats


def net(position: CrossPosition, side: Side, quantity: int, price: Price) -> Netted:
    """Return what filling an order leaves of a position, before its fee."""
    held, entry = abs(position.quantity), position.entry_price
    if entry is None:
        return Netted(side.sign * quantity, price, 0)
    if side is position.side:
        worth = value_sats(held, entry) + value_sats(quantity, price)
        mean = round_to_step((held + quantity) * SATS_PER_BITCOIN / worth)
        return Netted(position.quantity + side.sign * quantity, mean, 0)
    if quantity < held:
        return _reduce(position, entry, quantity, price)
    realised = max(-position.margin, pl(position.side, held, entry, price))
    rest = quantity - held
    return Netted(side.sign * rest, price if rest else None, realised)


def _reduce(position: CrossPosition, entry: Price, quantity: int, price: Price) -> Netted:
    side, rest = position.side, abs(position.quantity) - quantity
    left = side.sign * rest
    profit = pl_exact(side, quantity, entry, price)
    if profit < 0:
        whole = pl_exact(side, quantity + rest, entry, price)
        per_dollar = value_sats(1, price) + side.sign * whole / rest
        carried = SATS_PER_BITCOIN / per_dollar if per_dollar > 0 else Fraction(0)
        if 1 <= carried <= Fraction(MAX_PRICE):
            return Netted(left, round_to_step(carried), 0)
        # The rest is too small to carry the loss, so the part that is closed pays its own.
    return Netted(left, entry, max(-position.margin, profit.numerator // profit.denominator))


def placed(position: CrossPosition, quantity: int, entry: Price | None) -> CrossPosition:
    """Return the position at this signed quantity and entry, all that follows recomputed."""
    if not quantity or entry is None:
        return replace(
            position,
            quantity=0,
            entry_price=None,
            liquidation=None,
            initial_margin=0,
            running_margin=0,
            maintenance_margin=0,
        )
    size = abs(quantity)
    side = Side.BUY if quantity > 0 else Side.SELL
    used = cross_running_margin(size, entry, position.leverage)
    return replace(
        position,
        quantity=quantity,
        entry_price=entry,
        liquidation=cross_liquidation(side, size, entry, position.margin),
        initial_margin=used,
        running_margin=used,
        maintenance_margin=cross_maintenance_margin(size, entry),
    )


def recomputed(position: CrossPosition) -> CrossPosition:
    """Return the position with margins and liquidation price that fit its wallet and leverage."""
    return placed(position, position.quantity, position.entry_price)


def bearable(position: CrossPosition) -> bool:
    """Return whether wallet and leverage allow a position of this size."""
    if not position.quantity:
        return True
    free = position.margin - position.maintenance_margin
    within = abs(position.quantity) <= cross_max_quantity(position.leverage)
    return within and position.running_margin < free


def profit_at(position: CrossPosition, price: Price) -> Sats:
    """Return the unrealised profit at a closing price; 0 when flat."""
    if position.entry_price is None:
        return 0
    return pl(position.side, abs(position.quantity), position.entry_price, price)


def free_margin(position: CrossPosition, price: Price) -> Sats:
    """Return what may be withdrawn: the wallet less what the position needs and has lost."""
    lost = max(0, -profit_at(position, price) - position.running_margin)
    needed = position.running_margin + position.maintenance_margin + lost
    return max(0, position.margin - needed)
