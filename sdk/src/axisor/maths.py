"""The venue's arithmetic for inverse contracts, exact to the sat.

One contract is one US dollar; margin, profit and fees are sats. With `S` = 100,000,000 sats, `Q`
the quantity, `E` the working entry price and `M` the margin, a long has profit `Q·S·(1/E - 1/P)` at
the price `P`. All rounding happens here and nowhere else: liquidation prices to the nearest half
dollar, profit half up, margins up, fees down, funding half up. Source of the formulas: the venue's
published maths (`computeFuturesPositionPl`) and its documentation of margin, liquidation and
funding.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from axisor.model import SATS_PER_BITCOIN, Price, Sats, Side

STEP = Decimal("0.5")
"""Prices of orders and liquidations are multiples of this many dollars."""

MAX_PRICE = Decimal(100_000_000)
"""The venue's highest price; a short that cannot be liquidated has it as liquidation price."""

MAINTENANCE_RATE = Decimal("0.001")
"""Share of the value at entry and at liquidation that an isolated position reserves for fees."""

CROSS_MAINTENANCE_RATE = Decimal("0.0015")
"""Share of the value at entry that a cross position reserves."""

FEE_RATES = (Decimal("0.001"), Decimal("0.0008"), Decimal("0.0007"), Decimal("0.0006"))
"""Trading fee by fee tier, the dearest first."""

_LEVERAGE_SCALE = 10**12


def on_step(price: Price) -> bool:
    """Return whether the price is a multiple of half a dollar."""
    return price % STEP == 0


def round_to_step(price: Price | Fraction) -> Price:
    """Round to the nearest half dollar, a quarter up."""
    numerator, denominator = price.as_integer_ratio()
    return _half_dollars(numerator, denominator)


