"""How people write money and prices: with a unit, so that sats and dollars are never mixed up."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from axisor.model import SATS_PER_BITCOIN

SPANS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class SatsType(click.ParamType["int"]):
    """Sats such as `50000sat`, `50_000sat`, `50ksat` or `0.0005btc`."""

    name = "sats"

    def __init__(self, *, bare: bool = False) -> None:
        self.bare = bare

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return whole sats, or fail saying how to write them."""
        if isinstance(value, int):
            return value
        text = str(value).replace("_", "").replace(",", "").lower()
        match = re.fullmatch(r"([-+]?[0-9]+(?:\.[0-9]+)?)(ksat|msat|sats?|btc|)", text)
        if match is None or (match[2] == "" and not self.bare):
            self.fail(f"{value!r} is not an amount such as 50000sat or 0.0005btc", param, ctx)
        scale = {"btc": SATS_PER_BITCOIN, "ksat": 1000}.get(match[2], 1)
        if match[2] == "msat":
            self.fail(f"{value!r} is in thousandths of a sat; the venue counts sats", param, ctx)
        sats = Decimal(match[1]) * scale
        if sats != sats.to_integral_value():
            self.fail(f"{value!r} is not a whole number of sats", param, ctx)
        return int(sats)


class UsdType(click.ParamType["int"]):
    """Whole contracts of a dollar such as `2500usd`."""

    name = "usd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return whole dollars, or fail saying how to write them."""
        if isinstance(value, int):
            return value
        text = str(value).replace("_", "").replace(",", "").lower()
        match = re.fullmatch(r"\$?([-+]?[0-9]+)(usd)?", text)
        if match is None or ("$" not in text and match[2] is None):
            self.fail(f"{value!r} is not a quantity such as 2500usd", param, ctx)
        return int(match[1])


class PriceType(click.ParamType["Decimal | None"]):
    """A price in dollars, or `off`."""

    name = "price"

    def __init__(self, *, off: bool = False) -> None:
        self.off = off

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal | None:
        """Return the price, None for `off`, or fail."""
        if isinstance(value, Decimal):
            return value
        if self.off and str(value).lower() == "off":
            return None
        return _decimal(self, str(value).replace(",", "").removeprefix("$"), value, param, ctx)


class NumberType(click.ParamType["Decimal"]):
    """An exact number, such as a leverage; a trailing `x` is fine."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Return the number, or fail."""
        if isinstance(value, Decimal):
            return value
        return _decimal(self, str(value).lower().strip("x"), value, param, ctx)


class PercentType(click.ParamType["Decimal"]):
    """A percentage such as `2`, `2%` or `-5%`, in percent."""

    name = "percent"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Return the percentage as it was written, or fail."""
        if isinstance(value, Decimal):
            return value
        return _decimal(self, str(value).removesuffix("%"), value, param, ctx)


class SpanType(click.ParamType["timedelta"]):
    """A span of whole minutes, hours or days, such as `15m`, `2h` or `1d`, within bounds."""

    name = "span"

    def __init__(self, *, least: timedelta, most: timedelta) -> None:
        self.least = least
        self.most = most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the span, or fail."""
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"([0-9]{1,5})([mhd])", str(value).lower())
        if match is None:
            self.fail(f"{value!r} is not a span such as 15m or 2h", param, ctx)
        span = int(match[1]) * SPANS[match[2]]
        if not self.least <= span <= self.most:
            self.fail(f"{value!r} is not between a minute and a day", param, ctx)
        return span


def _decimal(
    kind: click.ParamType[Any],
    text: str,
    value: Any,
    param: click.Parameter | None,
    ctx: click.Context | None,
) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        kind.fail(f"{value!r} is not a {kind.name}", param, ctx)
    if not found.is_finite():
        kind.fail(f"{value!r} is not a {kind.name}", param, ctx)
    return found


SATS = SatsType()
LIMIT_SATS = SatsType(bare=True)
USD = UsdType()
PRICE = PriceType()
PRICE_OR_OFF = PriceType(off=True)
NUMBER = NumberType()
PERCENT = PercentType()
PAUSE = SpanType(least=timedelta(minutes=1), most=timedelta(days=1))
