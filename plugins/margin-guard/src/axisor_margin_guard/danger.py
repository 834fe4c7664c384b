"""How near a position is to its end: exact distances, triggers, and where they change."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from axisor import maths
from axisor.model import MarginMode, Position, Price, Sats, Side, Tick
from axisor_margin_guard.config import HUNDRED, Rule


class Exposure(Struct, frozen=True):
    """A position as the formulas see it, isolated or cross.

    `backing` is the margin that carries losses: the trade's margin, or the cross wallet less
    `reserved`, the maintenance it keeps back. `liquidation` is the venue's price for it.
    """

    side: Side
    quantity: int
    entry: Price
    backing: Sats
    reserved: Sats
    liquidation: Price

    def with_added(self, sats: Sats) -> Exposure:
        """Return the exposure with more backing, or less when `sats` is negative."""
        backing = self.backing + sats
        price = maths.liquidation(self.side, self.quantity, self.entry, backing)
        return Exposure(self.side, self.quantity, self.entry, backing, self.reserved, price)


def exposure(position: Position) -> Exposure:
    """Return a position's exposure. Raises ValueError where its figures cannot be a position's.

    Where the venue names a nearer liquidation price than the formula gives, the venue is believed,
    and the backing is the least that explains its price.
    """
    side, quantity, entry = position.side, position.quantity, position.entry
    if quantity <= 0 or entry <= 0:
        raise ValueError("quantity and entry price must be above zero")
    if position.liquidation < 0 or (side is Side.SELL and position.liquidation == 0):
        raise ValueError("the liquidation price must be above zero")
    cross = position.margin_mode is MarginMode.CROSS
    reserved = maths.cross_maintenance_margin(quantity, entry) if cross else 0
    backing = position.margin - reserved
    computed = maths.liquidation(side, quantity, entry, backing)
    if side.sign * (position.liquidation - computed) > 0:
        least = maths.margin_for_liquidation(side, quantity, entry, position.liquidation)
        backing = min(backing, least)
    nearer = max(computed, position.liquidation) if side is Side.BUY else computed
    if side is Side.SELL:
        nearer = min(computed, position.liquidation)
    return Exposure(side, quantity, entry, backing, reserved, nearer)


def distance(held: Exposure, price: Price) -> Fraction:
    """Return the distance to liquidation as an exact fraction of the price."""
    at, of = price.as_integer_ratio()
    end, end_of = held.liquidation.as_integer_ratio()
    return Fraction(held.side.sign * (at * end_of - end * of), at * end_of)


def fires(rule: Rule, held: Exposure, price: Price) -> bool:
    """Return whether the rule's trigger is met, strictly."""
    return _fires(rule, held, price, rule.trigger)


def is_endless(held: Exposure) -> bool:
    """Return whether a position cannot be liquidated: a short whose margin covers its value."""
    return held.side is Side.SELL and held.liquidation >= maths.MAX_PRICE


def _fires(rule: Rule, held: Exposure, price: Price, threshold: Decimal) -> bool:
    if is_endless(held):
        return False
    if rule.trigger_by == "distance":
        return maths.is_nearer(held.side, price, held.liquidation, threshold / HUNDRED)
    room = held.side.sign * (held.entry - held.liquidation)
    lost = held.side.sign * (held.entry - price)
    return room <= 0 or lost * HUNDRED > threshold * room


def trigger_bound(rule: Rule, held: Exposure) -> Fraction | None:
    """Return the price just beyond which the trigger is met; None where it is met at any price."""
    return _bound(rule, held, rule.trigger)


def _bound(rule: Rule, held: Exposure, threshold: Decimal) -> Fraction | None:
    if is_endless(held):
        return Fraction(2 * maths.MAX_PRICE)
    share = Fraction(threshold) / 100
    edge, entry = Fraction(held.liquidation), Fraction(held.entry)
    if rule.trigger_by == "distance":
        rest = 1 - held.side.sign * share
        return edge / rest if rest > 0 else None
    if held.side.sign * (entry - edge) <= 0:
        return None
    return entry - share * (entry - edge)


def calm_threshold(rule: Rule) -> Decimal:
    """Return the trigger moved by the hysteresis to the calm side, where an episode ends."""
    if rule.trigger_by == "distance":
        return min(rule.trigger + rule.hysteresis, Decimal("99.99"))
    return max(rule.trigger - rule.hysteresis, Decimal(0))


def is_calm(rule: Rule, held: Exposure, price: Price) -> bool:
    """Return whether an episode may end."""
    return not _fires(rule, held, price, calm_threshold(rule))


def is_critical(rule: Rule, held: Exposure, price: Price) -> bool:
    """Return whether the distance is so small that waiting for an outcome may cost the position."""
    if rule.critical is not None:
        return maths.is_nearer(held.side, price, held.liquidation, rule.critical / HUNDRED)
    if rule.trigger_by == "distance":
        return maths.is_nearer(held.side, price, held.liquidation, rule.trigger / (2 * HUNDRED))
    halfway = (HUNDRED + rule.trigger) / 2
    return _fires(rule, held, price, halfway)


def funding_due(rule: Rule, tick: Tick, now: datetime) -> bool:
    """Return whether the next funding payment is near enough to be counted as paid."""
    due = tick.funding_time
    if due is None or tick.funding_rate is None or rule.funding_ahead_min == 0:
        return False
    return tick.time < due <= now + timedelta(minutes=rule.funding_ahead_min)


def fee_ahead(
    rule: Rule, side: Side, quantity: int, price: Price, tick: Tick, now: datetime
) -> Sats:
    """Return the funding fee to count as paid already, never below zero: income is not counted."""
    if tick.funding_rate is None or not funding_due(rule, tick, now):
        return 0
    return max(0, maths.funding_fee(side, quantity, price, tick.funding_rate))


def equity(held: Exposure, price: Price) -> Fraction:
    """Return backing, reserve and profit together, in sats."""
    gain = maths.pl_exact(held.side, held.quantity, held.entry, price)
    return held.backing + held.reserved + gain


def is_leveraged_above(held: Exposure, price: Price, leverage: int) -> bool:
    """Return whether value over equity exceeds a leverage; true when nothing is left."""
    return maths.value_sats(held.quantity, price) > leverage * equity(held, price)
