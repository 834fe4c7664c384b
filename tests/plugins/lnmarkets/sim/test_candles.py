"""Candles of every range out of prints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from axisor_lnmarkets.sim.candles import RANGES, CandleTape, start_of
from axisor_lnmarkets.sim.prices import Print

TIME = datetime(2026, 5, 14, 13, 47, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("range_", "start"),
    [
        ("1m", datetime(2026, 5, 14, 13, 47, tzinfo=UTC)),
        ("45m", datetime(2026, 5, 14, 13, 30, tzinfo=UTC)),
        ("4h", datetime(2026, 5, 14, 12, tzinfo=UTC)),
        ("1d", datetime(2026, 5, 14, tzinfo=UTC)),
        ("1w", datetime(2026, 5, 11, tzinfo=UTC)),
        ("1month", datetime(2026, 5, 1, tzinfo=UTC)),
        ("3months", datetime(2026, 4, 1, tzinfo=UTC)),
    ],
)
def test_a_candle_starts_where_its_range_says(range_: str, start: datetime):
    assert start_of(range_, TIME) == start


def test_ranges_join_the_minutes_they_hold():
    tape = CandleTape()
    for minute, price in enumerate((5, 9, 2, 7, 4)):
        tape.add(Print(TIME + timedelta(minutes=minute), Decimal(price), Decimal(1)))

    three = list(tape.all("3m"))

    # 13:47 is the last minute of its three, so 5 stands alone.
    shown = [[int(n) for n in (c.open, c.high, c.low, c.close, c.volume)] for c in three]
    assert shown == [[5, 5, 5, 5, 1], [9, 9, 2, 7, 3], [4, 4, 4, 4, 1]]
    assert tape.latest("3m") == three[-1]


@pytest.mark.parametrize("range_", RANGES)
def test_the_newest_candle_is_the_last_of_the_list(range_: str):
    tape = CandleTape()
    for minute in range(0, 200, 7):
        tape.add(Print(TIME + timedelta(minutes=minute), Decimal(minute + 1)))

    assert tape.latest(range_) == list(tape.all(range_))[-1]
