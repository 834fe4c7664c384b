"""Moving averages: simple, exponential, and of volume."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from axisor.indicators import exact
from axisor.model import Candle

_NONE = Decimal(0)


class Sma(Struct):
    """The simple moving average of the last `period` values."""

    period: int
    values: list[Decimal] = []
    total: Decimal = _NONE

    def __post_init__(self) -> None:
        exact.must_be_period(self.period)

    @property
    def value(self) -> Decimal | None:
        """Return the present average, None before `period` values were seen."""
        return exact.mean(self.total, self.period) if len(self.values) == self.period else None

    def update(self, value: Decimal) -> Decimal | None:
        """Take one value and return the average with it."""
        if len(self.values) == self.period:
            self.total -= self.values.pop(0)
        self.values.append(value)
        self.total += value
        return self.value


class Ema(Struct):
    """The exponential moving average; it begins with the simple one of the first `period` values.

    `seen` counts no further than `period`.
    """

    period: int
    seen: int = 0
    total: Decimal = _NONE
    value: Decimal | None = None

    def __post_init__(self) -> None:
        exact.must_be_period(self.period)

    def update(self, value: Decimal) -> Decimal | None:
        """Take one value and return the average with it."""
        if self.value is not None:
            self.value = exact.moved(self.value, value, self.period)
            return self.value
        self.seen += 1
        self.total += value
        if self.seen == self.period:
            self.value = exact.mean(self.total, self.period)
        return self.value


class VolumeAverage(Struct):
    """The simple moving average of the volume of the last `period` candles.

    Ticks carry no volume: it means something only for candles of an exchange.
    """

    average: Sma

    @classmethod
    def over(cls, period: int) -> VolumeAverage:
        """Return the average over so many candles, with none seen yet."""
        return cls(Sma(period))

    @property
    def value(self) -> Decimal | None:
        """Return the present average, None before enough candles were seen."""
        return self.average.value

    def update(self, candle: Candle) -> Decimal | None:
        """Take one candle and return the average volume with it."""
        return self.average.update(candle.volume)
