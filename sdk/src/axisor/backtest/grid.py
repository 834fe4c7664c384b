"""The grid of a back-test: which positions are opened, when, and with what leverage."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from axisor.backtest.path import Path
from axisor.errors import ConfigInvalid
from axisor.model import Side

_SIDES = {"long": Side.BUY, "short": Side.SELL}
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_EXAMPLE = "sides=long,short leverages=5,10,25,50 every=6h quantity=1000"
MOST_QUANTITY = 500_000


class Grid(Struct, frozen=True, kw_only=True):
    """Sides × leverages, opened every so often with a quantity in dollars."""

    sides: tuple[Side, ...] = (Side.BUY, Side.SELL)
    leverages: tuple[Decimal, ...] = (Decimal(5), Decimal(10), Decimal(25), Decimal(50))
    every: timedelta = timedelta(hours=6)
    quantity: int = 1000


class Slot(Struct, frozen=True):
    """One point of the grid: a twin pair is opened at print `index`."""

    id: str
    side: Side
    leverage: Decimal
    index: int


def slots(grid: Grid, path: Path) -> Iterator[Slot]:
    """Yield every point of the grid over a path, in order of time.

    The grid starts at the first candle. A point in missing minutes moves to the next candle there
    is; points that move to the same candle stay apart, each with its own id. Prints come four a
    candle, the first of each on the minute.
    """
    start, end = int(path.times[0]), int(path.times[-1])
    step = grid.every // timedelta(milliseconds=1)
    for number in range((end - start) // step + 1):
        index = _next_candle(path, path.at_or_after(start + number * step))
        if index is None:
            return
        for side in grid.sides:
            for leverage in grid.leverages:
                name = "long" if side is Side.BUY else "short"
                yield Slot(f"{name}-{leverage}x-{number:04}", side, leverage, index)


def _next_candle(path: Path, index: int) -> int | None:
    while index < len(path) and int(path.times[index]) % 60_000:
        index += 1
    return index if index < len(path) else None


def parse_grid(text: str) -> Grid:
    """Return the grid a person wrote, such as `sides=long every=6h`; what is left out is default.

    Raises ConfigInvalid naming the word that cannot be read.
    """
    given: dict[str, str] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not equals or name not in ("sides", "leverages", "every", "quantity"):
            raise _bad(word, "is not one of sides=, leverages=, every=, quantity=")
        given[name] = value
    default = Grid()
    return Grid(
        sides=_sides(given) or default.sides,
        leverages=_leverages(given) or default.leverages,
        every=_every(given["every"]) if "every" in given else default.every,
        quantity=_quantity(given["quantity"]) if "quantity" in given else default.quantity,
    )


def _sides(given: Mapping[str, str]) -> tuple[Side, ...]:
    words = given.get("sides", "").split(",") if "sides" in given else []
    for word in words:
        if word not in _SIDES:
            raise _bad(word, "is not a side: long or short")
    return tuple(_SIDES[word] for word in words)


def _leverages(given: Mapping[str, str]) -> tuple[Decimal, ...]:
    words = given["leverages"].split(",") if "leverages" in given else []
    found = []
    for word in words:
        try:
            leverage = Decimal(word.removesuffix("x"))
        except InvalidOperation as error:
            raise _bad(word, "is not a leverage") from error
        if not leverage.is_finite() or not 1 <= leverage <= 100:
            raise _bad(word, "is not a leverage from 1 to 100")
        found.append(leverage)
    return tuple(found)


def _every(word: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,5})([mhd])", word)
    if match is None or int(match[1]) == 0:
        raise _bad(word, "is not a span such as 30m, 6h or 1d")
    return int(match[1]) * _UNITS[match[2]]


def _quantity(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", word) or not 1 <= int(word) <= MOST_QUANTITY:
        raise _bad(word, f"is not a quantity from 1 to {MOST_QUANTITY:,} dollars")
    return int(word)


def _bad(word: str, why: str) -> ConfigInvalid:
    return ConfigInvalid(
        f"In the grid, `{word}` {why}.", fix=f"Write it like: --grid '{_EXAMPLE}'.", word=word
    )
