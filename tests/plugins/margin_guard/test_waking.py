"""Being called only when woken changes nothing, not even while a funding fee is near."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axisor.events import IntentState
from axisor.intents import Notice
from axisor.model import Side, Tick
from axisor.testing import Harness
from axisor_margin_guard import MarginGuard
from tests.plugins.margin_guard.cases import isolated

STEP = timedelta(seconds=45)
LONG = isolated("long", Side.BUY, 200_000, 100_000, 25)
SHORT = isolated("short", Side.SELL, 200_000, 100_000, 25)


def quote(harness: Harness, price: Decimal, rate: Decimal, minutes: int) -> Tick:
    """Return a tick whose next funding is at a fixed time, `minutes` after the harness began."""
    begin = Harness(MarginGuard).now
    due = begin + timedelta(minutes=minutes)
    while due <= harness.now:
        due += timedelta(hours=8)
    return Tick(
        time=harness.now,
        received=harness.now,
        last=price,
        bid=price,
        ask=price,
        funding_rate=rate,
        funding_time=due,
    )


def play(
    moves: list[tuple[int, int]], minutes: int, *, start: int, every: bool
) -> tuple[list[Any], int]:
    """Walk the price in half dollars, rates changing on the way; return actions and calls."""
    harness = Harness(MarginGuard, native_stop="off")
    harness.every_tick = every
    harness.set_balance(10**9)
    harness.set_positions(LONG, SHORT)
    price, done = Decimal(start), []
    for step, rate in moves:
        price += Decimal(step) / 2
        asked = harness.tick(quote(harness, price, Decimal(rate) / 100_000, minutes))
        while asked:
            intent = asked.pop(0)
            if not isinstance(intent, Notice):
                done.append((harness.now, intent))
                asked += harness.settle(intent, IntentState.CONFIRMED)  # type: ignore[arg-type]
        harness.advance(seconds=int(STEP.total_seconds()))
    return done, harness.calls


RATES = st.sampled_from([-500, -60, 0, 10, 60, 500])


@settings(max_examples=400, deadline=None)
@given(
    steps=st.lists(st.integers(-120, 120), min_size=10, max_size=40),
    rates=st.tuples(RATES, RATES),
    change=st.integers(0, 40),
    minutes=st.integers(8, 25),
    start=st.sampled_from([98_140, 98_180, 98_700, 100_000, 101_500, 101_980, 102_020]),
)
def test_a_funding_fee_ahead_wakes_the_guard_in_time(steps, rates, change, minutes, start):
    moves = [(step, rates[n >= change]) for n, step in enumerate(steps)]

    woken, _ = play(moves, minutes, start=start, every=False)
    always, _ = play(moves, minutes, start=start, every=True)

    assert woken == always


@pytest.mark.parametrize("rate", [10, -10])
def test_a_fee_ahead_does_not_call_the_guard_on_every_tick(rate):
    moves = [(1 if n % 2 else -1, rate) for n in range(15)]

    _, calls = play(moves, 14, start=100_000, every=False)
    _, always = play(moves, 14, start=100_000, every=True)

    assert calls < always / 2


def test_another_rate_calls_the_guard_where_the_price_does_not():
    moves = [(0, 10)] * 5 + [(0, 400)] + [(0, 400)] * 5

    _, still = play([(0, 10)] * 11, 14, start=99_000, every=False)
    _, moved = play(moves, 14, start=99_000, every=False)

    assert moved == still + 1
