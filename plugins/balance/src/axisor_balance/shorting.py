"""How large a short keeps a share of the sats worth the same, and at which prices it does not.

With `W` sats in balance and wallet, a short of `Q` dollars entered at `E`, and `S` sats in a
bitcoin, what is held is worth `(W - Q·S/E)·P/S + Q` dollars at the price `P`: a straight line, so
the prices at which the short is too large or too small are known beforehand.
"""

from __future__ import annotations

from decimal import Decimal
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

    def bounds(self, share: Decimal, band: Fraction) -> tuple[Price | None, Price | None]:
        """Return prices between which the short is right within a band of dollars.

        A bound that every price reaches is 0 from below; None is reached by none. Each may lie up
        to a cent nearer than it must, and a dollar of the short: being called early costs a look.
        """
        most, least = self.short + band, max(Fraction(0), self.short - band + 1)
        if self.slope == 0:
            wanted = self.short * Fraction(share)
            return None, None if least < wanted < most else Price(0)
        grown, shrunk = (self._price_where(dollars / Fraction(share)) for dollars in (most, least))
        low, high = (shrunk, grown) if self.slope > 0 else (grown, shrunk)
        below = min(_cents(low, up=True), MAX_PRICE) if low > 0 else None
        return below, min(_cents(max(high, Fraction(0)), up=False), 2 * MAX_PRICE)

    def _price_where(self, dollars: Fraction) -> Fraction:
        """Return the price at which what is held is worth so many dollars; it may be below 0."""
        return (dollars - self.short) * SATS_PER_BITCOIN / self.slope


def _cents(price: Fraction, *, up: bool) -> Price:
    cents = price * 100
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
