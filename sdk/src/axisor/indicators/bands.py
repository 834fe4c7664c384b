"""How far the price swings: Bollinger's bands, and the average true range."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from axisor.indicators import exact
from axisor.indicators.averages import Sma
from axisor.model import Candle, Price

_NONE = Decimal(0)


class Band(Struct, frozen=True):
    """A simple average with a band above and one below it."""

    lower: Decimal
    middle: Decimal
    upper: Decimal


class Bollinger(Struct):
    """Bollinger's bands: a simple average and `width` standard deviations around it.

    The deviation is that of the `period` values themselves (divided by their number, not one less).
    """

    average: Sma
    width: Decimal = Decimal(2)
    squares: Decimal = _NONE

    @classmethod
    def over(cls, period: int = 20, width: Decimal = Decimal(2)) -> Bollinger:
        """Return bands over so many values, with none seen yet."""
        return cls(Sma(period), width)

    @property
    def value(self) -> Band | None:
        """Return the present bands, None before enough values were seen."""
        middle = self.average.value
        if middle is None:
            return None
        count, total = self.average.period, self.average.total
        # Of n values the variance is (n·Σx² - (Σx)²) / n², whose numerator is exact for prices.
        spread = exact.ratio(exact.root(count * self.squares - total * total), Decimal(count))
        reach = self.width * spread
        return Band(middle - reach, middle, middle + reach)

    def update(self, value: Decimal) -> Band | None:
        """Take one price and return the bands with it."""
        if len(self.average.values) == self.average.period:
            self.squares -= self.average.values[0] ** 2
        self.squares += value**2
        self.average.update(value)
        return self.value


class Atr(Struct):
    """Wilder's average true range of candles.

    The first candle only tells where the next comes from; the average begins with the simple mean
    of `period` ranges. `seen` counts ranges, no further than `period`.
    """

    period: int = 14
    close: Price | None = None
    seen: int = 0
    range: Decimal = _NONE

    def __post_init__(self) -> None:
        exact.must_be_period(self.period)

    @property
    def value(self) -> Decimal | None:
        """Return the present average in dollars, None before `period` ranges were seen."""
        return self.range if self.seen == self.period else None

    def update(self, candle: Candle) -> Decimal | None:
        """Take one candle and return the average with it."""
        before, self.close = self.close, candle.close
        if before is None:
            return None
        true_range = max(candle.high, before) - min(candle.low, before)
        if self.seen == self.period:
            self.range = exact.smoothed(self.range, true_range, self.period)
            return self.range
        self.seen += 1
        self.range += true_range
        if self.seen == self.period:
            self.range = exact.mean(self.range, self.period)
        return self.value
