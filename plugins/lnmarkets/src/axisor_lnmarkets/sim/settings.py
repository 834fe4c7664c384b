"""What a simulator is started with."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor.exchange import Rules
from axisor.exchange.scenarios import DEMO_SEED
from axisor.model import Price, Sats
from axisor.ports import Secret
from axisor_lnmarkets.sim.auth import SCOPES

MOST_BALANCE = 2_100_000_000_000_000
"""Every satoshi there will ever be."""


class FixedPrice(Struct, frozen=True):
    """The price stands until it is moved by hand."""

    price: Price = Decimal(100_000)


class ScenarioPrices(Struct, frozen=True):
    """Prices follow a named scenario of the engine, as the seed makes it."""

    name: str
    seed: int = DEMO_SEED


class WalkPrices(Struct, frozen=True):
    """Prices walk at random, as the seed decides."""

    seed: int


class CandlePrices(Struct, frozen=True):
    """Prices are those of a candle file."""

    path: Path


PriceSource: TypeAlias = FixedPrice | ScenarioPrices | WalkPrices | CandlePrices


class Settings(Struct, frozen=True, kw_only=True):
    """One account on one simulated market behind one address.

    `start` is the first moment of market time: None is now, or the first candle of a file. `speed`
    is market seconds per second, None as fast as prices can be had. `spread` is the dollars between
    bid and ask of the smallest size and `funding_rate` the fraction for eight hours; None is what
    the scenario says, or no spread and a hundredth of a percent. `control_token` opens `/sim`; None
    closes it. Limits count per second; `any_host` allows an address beyond loopback. `held` keeps
    market time at its start until the clock is let go.
    """

    key: str
    secret: Secret
    passphrase: Secret
    balance: Sats
    host: str = "127.0.0.1"
    port: int = 0
    scopes: tuple[str, ...] = SCOPES
    prices: PriceSource = FixedPrice()
    start: datetime | None = None
    speed: Decimal | None = Decimal(1)
    spread: Decimal | None = None
    rules: Rules = Rules()
    funding_rate: Decimal | None = None
    rate_limit: bool = True
    anonymous_per_s: int = 1
    keyed_per_s: int = 5
    control_token: Secret | None = None
    any_host: bool = False
    held: bool = False
    seed: int = 0
    username: str = "simulated"

    def check(self) -> None:
        """Raise SettingsInvalid for anything that cannot be served."""
        _check_host(self.host, any_host=self.any_host)
        if not self.key or not self.secret.reveal() or not self.passphrase.reveal():
            raise SettingsInvalid(
                "The simulator needs a key, a secret and a passphrase.", fix="Give all three."
            )
        if not 0 <= self.balance <= MOST_BALANCE:
            raise SettingsInvalid(
                f"A balance of {self.balance} sats is out of range.",
                fix=f"Use 0 to {MOST_BALANCE}.",
            )
        if self.speed is not None and not 0 < self.speed <= 1_000_000:
            raise SettingsInvalid("The speed is out of range.", fix="Use up to 1,000,000, or max.")
        if self.funding_rate is not None and abs(self.funding_rate) > Decimal("0.1"):
            raise SettingsInvalid(
                f"A funding rate of {self.funding_rate} is absurd.", fix="Use -0.1 to 0.1."
            )
        if self.anonymous_per_s < 1 or self.keyed_per_s < 1:
            raise SettingsInvalid(
                "A rate limit must allow a request.", fix="Use 1 or more, or switch limits off."
            )
        if self.start is not None and self.start.astimezone(UTC).year < 1971:
            raise SettingsInvalid(f"{self.start} is too early.", fix="Start in 1971 or later.")


def _check_host(host: str, *, any_host: bool) -> None:
    if any_host or host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsInvalid(
            f"The simulator speaks plain HTTP, and {host} can be reached by others.",
            fix="Listen on 127.0.0.1, or pass --any-host if the network is yours alone.",
        )
