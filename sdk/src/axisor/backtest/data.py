"""Where prints come from: a candle file, a file of ticks, or a seeded scenario."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path as FilePath

import numpy
from msgspec import Struct

from axisor.backtest.path import Path, to_ms
from axisor.errors import CandlesInvalid, ConfigInvalid, FieldInvalid
from axisor.exchange.candles import CandleColumns, prints, read_candles
from axisor.exchange.scenarios import DEMO_SEED, Scenario, scenario, shaped
from axisor.maths import MAX_PRICE

MOST_PRINTS = 10_000_000
"""The most prints of one back-test; five years of minutes have as many."""

SCENARIO_START = datetime(2026, 1, 1, tzinfo=UTC)
"""The market time at which a scenario begins."""

_EXAMPLE = "flash-crash seed=7 duration=6h start=60000 strength=1.5 tick=1s funding=0.001"
_WORDS = ("seed", "duration", "start", "strength", "tick", "funding")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


class Market(Struct, frozen=True):
    """A path, what it is called, and the funding rate that comes with it, if one does."""

    name: str
    path: Path
    funding_rate: Decimal | None = None
    candles: int = 0


def market_of_candles(name: str, candles: CandleColumns) -> Market:
    """Return the market of candles, four prints each."""
    path = _bounded(Path.of(prints(candles)))
    return Market(name, path, candles=len(candles))


def read_market(file: FilePath) -> Market:
    """Return the market of a candle file; raises CandlesInvalid naming file and row."""
    return market_of_candles(file.name, read_candles(file))


def read_ticks(file: FilePath) -> Market:
    """Return the market of a CSV file of ticks, plain or gzipped: columns `time` and `price`.

    Times are ISO 8601 in UTC or whole milliseconds since 1970 and never fall; prices are rounded to
    the nearest half dollar. Raises CandlesInvalid naming file and row.
    """
    times: list[int] = []
    halves: list[int] = []
    try:
        with _open(file) as text:
            for row, (time, price) in enumerate(_rows(file, csv.reader(text)), 2):
                ms, value = _tick(file, row, time, price)
                if times and ms < times[-1]:
                    raise _invalid(file, row, f"{time} comes out of order")
                times.append(ms)
                halves.append(value)
                if len(times) > MOST_PRINTS:
                    raise _invalid(file, row, f"there are more than {MOST_PRINTS:,} ticks")
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise CandlesInvalid(f"{file}: cannot be read ({error}).", file=file) from error
    if not times:
        raise _invalid(file, 1, "there is no tick")
    return Market(file.name, Path(times, halves))


def play(made: Scenario, start: datetime = SCENARIO_START) -> Market:
    """Return the market of a scenario that begins at a moment."""
    length = made.length // timedelta(milliseconds=1)
    if length // made.tick_ms >= MOST_PRINTS:
        raise FieldInvalid(
            f"The scenario has more than {MOST_PRINTS:,} prints: shorten it, or space them wider.",
            field="scenario",
        )
    places = range(0, length + 1, made.tick_ms)
    halves = [made.half_dollars(ms) for ms in places]
    times = numpy.arange(len(halves), dtype=numpy.int64) * made.tick_ms + to_ms(start)
    return Market(f"{made.name} seed {made.seed}", Path(times, halves), made.funding_rate)


def parse_scenario(text: str) -> Scenario:
    """Return the scenario a person wrote: its name, then `seed=` and whatever shapes it.

    Raises ConfigInvalid naming the word that cannot be read, FieldInvalid for a name that is not
    there or a shape that makes no market.
    """
    name, *words = text.split() or [""]
    given: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in _WORDS:
            raise _bad(word, f"is not one of {', '.join(f'{each}=' for each in _WORDS)}")
        given[key] = value
    seed = _whole(given["seed"]) if "seed" in given else DEMO_SEED
    return shaped(
        scenario(name, seed),
        duration=parse_span(given["duration"]) if "duration" in given else None,
        start=2 * _whole(given["start"]) if "start" in given else None,
        strength=_number(given.get("strength", "1")),
        tick=parse_span(given["tick"]) if "tick" in given else None,
        funding_rate=_rate(given["funding"]) if "funding" in given else None,
    )


def parse_span(word: str) -> timedelta:
    """Return a span such as 250ms, 1s, 30m, 6h or 1d. Raises ConfigInvalid."""
    match = re.fullmatch(r"([0-9]{1,6})(ms|s|m|h|d)", word)
    if match is None or int(match[1]) == 0:
        raise _bad(word, "is not a span such as 250ms, 30m, 6h or 1d")
    return int(match[1]) * _UNITS[match[2]]


def _rate(word: str) -> Decimal:
    rate = _number(word)
    if abs(rate) > Decimal("0.01"):
        raise _bad(word, "is a funding rate beyond one percent for eight hours")
    return rate


def _whole(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", word):
        raise _bad(word, "is not a whole number of up to nine digits")
    return int(word)


def _number(word: str) -> Decimal:
    try:
        number = Decimal(word)
    except InvalidOperation as error:
        raise _bad(word, "is not a number") from error
    if not number.is_finite():
        raise _bad(word, "is not a number")
    return number


def _bounded(path: Path) -> Path:
    if len(path) > MOST_PRINTS:
        raise FieldInvalid(
            f"The candles have more than {MOST_PRINTS:,} prints: cut the file.", field="candles"
        )
    return path


def _open(file: FilePath) -> io.TextIOWrapper:
    with file.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
    if zipped:
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open("rt", encoding="utf-8", newline="")


def _rows(file: FilePath, lines: Iterator[list[str]]) -> Iterator[tuple[str, str]]:
    header = [name.strip().lower().removeprefix("\ufeff") for name in next(lines, [])]
    lacking = [name for name in ("time", "price") if name not in header]
    if lacking:
        raise _invalid(file, 1, f"the header lacks {', '.join(lacking)}")
    time, price = header.index("time"), header.index("price")
    for row, fields in enumerate(lines, 2):
        if len(fields) <= max(time, price):
            raise _invalid(file, row, "a column is missing")
        yield fields[time], fields[price]


def _tick(file: FilePath, row: int, time: str, price: str) -> tuple[int, int]:
    try:
        value = Decimal(price)
        ms = int(time) if time.isdecimal() else _ms(time)
    except (ValueError, InvalidOperation, OverflowError):
        raise _invalid(file, row, "a value cannot be read") from None
    if not value.is_finite() or not 0 < value <= MAX_PRICE:
        raise _invalid(file, row, "a price is out of range")
    n, d = value.as_integer_ratio()
    return ms, max(1, (4 * n + d) // (2 * d))


def _ms(time: str) -> int:
    read = datetime.fromisoformat(time)
    return to_ms(read.replace(tzinfo=UTC) if read.tzinfo is None else read)


def _bad(word: str, why: str) -> ConfigInvalid:
    return ConfigInvalid(
        f"In the scenario, `{word}` {why}.",
        fix=f"Write it like: --scenario '{_EXAMPLE}'.",
        word=word,
    )


def _invalid(file: FilePath, row: int, what: str) -> CandlesInvalid:
    return CandlesInvalid(f"{file}, row {row}: {what}.", file=file, row=row)
