"""The engine's stories, walks and candle files as one kind of thing: timed prints without end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from msgspec import Struct

from axisor.exchange.candles import columns_of, iterate_candles, prints
from axisor.exchange.chance import between
from axisor.exchange.scenarios import Scenario
from axisor.model import Price


class Print(Struct, frozen=True):
    """A price at a moment of market time, with the bitcoin traded since the print before."""

    time: datetime
    price: Price
    volume: Decimal = Decimal(0)


WALK_STEP = timedelta(seconds=1)
_WALK_START = 200_000
_WALK_REACH = 40
_WALK_FLOOR = 2_000


def walk_prints(seed: int, start: datetime) -> Iterator[Print]:
    """Yield an endless walk: a print a second, each at most 20 dollars away from the one before."""
    half_dollars = _WALK_START
    for step in count():
        yield Print(start + step * WALK_STEP, Decimal(half_dollars) / 2)
        moved = half_dollars + between(seed, step, -_WALK_REACH, _WALK_REACH)
        half_dollars = max(_WALK_FLOOR, moved)


def scenario_prints(story: Scenario, start: datetime) -> Iterator[Print]:
    """Yield the prints of a scenario; after the last one the price stands."""
    for quote in story.quotes(start):
        yield Print(quote.time, quote.last)


def candle_prints(path: Path, start: datetime | None) -> Iterator[Print]:
    """Yield the prints of a candle file from a moment on; a candle's volume comes with its close.

    Raises CandlesInvalid at the first bad row, when it gets there.
    """
    for candle in iterate_candles(path):
        if start is not None and candle.time + timedelta(minutes=1) <= start:
            continue
        times_and_prices = list(prints(columns_of((candle,))))
        last = len(times_and_prices) - 1
        for place, (time, price) in enumerate(times_and_prices):
            if start is None or time >= start:
                yield Print(time, price, candle.volume if place == last else Decimal(0))


def check_candles(path: Path) -> None:
    """Read a candle file to its end. Raises CandlesInvalid at the first bad row."""
    for _ in iterate_candles(path):
        pass
