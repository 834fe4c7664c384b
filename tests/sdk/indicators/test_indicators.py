"""What the indicators promise beside their figures: exactness, memory, limits."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.indicators import Atr, Bollinger, Ema, Macd, Rsi, Sma, VolumeAverage
from axisor.model import Candle

TIME = datetime(2026, 1, 1, tzinfo=UTC)
CLOSES = """
    44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826
    45.8931 46.0328 45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439
"""
PRICES = st.lists(st.integers(2, 400_000).map(lambda halves: Decimal(halves) / 2), max_size=60)


def fresh() -> list[Any]:
    """Return one of each that takes prices."""
    return [Sma(3), Ema(3), Rsi(3), Macd.over(2, 4, 3), Bollinger.over(4)]


@given(PRICES)
def test_one_that_lived_in_memory_is_as_if_it_had_never_left(prices: list[Decimal]):
    for mine, kept in zip(fresh(), fresh(), strict=True):
        stored = kept
        for price in prices:
            stored = msgspec.json.decode(msgspec.json.encode(stored), type=type(kept))
            assert stored.update(price) == mine.update(price)
            assert stored == mine


@given(PRICES)
def test_relative_strength_lies_between_0_and_100(prices: list[Decimal]):
    rsi = Rsi(5)

    for price in prices:
        value = rsi.update(price)
        assert value is None or 0 <= value <= 100


@given(PRICES)
def test_bands_hold_the_middle_between_them_and_close_on_a_still_price(prices: list[Decimal]):
    bands = Bollinger.over(4)

    for price in prices:
        band = bands.update(price)
        assert band is None or band.lower <= band.middle <= band.upper
    for _ in range(4):
        band = bands.update(Decimal(7))
    assert band is not None
    assert band.lower == band.middle == band.upper == 7


@given(PRICES.filter(bool))
def test_a_simple_average_never_drifts(prices: list[Decimal]):
    sma = Sma(4)

    for place, price in enumerate(prices, start=1):
        value = sma.update(price)
        last = prices[max(0, place - 4) : place]
        assert value == (sum(last, Decimal(0)) / 4 if len(last) == 4 else None)
    assert len(sma.values) <= 4


def test_a_price_that_stands_still_is_neither_strong_nor_weak():
    rsi = Rsi(3)

    found = [rsi.update(Decimal(100)) for _ in range(5)]

    assert found == [None, None, None, 50, 50]


def test_the_published_example_of_relative_strength():
    """J. Welles Wilder's method, as worked through at StockCharts' ChartSchool (RSI, QQQQ 2009)."""
    rsi = Rsi(14)

    found = [rsi.update(Decimal(close)) for close in CLOSES.split()]

    rounded = [value.quantize(Decimal("0.01")) for value in found if value is not None]
    assert rounded == [Decimal(v) for v in ("70.53", "66.32", "66.55", "69.41", "66.36", "57.97")]


def test_a_range_counts_the_jump_from_the_close_before():
    atr = Atr(1)
    first = Candle(TIME, Decimal(100), Decimal(101), Decimal(99), Decimal(100))
    jumped = Candle(TIME, Decimal(110), Decimal(112), Decimal(109), Decimal(111))

    assert [atr.update(first), atr.update(jumped)] == [None, Decimal(12)]


def test_volume_is_that_of_candles():
    average = VolumeAverage.over(2)
    volumes = (Decimal(1), Decimal(3), Decimal(5))

    found = [average.update(Candle(TIME, *(Decimal(1),) * 4, volume)) for volume in volumes]

    assert found == [None, 2, 4]
    assert average.value == 4


@pytest.mark.parametrize("made", [Sma, Ema, Rsi, Atr])
def test_a_period_of_nothing_is_refused(made: Any):
    with pytest.raises(ValueError, match="at least 1"):
        made(0)


def test_the_fast_average_must_be_the_shorter():
    with pytest.raises(ValueError, match="shorter"):
        Macd.over(26, 12)
