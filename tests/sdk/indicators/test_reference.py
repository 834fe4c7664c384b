"""Every indicator against TA-Lib, value by value, over walks of a thousand candles."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from axisor.indicators import Atr, Bollinger, Ema, Macd, Rsi, Sma, VolumeAverage
from axisor.model import Candle

numpy = pytest.importorskip("numpy")
talib = pytest.importorskip("talib")

TOLERANCE = 1e-6
"""Dollars, or points. The reference counts in binary fractions, whose own error grows with time."""

START = datetime(2026, 1, 1, tzinfo=UTC)
SEEDS = (1, 2, 3)


def candles(seed: int, count: int = 1_000) -> list[Candle]:
    """Return a random walk in candles, prices on the half dollar."""
    chance = random.Random(seed)
    close = Decimal(60_000)
    made = []
    for number in range(count):
        opened = close
        close = opened + Decimal(chance.randint(-800, 800)) / 2
        high = max(opened, close) + Decimal(chance.randint(0, 200)) / 2
        low = min(opened, close) - Decimal(chance.randint(0, 200)) / 2
        time = START + timedelta(minutes=number)
        made.append(Candle(time, opened, high, low, close, Decimal(chance.randint(0, 999)) / 100))
    return made


def column(found: Iterable[Candle], field: str) -> Any:
    """Return one field of candles as the reference takes it."""
    return numpy.array([float(getattr(candle, field)) for candle in found])


def same(ours: list[Decimal | None], theirs: Any) -> None:
    """Compare, place by place; where the reference has no number we have none."""
    assert len(ours) == len(theirs)
    for place, (mine, its) in enumerate(zip(ours, theirs, strict=True)):
        assert (mine is None) == bool(numpy.isnan(its)), f"at {place}: {mine} and {its}"
        if mine is not None:
            assert abs(float(mine) - its) <= TOLERANCE, f"at {place}: {mine} and {its}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("period", [2, 14, 50])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(Sma, talib.SMA), (Ema, talib.EMA), (Rsi, talib.RSI)],
    ids=["sma", "ema", "rsi"],
)
def test_of_closes(ours: Callable[[int], Any], theirs: Callable[..., Any], period: int, seed: int):
    walk = candles(seed)
    mine = ours(period)

    same([mine.update(candle.close) for candle in walk], theirs(column(walk, "close"), period))


@pytest.mark.parametrize("seed", SEEDS)
def test_macd(seed: int):
    walk = candles(seed)
    mine = Macd.over(12, 26, 9)

    found = [mine.update(candle.close) for candle in walk]

    line, signal, histogram = talib.MACD(column(walk, "close"), 12, 26, 9)
    same([None if value is None else value.line for value in found], line)
    same([None if value is None else value.signal for value in found], signal)
    same([None if value is None else value.histogram for value in found], histogram)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("period", [5, 20])
def test_bollinger(period: int, seed: int):
    walk = candles(seed)
    mine = Bollinger.over(period, Decimal("2.5"))

    found = [mine.update(candle.close) for candle in walk]

    upper, middle, lower = talib.BBANDS(column(walk, "close"), period, 2.5, 2.5, 0)
    same([None if band is None else band.lower for band in found], lower)
    same([None if band is None else band.middle for band in found], middle)
    same([None if band is None else band.upper for band in found], upper)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("period", [5, 14])
def test_atr(period: int, seed: int):
    walk = candles(seed)
    mine = Atr(period)

    columns = (column(walk, "high"), column(walk, "low"), column(walk, "close"))

    same([mine.update(candle) for candle in walk], talib.ATR(*columns, period))


def test_volume():
    walk = candles(4)
    mine = VolumeAverage.over(20)

    same([mine.update(candle) for candle in walk], talib.SMA(column(walk, "volume"), 20))
