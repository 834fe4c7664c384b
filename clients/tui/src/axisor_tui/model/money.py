"""Amounts as people read and write them: in sats, in mBTC, or in dollars at the present price."""

from __future__ import annotations

import enum
import re
from decimal import ROUND_HALF_EVEN, Decimal

from axisor.errors import FieldInvalid
from axisor.model import SATS_PER_BITCOIN, Price, Sats
from axisor_tui.model.cells import Tone

SATS_PER_MBTC = 100_000
_AMOUNT = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?)\s*(sats?|mbtc)", re.IGNORECASE)
_PRICE = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?)\s*(usd|\$)?", re.IGNORECASE)


class Unit(enum.StrEnum):
    """In what amounts are shown. What is sent is sats in any case."""

    SAT = "sat"
    MBTC = "mBTC"
    USD = "USD"

    @property
    def next(self) -> Unit:
        """Return the unit after this one, and after the last the first."""
        order = list(Unit)
        return order[(order.index(self) + 1) % len(order)]


def shown(sats: Sats, unit: Unit, price: Price | None, *, signed: bool = False) -> str:
    """Return an amount in a unit, without the unit's name; `?` for dollars without a price."""
    sign = "+" if signed else ""
    match unit:
        case Unit.SAT:
            return f"{sats:{sign},}"
        case Unit.MBTC:
            return f"{Decimal(sats) / SATS_PER_MBTC:{sign},.5f}"
        case Unit.USD if price is None:
            return "?"
        case Unit.USD:
            dollars = Decimal(sats) * price / SATS_PER_BITCOIN
            return f"{dollars.quantize(Decimal('0.01'), ROUND_HALF_EVEN):{sign},f}"


def arrow(sats: Sats) -> str:
    """Return a triangle that says gain or loss."""
    return "▲" if sats > 0 else "▼" if sats < 0 else " "


def tone(sats: Sats) -> Tone:
    """Return the tone of a gain or a loss; its sign says the same."""
    return Tone.GAIN if sats > 0 else Tone.LOSS if sats < 0 else Tone.PLAIN


def parsed(text: str) -> Sats:
    """Return the sats that a person wrote, such as `50,000sat` or `0.5 mbtc`.

    A number without a unit is refused. Raises FieldInvalid.
    """
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise FieldInvalid(
            f"`{text}` is not an amount with its unit.",
            fix="Say for example 50000sat or 0.5mbtc.",
            field="amount_sats",
        )
    number = Decimal(found[1].replace(",", "").replace("_", ""))
    sats = number * (SATS_PER_MBTC if found[2].lower() == "mbtc" else 1)
    if sats != int(sats) or sats <= 0:
        raise FieldInvalid(f"`{text}` is no whole number of sats above zero.", field="amount_sats")
    return int(sats)


def price_of(text: str) -> Price | None:
    """Return the price in dollars that a person wrote; `off` is None. Raises FieldInvalid."""
    if text.strip().lower() == "off":
        return None
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise FieldInvalid(
            f"`{text}` is not a price.", fix="Say for example 95300, or off.", field="price_usd"
        )
    return Decimal(found[1].replace(",", "").replace("_", ""))
