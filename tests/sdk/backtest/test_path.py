"""The search over prints, against looking at each."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.backtest import Path
from axisor.backtest.path import HIGHEST, LOWEST, high_bound, low_bound
from axisor.model import Side

columns = st.lists(st.integers(1, 300), min_size=1, max_size=2_000)


@given(columns, st.integers(0, 300), st.integers(0, 300), st.data())
def test_next_finds_what_a_plain_look_finds(halves, low, high, data):
    path = Path(range(len(halves)), halves)
    start = data.draw(st.integers(0, len(halves)))
    stop = data.draw(st.integers(start, len(halves)))

    found = path.next(start, low=low, high=high, stop=stop)

    hits = [n for n in range(start, stop) if halves[n] <= low or halves[n] >= high]
    assert found == (hits[0] if hits else stop)


@given(columns, st.data())
def test_the_worst_price_is_the_lowest_for_a_long_and_the_highest_for_a_short(halves, data):
    path = Path(range(len(halves)), halves)
    start = data.draw(st.integers(0, len(halves) - 1))
    end = data.draw(st.integers(start + 1, len(halves)))

    assert path.worst(Side.BUY, start, end) == Decimal(min(halves[start:end])) / 2
    assert path.worst(Side.SELL, start, end) == Decimal(max(halves[start:end])) / 2


@given(st.decimals("0.01", "100000", places=3), st.integers(1, 200_000))
def test_bounds_in_half_dollars_are_reached_just_when_the_price_is(price, halves):
    print_price = Decimal(halves) / 2

    assert (halves <= low_bound(price)) == (print_price <= price)
    assert (halves >= high_bound(price)) == (print_price >= price)


def test_no_bound_is_never_reached():
    assert low_bound(None) == LOWEST
    assert high_bound(None) == high_bound(Decimal("Infinity")) == HIGHEST


def test_every_print_has_a_time_and_a_price():
    with pytest.raises(ValueError, match="time and a price"):
        Path([1, 2], [3])
