"""Answers of the public calls: time, prices, candles, funding settlements, leaderboard."""

from __future__ import annotations

import enum

from msgspec import Struct, field

from axisor_lnmarkets.wire import (
    AmountField,
    NameField,
    PriceField,
    RateField,
    SignedQuantityField,
    SignedSatsField,
    TimeField,
)


class CandleRange(enum.StrEnum):
    """How long one candle is."""

    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M10 = "10m"
    M15 = "15m"
    M30 = "30m"
    M45 = "45m"
    H1 = "1h"
    H2 = "2h"
    H3 = "3h"
    H4 = "4h"
    D1 = "1d"
    W1 = "1w"
    MONTH = "1month"
    QUARTER = "3months"


class ServerTime(Struct, frozen=True):
    """The venue's clock."""

    time: TimeField


class Bucket(Struct, frozen=True, rename="camel"):
    """Executable prices for a range of sizes in US dollars; a side may be absent."""

    min_size: AmountField
    max_size: AmountField
    ask_price: PriceField | None = None
    bid_price: PriceField | None = None

    def __post_init__(self) -> None:
        if self.min_size > self.max_size:
            raise ValueError("Expected `minSize` to be at most `maxSize`")


class PriceChange(Struct, frozen=True, rename="camel"):
    """By what fraction the price changed within a day."""

    ratio: RateField
    updated_at: TimeField


class Ticker(Struct, frozen=True, rename="camel"):
    """The market at one moment; `funding_rate` is for the next settlement, at `funding_time`."""

    time: TimeField
    index: PriceField
    last_price: PriceField
    funding_rate: RateField
    funding_time: TimeField
    prices: tuple[Bucket, ...]
    price_change_24h: PriceChange | None = field(default=None, name="priceChange24h")
    exchanges_weights: dict[str, RateField] = {}


class Leader(Struct, frozen=True):
    """A row of the leaderboard."""

    username: str
    pl: SignedSatsField
    direction: SignedQuantityField


class Leaderboard(Struct, frozen=True):
    """Who earned most, by span of time."""

    daily: tuple[Leader, ...]
    weekly: tuple[Leader, ...]
    monthly: tuple[Leader, ...]
    all_time: tuple[Leader, ...] = field(name="all-time")


class Candle(Struct, frozen=True):
    """Prices over one span that starts at `time`."""

    time: TimeField
    open: PriceField
    high: PriceField
    low: PriceField
    close: PriceField
    volume: AmountField


class FundingSettlement(Struct, frozen=True, rename="camel"):
    """One settlement of funding: its rate, a fraction, and the price it was reckoned at."""

    id: NameField
    time: TimeField
    funding_rate: RateField
    fixing_price: PriceField


class BestPrice(Struct, frozen=True, rename="camel"):
    """What a swap between bitcoin and synthetic dollars would be done at."""

    ask_price: PriceField
    bid_price: PriceField
