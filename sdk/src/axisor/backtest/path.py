"""The prints of a market as two columns of integers, and the search for the next one that matters.

Prices are counted in half dollars and times in milliseconds since 1970, so that comparing is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

import numpy
from numpy.typing import NDArray

from axisor.exchange.candles import Prints
from axisor.model import Price, Side

Column: TypeAlias = NDArray[numpy.int64]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOWEST = -1
"""Bound in half dollars that no price goes down to."""

HIGHEST = 2**62
"""Bound in half dollars that no price goes up to."""

_FIRST_LOOK = 256
_LONGEST_LOOK = 65_536
_MOST_KEPT = 65_536
"""How many answers of each kind are kept; where there are more, all are forgotten."""


def to_ms(time: datetime) -> int:
    """Return an aware time in milliseconds since 1970, rounded down."""
    return (time - EPOCH) // timedelta(milliseconds=1)


def to_time(ms: int) -> datetime:
    """Return milliseconds since 1970 as an aware time, UTC."""
    return EPOCH + timedelta(milliseconds=ms)


def low_bound(price: Price | None) -> int:
    """Return the highest half-dollar count at or below a price; None is never reached."""
    return LOWEST if price is None else math.floor(price * 2)


def high_bound(price: Price | None) -> int:
    """Return the lowest half-dollar count at or above a price; None is never reached."""
    return HIGHEST if price is None or price.is_infinite() else math.ceil(price * 2)


class Path:
    """A market's prints in order of time."""

    def __init__(self, times: Sequence[int] | Column, halves: Sequence[int] | Column) -> None:
        """Take times in milliseconds, never falling, and prices in half dollars, above zero."""
        if len(times) != len(halves):
            raise ValueError("every print needs a time and a price")
        self.times: Column = numpy.asarray(times, dtype=numpy.int64)
        self.halves: Column = numpy.asarray(halves, dtype=numpy.int64)
        self._extremes: dict[tuple[int, int], tuple[int, int]] = {}
        self._places: dict[int, int] = {}

    @classmethod
    def of(cls, prints: Prints) -> Path:
        """Return the path of a candle file's prints."""
        times = numpy.asarray(prints.time, dtype=numpy.int64) * 1000
        return cls(times, numpy.asarray(prints.price, dtype=numpy.int64))

    def __len__(self) -> int:
        return len(self.halves)

    def price(self, index: int) -> Price:
        """Return the price of a print."""
        return Decimal(int(self.halves[index])) / 2

    def time(self, index: int) -> datetime:
        """Return the time of a print."""
        return to_time(int(self.times[index]))

    def at_or_after(self, ms: int) -> int:
        """Return the index of the first print at or after a time.

        The length where there is none.
        """
        known = self._places.get(ms)
        if known is None:
            known = int(self.times.searchsorted(ms, side="left"))
            if len(self._places) >= _MOST_KEPT:
                self._places.clear()
            self._places[ms] = known
        return known

    def next(self, start: int, *, low: int, high: int, stop: int) -> int:
        """Return the first index at or after `start` whose price is ≤ low or ≥ high.

        `stop` where there is none before it. A stretch whose extremes lie between the bounds is
        passed at once; else growing stretches are looked at, so a near crossing is cheap.
        """
        if start >= stop:
            return stop
        lowest, highest = self.extremes(start, stop)
        if low < lowest and highest < high:
            return stop
        look = _FIRST_LOOK
        while start < stop:
            end = min(start + look, stop)
            stretch = self.halves[start:end]
            hits = (stretch <= low) | (stretch >= high)
            found = int(hits.argmax())
            if hits[found]:
                return start + found
            start = end
            look = min(look * 4, _LONGEST_LOOK)
        return stop

    def extremes(self, start: int, end: int) -> tuple[int, int]:
        """Return the lowest and the highest price, in half dollars, from `start` to before `end`.

        There must be a print. Accounts on one path stop at the same times, so what was found for
        one is kept for the others, here as in `at_or_after`.
        """
        known = self._extremes.get((start, end))
        if known is None:
            stretch = self.halves[start:end]
            known = int(stretch.min()), int(stretch.max())
            if len(self._extremes) >= _MOST_KEPT:
                self._extremes.clear()
            self._extremes[start, end] = known
        return known

    def worst(self, side: Side, start: int, end: int) -> Price | None:
        """Return the worst price for a side among the prints from `start` to before `end`."""
        if start >= end:
            return None
        lowest, highest = self.extremes(start, end)
        return Decimal(lowest if side is Side.BUY else highest) / 2
