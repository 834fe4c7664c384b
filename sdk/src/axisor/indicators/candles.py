"""Candles of a fixed interval out of single prices, with what is missing between them named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from axisor.model import Candle, Price

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Gap(Struct, frozen=True):
    """So many intervals from `time` on in which no price was seen. None is made up."""

    time: datetime
    count: int


Bar: TypeAlias = Candle | Gap
"""What a stretch of time left behind."""


class CandleBuilder(Struct):
    """Builds candles of `interval_s` seconds, each beginning at a multiple of it since 1970, UTC.

    A candle is given out when the first price of a later interval comes. A price of an earlier
    interval than the present one comes too late for a candle that was given out, and counts for
    none. The volume is 0: ticks carry none.
    """

    interval_s: int
    open_candle: Candle | None = None

    def __post_init__(self) -> None:
        if self.interval_s < 1:
            raise ValueError(f"a candle needs at least a second, not {self.interval_s}")

    def update(self, time: datetime, price: Price) -> tuple[Bar, ...]:
        """Take one price and return what is finished by it: nothing, a candle, or one and a gap."""
        start = start_of(time, self.interval_s)
        candle = self.open_candle
        if candle is None:
            self.open_candle = Candle(start, price, price, price, price)
            return ()
        if start < candle.time:
            return ()
        if start == candle.time:
            self.open_candle = Candle(
                start, candle.open, max(candle.high, price), min(candle.low, price), price
            )
            return ()
        self.open_candle = Candle(start, price, price, price, price)
        following = candle.time + timedelta(seconds=self.interval_s)
        missing = (start - following) // timedelta(seconds=self.interval_s)
        return (candle, Gap(following, missing)) if missing else (candle,)


def start_of(time: datetime, interval_s: int) -> datetime:
    """Return when the interval began that a time lies in."""
    interval = timedelta(seconds=interval_s)
    return _EPOCH + (time - _EPOCH) // interval * interval
