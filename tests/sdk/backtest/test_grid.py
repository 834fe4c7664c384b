"""The grid: what a person may write, and where its points fall."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from axisor.backtest import Grid, Path, parse_grid
from axisor.backtest.grid import slots
from axisor.backtest.path import to_ms
from axisor.errors import ConfigInvalid
from axisor.model import Side
from tests.sdk.backtest.support import START, minutes


def test_a_grid_is_read_word_by_word():
    grid = parse_grid("sides=short leverages=5,12.5x every=90m quantity=250")

    assert grid == Grid(
        sides=(Side.SELL,),
        leverages=(Decimal(5), Decimal("12.5")),
        every=timedelta(minutes=90),
        quantity=250,
    )


def test_what_is_left_out_is_default():
    assert parse_grid("") == Grid()


@pytest.mark.parametrize(
    "text",
    [
        "side=long",
        "sides=up",
        "leverages=101",
        "leverages=0",
        "leverages=ten",
        "leverages=NaN",
        "every=6",
        "every=0h",
        "quantity=0",
        "quantity=500001",
        "quantity=1e3",
        "long",
    ],
)
def test_a_word_that_makes_no_sense_is_named(text):
    word = text.split("=")[-1]

    with pytest.raises(ConfigInvalid) as raised:
        parse_grid(text)

    assert word in raised.value.message
    assert "--grid" in raised.value.todo


def test_points_stand_at_every_step_from_the_first_candle():
    path = minutes(*[100] * (4 * 61))
    grid = Grid(sides=(Side.BUY,), leverages=(Decimal(5),), every=timedelta(minutes=30))

    found = list(slots(grid, path))

    assert [slot.index for slot in found] == [0, 120, 240]
    assert len({slot.id for slot in found}) == 3


def test_a_point_in_missing_minutes_opens_at_the_next_candle():
    begin = to_ms(START)
    times = [begin, begin + 15_000, begin + 45_000, begin + 600_000, begin + 615_000]
    path = Path(times, [200] * 5)
    grid = Grid(sides=(Side.BUY,), leverages=(Decimal(5),), every=timedelta(minutes=5))

    assert [slot.index for slot in slots(grid, path)] == [0, 3, 3]
