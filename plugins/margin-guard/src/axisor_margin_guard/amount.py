"""How many sats a rescue takes: the least that reach the trigger and the target, and their caps."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from axisor import maths
from axisor.model import SATS_PER_BITCOIN, MarginMode, Position, Price, Sats, Side
from axisor_margin_guard.config import Rule
from axisor_margin_guard.danger import Exposure

OUT_OF_REACH: Sats = 10**16
"""More sats than exist: what a target takes that no margin can reach."""


def needed_for_trigger(rule: Rule, held: Exposure, price: Price) -> Sats:
    """Return the least sats after which the trigger is no longer met at this price."""
    if rule.trigger_by == "distance":
        share = rule.trigger / 100
        return _needed(held, maths.liquidation_at_distance(held.side, price, share))
    lost = held.side.sign * (held.entry - price)
    away = max(Fraction(lost) * 100 / Fraction(rule.trigger), Fraction(1, 2))
    return _needed(held, Fraction(held.entry) - held.side.sign * away)


def needed_for_target(rule: Rule, held: Exposure, price: Price) -> Sats:
    """Return the least sats that reach the target, and the trigger where that is farther."""
    return max(_for_target(rule, held, price), needed_for_trigger(rule, held, price))


def beyond_trigger(rule: Rule, held: Exposure, price: Price, lift: Sats) -> Sats:
    """Return the same where it is known what the trigger needs, which is `lift`."""
    return max(_for_target(rule, held, price), lift)


def _for_target(rule: Rule, held: Exposure, price: Price) -> Sats:
    if rule.target_by == "leverage":
        margin = maths.margin_for(held.quantity, held.entry, rule.target)
        return max(0, margin - held.backing - held.reserved)
    if rule.target_by == "distance":
        share = rule.target / 100
        return _needed(held, maths.liquidation_at_distance(held.side, price, share))
    return _needed(held, rule.target)


def _needed(held: Exposure, liquidation: Price | Fraction) -> Sats:
    if held.side is Side.BUY and liquidation < 0:
        return OUT_OF_REACH
    if held.side is Side.SELL and liquidation > maths.MAX_PRICE:
        liquidation = maths.MAX_PRICE
    # Compared crosswise in integers: of all that a rescue computes this is asked most often.
    n, d = held.liquidation.as_integer_ratio()
    wanted, of = liquidation.as_integer_ratio()
    if held.side.sign * (n * of - wanted * d) <= 0:
        return 0
    least = maths.margin_for_liquidation(held.side, held.quantity, held.entry, liquidation)
    return max(0, least - held.backing)


def position_cap(rule: Rule, position: Position, spent: Sats) -> Sats:
    """Return the most sats one action on a position may add: its budgets and leverage 1."""
    caps = [OUT_OF_REACH]
    if position.margin_mode is MarginMode.ISOLATED:
        caps.append(maths.most_margin(position.quantity, position.entry) - position.margin)
    if rule.budget_action is not None:
        caps.append(rule.budget_action)
    if rule.budget_position is not None:
        caps.append(rule.budget_position - spent)
    return max(0, min(caps))


def spendable(free: Sats, reserve: Sats, budget_day: Sats | None, day_spent: Sats) -> Sats:
    """Return the sats that the account's reserve and day budget leave for rescues."""
    money = free - reserve
    if budget_day is not None:
        money = min(money, budget_day - day_spent)
    return max(0, money)


def least_reduction(rule: Rule, held: Exposure, price: Price, fee_rate: Decimal) -> int | None:
    """Return the fewest dollars of a cross position to close so that the rule's target is met.

    None where no part short of the whole is enough. A loss is carried into the rest, as the venue
    accounts for a partial close: the rest's entry is worse and only the fee leaves the wallet.
    """
    gain = maths.pl_exact(held.side, held.quantity, held.entry, price)
    carrying = 1
    if held.side is Side.BUY and gain < 0:  # a smaller rest could not carry the loss at any entry
        carrying = int(-gain * Fraction(price) // SATS_PER_BITCOIN) + 1
    low, high = 1, held.quantity - carrying
    if high < 1 or not _reduction_meets(rule, held, price, fee_rate, high):
        return None
    while low < high:
        middle = (low + high) // 2
        if _reduction_meets(rule, held, price, fee_rate, middle):
            high = middle
        else:
            low = middle + 1
    return low


def _reduction_meets(
    rule: Rule, held: Exposure, price: Price, fee_rate: Decimal, closed: int
) -> bool:
    after = reduced(held, price, fee_rate, closed)
    return after is not None and needed_for_target(rule, after, price) == 0


def reduced(held: Exposure, price: Price, fee_rate: Decimal, closed: int) -> Exposure | None:
    """Return a cross exposure after a partial close at a price; None where none is left."""
    rest = held.quantity - closed
    wallet = held.backing + held.reserved - maths.fee(closed, price, fee_rate)
    gain = maths.pl_exact(held.side, held.quantity, held.entry, price)
    if gain >= 0:
        wallet += int(maths.pl_exact(held.side, closed, held.entry, price) // 1)
        entry = held.entry
    else:
        per_dollar = SATS_PER_BITCOIN / Fraction(price) + held.side.sign * gain / rest
        if per_dollar <= 0:
            return None
        entry = maths.round_to_step(SATS_PER_BITCOIN / per_dollar)
    reserved = maths.cross_maintenance_margin(rest, entry)
    liquidation = maths.liquidation(held.side, rest, entry, wallet - reserved)
    return Exposure(held.side, rest, entry, wallet - reserved, reserved, liquidation)
