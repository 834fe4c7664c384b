"""Candles out of prices: what goes into which, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.indicators import CandleBuilder, Gap
from axisor.model import Candle

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: int) -> datetime:
    """Return so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def test_a_candle_is_given_out_when_the_next_one_begins():
    builder = CandleBuilder(60)

    for second, price in ((0, 100), (10, 104), (30, 97), (59, 101)):
        assert builder.update(at(second), Decimal(price)) == ()
    (candle,) = builder.update(at(60), Decimal(102))

    assert candle == Candle(at(0), *map(Decimal, (100, 104, 97, 101)))


def test_what_is_missing_is_named_and_not_made_up():
    builder = CandleBuilder(60)
    builder.update(at(0), Decimal(100))

    _, gap = builder.update(at(200), Decimal(90))

    assert gap == Gap(at(60), 2)
    assert builder.open_candle is not None
    assert builder.open_candle.time == at(180)


def test_a_price_that_comes_too_late_counts_for_none():
    builder = CandleBuilder(60)
    builder.update(at(70), Decimal(100))

    assert builder.update(at(10), Decimal(1)) == ()
    (candle,) = builder.update(at(120), Decimal(100))
    assert candle == Candle(at(60), *(Decimal(100),) * 4)


def test_an_interval_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least a second"):
        CandleBuilder(0)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 9)), max_size=40), st.integers(1, 120)
)
def test_candles_and_gaps_cover_time_without_a_hole(moves: list[tuple[int, int]], interval: int):
    builder = CandleBuilder(interval)
    now, covered = 0, None
    for wait, price in moves:
        now += wait
        builder = msgspec.json.decode(msgspec.json.encode(builder), type=CandleBuilder)
        for bar in builder.update(at(now), Decimal(price)):
            assert covered in (None, bar.time)
            count = bar.count if isinstance(bar, Gap) else 1
            covered = bar.time + timedelta(seconds=interval * count)
            if isinstance(bar, Candle):
                assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    if covered is not None and builder.open_candle is not None:
        assert builder.open_candle.time == covered
