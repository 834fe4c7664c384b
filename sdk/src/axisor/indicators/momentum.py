"""How fast the price moves: Wilder's relative strength, and moving-average convergence."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from axisor.indicators import exact
from axisor.indicators.averages import Ema

_NONE = Decimal(0)
_HUNDRED = Decimal(100)
_FLAT = Decimal(50)


class Rsi(Struct):
    """Wilder's relative strength index, 0 to 100; 50 for a price that did not move at all.

    It begins with the simple mean of the first `period` changes and goes on by Wilder's smoothing.
    `seen` counts changes, no further than `period`.
    """

    period: int = 14
    last: Decimal | None = None
    seen: int = 0
    gain: Decimal = _NONE
    loss: Decimal = _NONE

    def __post_init__(self) -> None:
        exact.must_be_period(self.period)

    @property
    def value(self) -> Decimal | None:
        """Return the present index, None before `period` changes were seen."""
        if self.seen < self.period:
            return None
        both = self.gain + self.loss
        return _FLAT if both == 0 else exact.ratio(_HUNDRED * self.gain, both)

    def update(self, value: Decimal) -> Decimal | None:
        """Take one price and return the index with it."""
        before, self.last = self.last, value
        if before is None:
            return None
        gain, loss = max(value - before, _NONE), max(before - value, _NONE)
        if self.seen == self.period:
            self.gain = exact.smoothed(self.gain, gain, self.period)
            self.loss = exact.smoothed(self.loss, loss, self.period)
            return self.value
        self.seen += 1
        self.gain += gain
        self.loss += loss
        if self.seen == self.period:
            self.gain = exact.mean(self.gain, self.period)
            self.loss = exact.mean(self.loss, self.period)
        return self.value


class MacdValue(Struct, frozen=True):
    """The difference of the two averages, its own average, and what is between them."""

    line: Decimal
    signal: Decimal
    histogram: Decimal


class Macd(Struct):
    """Moving-average convergence: a fast exponential average less a slow one, and its signal.

    Both averages begin at the same value: the fast one passes over those before.
    """

    fast: Ema
    slow: Ema
    signal: Ema
    skip: int

    @classmethod
    def over(cls, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
        """Return it with these periods and nothing seen. Raises ValueError unless fast < slow."""
        if fast >= slow:
            raise ValueError("the fast average of a MACD must be shorter than the slow one")
        return cls(Ema(fast), Ema(slow), Ema(signal), slow - fast)

    @property
    def value(self) -> MacdValue | None:
        """Return the present value, None while any of its averages has seen too little."""
        fast, slow, signal = self.fast.value, self.slow.value, self.signal.value
        if fast is None or slow is None or signal is None:
            return None
        return MacdValue(fast - slow, signal, fast - slow - signal)

    def update(self, value: Decimal) -> MacdValue | None:
        """Take one price and return the value with it."""
        slow = self.slow.update(value)
        if self.skip > 0:
            self.skip -= 1
            return None
        fast = self.fast.update(value)
        if fast is not None and slow is not None:
            self.signal.update(fast - slow)
        return self.value
