"""Candle files read and checked, and the prints that a candle stands for.

Within a candle the market is taken to walk from the open to the nearer of low and high, to the
farther, to the close, a quarter of the minute each; nothing trades between these prints.
"""

from __future__ import annotations

import csv
import gzip
import io
from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from axisor.errors import CandlesInvalid
from axisor.maths import MAX_PRICE
from axisor.model import Candle, Price

COLUMNS = ("time", "open", "high", "low", "close", "volume")
"""The columns a candle file must name in its first line, in any order; others are ignored."""

PRINTS_PER_CANDLE = 4
PRINT_SPACING = timedelta(seconds=15)

_MOST_PRICES = 65_536
"""How many prices are kept as they were read: a year of minutes has some ten thousand."""


class CandleColumns:
    """Candles as columns: `time` in whole seconds since 1970 UTC, prices in half dollars.

    Prices are rounded to the nearest half dollar, a quarter up. A quarter of a million rows take
    about ten megabytes.
    """

    __slots__ = ("close", "high", "low", "open", "time")

    def __init__(self) -> None:
        self.time = array("q")
        self.open = array("q")
        self.high = array("q")
        self.low = array("q")
        self.close = array("q")

    def __len__(self) -> int:
        return len(self.time)

    def add(self, candle: Candle) -> None:
        """Append a candle."""
        self.time.append(int(candle.time.timestamp()))
        self.open.append(_half_dollars(candle.open))
        self.high.append(_half_dollars(candle.high))
        self.low.append(_half_dollars(candle.low))
        self.close.append(_half_dollars(candle.close))


class Prints:
    """Prints as columns: `time` in whole seconds since 1970 UTC, `price` in half dollars."""

    __slots__ = ("price", "time")

    def __init__(self) -> None:
        self.time = array("q")
        self.price = array("q")

    def __len__(self) -> int:
        return len(self.time)

    def __iter__(self) -> Iterator[tuple[datetime, Price]]:
        for time, half_dollars in zip(self.time, self.price, strict=True):
            yield datetime.fromtimestamp(time, UTC), Decimal(half_dollars) / 2


def iterate_candles(path: Path) -> Iterator[Candle]:
    """Yield the candles of a CSV file, plain or gzipped, checking each row.

    Times are UTC; one without an offset is taken as UTC. Raises CandlesInvalid naming file and row
    for a missing column, an unreadable or absurd value, or a time not after the one before.
    """
    before: datetime | None = None
    row = 1
    for row, candle in _rows(path):
        if before is not None and candle.time <= before:
            word = "twice" if candle.time == before else "out of order"
            raise _invalid(path, row, f"{candle.time.isoformat()} comes {word}")
        before = candle.time
        yield candle
    if before is None:
        raise _invalid(path, row, "there is no candle")


def read_candles(path: Path) -> CandleColumns:
    """Read a whole candle file into columns; raises CandlesInvalid as `iterate_candles` does."""
    return columns_of(iterate_candles(path))


def prints(candles: CandleColumns) -> Prints:
    """Return the four prints of each candle: open, nearer of low and high, farther, close.

    Nearer is measured from the open on the half-dollar prices; the low comes first on a tie.
    """
    found = Prints()
    spacing = int(PRINT_SPACING.total_seconds())
    rows = zip(candles.time, candles.open, candles.high, candles.low, candles.close, strict=True)
    for time, opened, high, low, close in rows:
        falls = opened - low <= high - opened
        walk = (opened, low, high, close) if falls else (opened, high, low, close)
        found.price.extend(walk)
        found.time.extend(range(time, time + PRINTS_PER_CANDLE * spacing, spacing))
    return found


def columns_of(candles: Iterable[Candle]) -> CandleColumns:
    """Return candles from anywhere as columns; they are taken as they come."""
    columns = CandleColumns()
    for candle in candles:
        columns.add(candle)
    return columns


def _rows(path: Path) -> Iterator[tuple[int, Candle]]:
    try:
        with _open(path) as text:
            lines = csv.reader(text)
            header = next(lines, None)
            places = _places(path, header or [])
            for fields in lines:
                yield lines.line_num, _candle(path, lines.line_num, fields, places)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise CandlesInvalid(f"{path}: cannot be read ({error}).", file=path) from error


def _open(path: Path) -> io.TextIOWrapper:
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
    if zipped:
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open("rt", encoding="utf-8", newline="")


def _places(path: Path, header: list[str]) -> tuple[int, ...]:
    names = [name.strip().lower().removeprefix("\ufeff") for name in header]
    lacking = [name for name in COLUMNS if name not in names]
    if lacking:
        raise _invalid(path, 1, f"the header lacks {', '.join(lacking)}")
    return tuple(names.index(name) for name in COLUMNS)


def _candle(path: Path, row: int, fields: list[str], places: tuple[int, ...]) -> Candle:
    try:
        time, opened, high, low, close, volume = (fields[place] for place in places)
        candle = Candle(
            time=_utc(time),
            open=_price(opened),
            high=_price(high),
            low=_price(low),
            close=_price(close),
            volume=Decimal(volume),
        )
    except IndexError:
        raise _invalid(path, row, "a column is missing") from None
    except (ValueError, InvalidOperation):
        raise _invalid(path, row, "a value cannot be read") from None
    absurd = _absurd(candle)
    if absurd:
        raise _invalid(path, row, absurd)
    return candle


def _utc(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is UTC:
        return time
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


@lru_cache(_MOST_PRICES)
def _price(text: str) -> Price:
    return Decimal(text)


def _absurd(candle: Candle) -> str:
    opened, high, low, close = candle.open, candle.high, candle.low, candle.close
    for value in (opened, high, low, close, candle.volume):
        if not value.is_finite():
            return "a value is not a number"
    if min(opened, high, low, close) <= 0 or max(opened, high, low, close) > MAX_PRICE:
        return "a price is out of range"
    if high < low:
        return "high is below low"
    if not low <= opened <= high:
        return "open is outside of low and high"
    if not low <= close <= high:
        return "close is outside of low and high"
    return "volume is negative" if candle.volume < 0 else ""


@lru_cache(_MOST_PRICES)
def _half_dollars(price: Price) -> int:
    n, d = price.as_integer_ratio()
    return (4 * n + d) // (2 * d)


def _invalid(path: Path, row: int, what: str) -> CandlesInvalid:
    return CandlesInvalid(f"{path}, row {row}: {what}.", file=path, row=row)
