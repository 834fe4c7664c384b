"""The venue's limits and switches, and how it says no."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from axisor.errors import FieldInvalid, VenueRefused
from axisor.maths import FEE_RATES
from axisor.model import Price, Sats


class Rules(Struct, frozen=True, kw_only=True):
    """How strictly and at what cost the venue works; the defaults are the real one's.

    `fee_tier` is `by volume` (of the last 30 days), a fixed tier from 0 (dearest) to 3, or None
    for no fees and no fee reserve on isolated trades. `liquidate_on` is the reference of
    liquidations.
    """

    fee_tier: Literal["by volume"] | int | None = "by volume"
    liquidate_on: Literal["last", "executable"] = "last"
    funding: bool = True
    max_quantity: int = 500_000
    max_exposure: int = 10_000_000
    max_trades: int = 100
    max_leverage: int = 100

    def __post_init__(self) -> None:
        if isinstance(self.fee_tier, int) and not 0 <= self.fee_tier < len(FEE_RATES):
            raise FieldInvalid(f"There is no fee tier {self.fee_tier}.", field="fee_tier")


TIER_VOLUMES = (0, 250_000, 1_000_000, 5_000_000)
"""Dollars traded in 30 days from which each fee tier holds, in the order of `maths.FEE_RATES`."""


class Rejected(VenueRefused):
    """The simulated venue refuses a request; nothing has changed.

    `code` and `status` are those of the venue's JSON error and HTTP answer.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message, code=code)
        self.code = code
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        return Rejected, (self.code, self.message, self.status)


def bad(message: str) -> Rejected:
    """Return the refusal of a request that breaks a rule."""
    return Rejected("BAD_REQUEST", message, 400)


def missing(what: str) -> Rejected:
    """Return the refusal of a request about something that is not there."""
    return Rejected("NOT_FOUND", f"{what} not found", 404)


def too_little(needed: Sats, balance: Sats) -> Rejected:
    """Return the refusal of a request the balance does not cover."""
    return bad(f"Balance too low: {needed} sats are needed, {balance} are free")


def must_be_positive(amount: Sats) -> None:
    """Refuse an amount below one sat."""
    if amount < 1:
        raise bad("Amount must be a whole number of sats above 0")


def executable(price: Price | None) -> Price:
    """Return the price, or refuse where the market shows none for the size."""
    if price is None:
        raise Rejected("SERVICE_UNAVAILABLE", "No price for this size at the moment", 503)
    return price
