"""Prices as timed prints, from a seeded walk or a file of candles."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import count
from pathlib import Path

from msgspec import Struct

from axisor.errors import CandlesInvalid
from axisor.maths import MAX_PRICE, STEP, round_to_step
from axisor.model import Price
from axisor_lnmarkets.sim.wire import parse_iso


class Print(Struct, frozen=True):
    """A price at a moment of market time, with the bitcoin traded since the print before."""

    time: datetime
    price: Price
    volume: Decimal = Decimal(0)


WALK_STEP = timedelta(seconds=1)
WALK_START = Decimal(100_000)
_WALK_REACH = 40
_WALK_FLOOR = Decimal(1000)

PRINT_OFFSETS = tuple(timedelta(seconds=s) for s in (0, 15, 30, 45))
"""When the four prints of a one-minute candle fall, after its start."""

_COLUMNS = ["time", "open", "high", "low", "close", "volume"]
_MOST_LINE = 500


def walk(seed: int, start: datetime) -> Iterator[Print]:
    """Yield an endless walk: a print a second, each at most 20 dollars away from the one before."""
    chance = random.Random(seed)  # noqa: S311 - a replayable walk, not a secret
    price = WALK_START
    for step in count():
        yield Print(start + step * WALK_STEP, price)
        price = max(_WALK_FLOOR, price + chance.randint(-_WALK_REACH, _WALK_REACH) * STEP)


def candle_prints(path: Path, *, start: datetime | None = None) -> Iterator[Print]:
    """Yield four prints a candle of a gzipped or plain CSV file, from the candle of `start` on.

    They are open, the nearer of low and high (low on a tie), the farther, close, each on the half
    dollar; the volume comes with the close. Raises CandlesInvalid at the first bad row.
    """
    for time, row in _rows(path):
        if start is not None and time + timedelta(minutes=1) <= start:
            continue
        first, high, low, last, volume = row
        low_first = first - low <= high - first
        path_through = (first, low, high, last) if low_first else (first, high, low, last)
        for offset, price in zip(PRINT_OFFSETS, path_through, strict=True):
            spent = volume if offset == PRINT_OFFSETS[-1] else Decimal(0)
            if start is None or time + offset >= start:
                yield Print(time + offset, round_to_step(price), spent)


def check_candles(path: Path) -> None:
    """Read a candle file to its end. Raises CandlesInvalid at the first bad row."""
    for _ in _rows(path):
        pass


def _rows(path: Path) -> Iterator[tuple[datetime, tuple[Decimal, ...]]]:
    before: datetime | None = None
    try:
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            lines = csv.reader(_short(file, path))
            if next(lines, None) != _COLUMNS:
                raise _bad(path, 1, f"its header is not {','.join(_COLUMNS)}")
            for number, cells in enumerate(lines, start=2):
                time, values = _row(path, number, cells)
                if before is not None and time <= before:
                    raise _bad(path, number, "its time is not after the row before")
                before = time
                yield time, values
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise CandlesInvalid(f"{path.name} cannot be read: {error}.", file=path.name) from error
    if before is None:
        raise _bad(path, 2, "it holds no candle")


def _short(lines: Iterator[str], path: Path) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) > _MOST_LINE:
            raise _bad(path, number, "it is too long for a candle")
        yield line


def _row(path: Path, number: int, cells: list[str]) -> tuple[datetime, tuple[Decimal, ...]]:
    if len(cells) != len(_COLUMNS):
        raise _bad(path, number, f"it has {len(cells)} values, not {len(_COLUMNS)}")
    try:
        time = parse_iso(cells[0])
        first, high, low, last, volume = values = tuple(Decimal(cell) for cell in cells[1:])
    except (ValueError, InvalidOperation):
        raise _bad(path, number, "it holds something that is neither a time nor a number") from None
    if not all(value.is_finite() for value in values):
        raise _bad(path, number, "a value is not finite")
    if not (0 < low <= min(first, last) and max(first, last) <= high <= MAX_PRICE and volume >= 0):
        raise _bad(path, number, "its prices contradict each other or are absurd")
    return time, values


def _bad(path: Path, number: int, why: str) -> CandlesInvalid:
    return CandlesInvalid(f"Row {number} of {path.name}: {why}.", file=path.name, row=number)