def _half_dollars(numerator: int, denominator: int) -> Price:
    return Decimal((4 * numerator + denominator) // (2 * denominator)) / 2


def _ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def value_sats(quantity: int, price: Price) -> Fraction:
    """Return what `quantity` dollars are worth in sats at a price, unrounded."""
    n, d = price.as_integer_ratio()
    return Fraction(quantity * SATS_PER_BITCOIN * d, n)


def margin_for(quantity: int, price: Price, leverage: Decimal | int) -> Sats:
    """Return the margin of a new position, rounded up to a sat."""
    n, d = price.as_integer_ratio()
    ln, ld = leverage.as_integer_ratio()
    return _ceil(quantity * SATS_PER_BITCOIN * d * ld, n * ln)


def quantity_for(margin: Sats, price: Price, leverage: Decimal | int) -> int:
    """Return the whole dollars that a margin buys at a leverage, rounded down."""
    n, d = price.as_integer_ratio()
    ln, ld = leverage.as_integer_ratio()
    return (margin * ln * n) // (ld * d * SATS_PER_BITCOIN)


def leverage_of(quantity: int, margin: Sats, price: Price) -> Decimal:
    """Return the effective leverage `Q·S / (M·price)`, to twelve decimal places, half up."""
    n, d = price.as_integer_ratio()
    worth, denominator = quantity * SATS_PER_BITCOIN * d, margin * n
    scaled = (2 * worth * _LEVERAGE_SCALE + denominator) // (2 * denominator)
    whole, rest = divmod(scaled, _LEVERAGE_SCALE)
    # Written out, not normalised: a round leverage must read 10 and not 1E+1.
    return Decimal(f"{whole}.{rest:012}".rstrip("0").rstrip("."))


def most_margin(quantity: int, entry: Price) -> Sats:
    """Return the largest margin that keeps leverage at 1 or above."""
    n, d = entry.as_integer_ratio()
    return (quantity * SATS_PER_BITCOIN * d) // n


def pl_exact(side: Side, quantity: int, entry: Price, price: Price) -> Fraction:
    """Return profit (or loss, negative) in sats, unrounded."""
    return side.sign * (value_sats(quantity, entry) - value_sats(quantity, price))


def pl(side: Side, quantity: int, entry: Price, price: Price) -> Sats:
    """Return profit in sats, rounded half up (towards +infinity) as the venue does."""
    en, ed = entry.as_integer_ratio()
    pn, pd = price.as_integer_ratio()
    numerator = side.sign * quantity * SATS_PER_BITCOIN * (ed * pn - pd * en)
    denominator = en * pn
    return (2 * numerator + denominator) // (2 * denominator)


def liquidation(side: Side, quantity: int, entry: Price, margin: Sats) -> Price:
    """Return the price at which the loss reaches the margin, on the nearest half dollar.

    `margin` is the trade's margin (isolated) or margin less maintenance (cross). A short whose
    margin covers its whole value has `MAX_PRICE`.
    """
    n, d = entry.as_integer_ratio()
    worth = quantity * SATS_PER_BITCOIN
    if side is Side.BUY:
        denominator = worth * d + margin * n
        return (
            MAX_PRICE if denominator <= 0 else min(_half_dollars(n * worth, denominator), MAX_PRICE)
        )
    denominator = worth * d - margin * n
    if denominator <= 0:
        return MAX_PRICE
    return min(_half_dollars(n * worth, denominator), MAX_PRICE)


def margin_for_liquidation(
    side: Side, quantity: int, entry: Price, target: Price | Fraction
) -> Sats:
    """Return the least margin whose liquidation price, as the venue rounds it, meets `target`.

    Meets means at or below for a long, at or above for a short. Never below 0. The half-dollar grid
    is used in closed form: the venue's price is at most `G` exactly when the unrounded one is below
    `G + 1/4`, at least `G` exactly when it is at or above `G - 1/4`.
    """
    worth = quantity * SATS_PER_BITCOIN
    n, d = entry.as_integer_ratio()
    tn, td = target.as_integer_ratio()
    if side is Side.BUY:
        grid = 2 * tn // td
        gn, gd = 2 * grid + 1, 4
        if gn <= 0:
            raise ValueError("a long cannot be liquidated below zero")
        return max(0, worth * (gd * n - d * gn) // (gn * n) + 1)
    grid = _ceil(2 * tn, td)
    gn, gd = 2 * grid - 1, 4
    return max(0, _ceil(worth * (d * gn - gd * n), n * gn))


def fee(quantity: int, price: Price, rate: Decimal) -> Sats:
    """Return a trading fee, rounded down."""
    n, d = price.as_integer_ratio()
    rn, rd = rate.as_integer_ratio()
    return (quantity * SATS_PER_BITCOIN * d * rn) // (n * rd)


def maintenance_margin(quantity: int, entry: Price, liquidation_price: Price) -> Sats:
    """Return the fee reserve of a new isolated position: both fees at the dearest tier."""
    return fee(quantity, entry, MAINTENANCE_RATE) + fee(
        quantity, liquidation_price, MAINTENANCE_RATE
    )


def cross_maintenance_margin(quantity: int, entry: Price) -> Sats:
    """Return the part of the cross wallet that a position reserves."""
    return fee(quantity, entry, CROSS_MAINTENANCE_RATE)


def cross_running_margin(quantity: int, entry: Price, leverage: int) -> Sats:
    """Return the part of the cross wallet that a position uses at its leverage, rounded down."""
    n, d = entry.as_integer_ratio()
    return (quantity * SATS_PER_BITCOIN * d) // (n * leverage)


def cross_liquidation(side: Side, quantity: int, entry: Price, margin: Sats) -> Price:
    """Return the liquidation price of a cross position that has the whole wallet behind it."""
    return liquidation(side, quantity, entry, margin - cross_maintenance_margin(quantity, entry))


def cross_max_quantity(leverage: int) -> int:
    """Return the largest cross position in dollars at a leverage, on a multiple of five, up."""
    return 5 * _ceil(15_000_000 * 99 - (leverage - 1) * 5_000_000, 99 * 5)


def funding_fee(side: Side, quantity: int, fixing_price: Price, rate: Decimal) -> Sats:
    """Return a funding payment, rounded half up; positive is paid by the position's owner."""
    n, d = fixing_price.as_integer_ratio()
    rn, rd = rate.as_integer_ratio()
    numerator = quantity * SATS_PER_BITCOIN * d * rn
    denominator = n * rd
    return side.sign * ((2 * numerator + denominator) // (2 * denominator))


def distance(side: Side, price: Price, liquidation_price: Price) -> Decimal:
    """Return how far the price may move against the position, as a fraction of the price.

    Negative beyond liquidation. For comparing with a threshold use `is_nearer`, which is exact.
    """
    return side.sign * (price - liquidation_price) / price


def is_nearer(side: Side, price: Price, liquidation_price: Price, threshold: Decimal) -> bool:
    """Return whether the distance is strictly below the threshold (a fraction), exactly."""
    return side.sign * (price - liquidation_price) < threshold * price


def consumed(side: Side, price: Price, entry: Price, liquidation_price: Price) -> Decimal:
    """Return the share of the way from entry to liquidation already gone; negative in profit."""
    return (entry - price) / (entry - liquidation_price)


def liquidation_at_distance(side: Side, price: Price, threshold: Decimal) -> Price:
    """Return the liquidation price exactly `threshold` (a fraction) away from the price."""
    return price * (1 - side.sign * threshold)
