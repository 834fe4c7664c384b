"""How large a short keeps a share of the sats worth the same, and at which prices it does not.

With `W` sats in balance and wallet, a short of `Q` dollars entered at `E`, and `S` sats in a
bitcoin, what is held is worth `(W - Q·S/E)·P/S + Q` dollars at the price `P`: a straight line, so
the prices at which the short is too large or too small are known beforehand.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from msgspec import Struct

from axisor.maths import MAX_PRICE, cross_maintenance_margin, fee, margin_for, value_sats
from axisor.model import SATS_PER_BITCOIN, Price, Sats

_CENT = Decimal("0.01")
_FEE_RATE = Decimal("0.001")


class Held(Struct, frozen=True):
    """Sats in balance and wallet, and a short of so many dollars entered at a price."""

    sats: Sats
    short: int = 0
    entry: Price = Price(1)

    @property
    def slope(self) -> Fraction:
        """Return the sats whose worth in dollars moves with the price."""
        return self.sats - value_sats(self.short, self.entry)

    def worth(self, price: Price) -> Fraction:
        """Return what is held in dollars at a price."""
        return self.slope * Fraction(price) / SATS_PER_BITCOIN + self.short

    def wanted(self, price: Price, share: Decimal) -> int:
        """Return the dollars to be short at a price for a share (a fraction), rounded down."""
        return max(0, int(self.worth(price) * Fraction(share)))

    def price_where(self, dollars: Fraction, share: Decimal) -> Fraction | None:
        """Return the price at which so many dollars are wanted, None where no price is."""
        if self.slope == 0:
            return None
        found = (dollars / Fraction(share) - self.short) * SATS_PER_BITCOIN / self.slope
        return found if found > 0 else None

    def bounds(self, share: Decimal, band: Fraction) -> tuple[Price | None, Price | None]:
        """Return prices between which the short is right within a band of dollars.

        Each may lie up to a cent nearer than it must; being called early costs a look.
        """
        more = self.price_where(self.short + band, share)
        less = self.price_where(max(Fraction(0), self.short - band + 1), share)
        low, high = (less, more) if self.slope > 0 else (more, less)
        return _up(low), _down(high)


def _up(price: Fraction | None) -> Price | None:
    return None if price is None else min(_decimal(price, ROUND_CEILING), MAX_PRICE)


def _down(price: Fraction | None) -> Price | None:
    return None if price is None else min(_decimal(price, ROUND_FLOOR), MAX_PRICE)


def _decimal(price: Fraction, rounding: str) -> Price:
    cents = price * 100
    up = rounding == ROUND_CEILING
    whole = -(-cents.numerator // cents.denominator) if up else cents.numerator // cents.denominator
    return whole * _CENT


def margin_needed(short: int, price: Price, leverage: int) -> Sats:
    """Return the sats a wallet must hold for a short entered at a price, fees of both ways too."""
    fees = 2 * fee(short, price, _FEE_RATE)
    return margin_for(short, price, leverage) + cross_maintenance_margin(short, price) + fees


def most_short(sats: Sats, price: Price, leverage: int) -> int:
    """Return the largest short that so many sats in the wallet hold, at least 0."""
    # Margin is 1/leverage of the value; the reserve and both fees take 0.35 % of it.
    part = Fraction(1, leverage) + Fraction(35, 10_000)
    short = int(sats / part * Fraction(price) / SATS_PER_BITCOIN)
    while short > 0 and margin_needed(short, price, leverage) > sats:
        short -= 1
    return max(0, short)
