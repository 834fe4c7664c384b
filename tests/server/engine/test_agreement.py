"""Prices that contradict each other are a dispute; a market that only moves is not."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from msgspec.structs import replace

from axisor.model import Tick
from axisor_server.adapters.memory import VirtualClock
from axisor_server.engine.agreement import CONFIRMED, LASTING_MS, Agreement

NOW = VirtualClock().now()
TICK = Tick(time=NOW, received=NOW, last=Decimal(100_000), bid=None, ask=None)


def at(last: int, index: int | None = None) -> Tick:
    return replace(TICK, last=Decimal(last), index=None if index is None else Decimal(index))


@pytest.fixture
def prices() -> Agreement:
    return Agreement(percent=1, index_percent=5)


def test_an_answer_far_from_the_stream_is_a_dispute_once_it_is_confirmed(prices):
    prices.streamed(at(100_000), 0)

    prices.answered(at(98_900), 100)
    assert prices.dispute() == ""
    assert prices.is_doubtful
    prices.answered(at(98_900), 200)

    assert "98900" in prices.dispute()


def test_a_dispute_ends_when_they_agreed_again_and_again(prices):
    prices.streamed(at(100_000), 0)
    for n in range(CONFIRMED):
        prices.answered(at(90_000), n)

    prices.answered(at(100_100), 10)
    assert prices.dispute()
    prices.answered(at(100_100), 20)

    assert prices.dispute() == ""
    assert not prices.is_doubtful


def test_exactly_one_percent_is_no_dispute(prices):
    prices.streamed(at(100_000), 0)

    for n in range(CONFIRMED):
        prices.answered(at(99_000), n)
        prices.answered(at(101_000), n)

    assert prices.dispute() == ""


@pytest.mark.parametrize("seed", range(20))
def test_a_crash_with_an_answer_that_lags_seconds_behind_is_no_dispute(prices, seed):
    rng, price, past = Random(seed), 100_000, []
    for second in range(120):
        price = price * (1_000 - rng.randint(0, 30)) // 1_000  # up to 3 % down, each second
        prices.streamed(at(price), second * 1_000)
        past.append(price)
        if second % 5 == 0:
            lag = rng.randint(0, min(second, 8))
            prices.answered(at(past[second - lag]), second * 1_000 + 300)
        assert prices.dispute() == "", f"seed {seed}, second {second}"


def test_a_stream_that_stands_still_is_compared_as_it_stands(prices):
    prices.streamed(at(100_000), 0)

    for n in range(CONFIRMED):
        prices.answered(at(95_000), 25_000 + n)

    assert prices.dispute()


def test_the_index_is_left_only_for_a_while(prices):
    prices.streamed(at(90_000, 100_000), 0)
    assert prices.dispute() == ""
    prices.streamed(at(90_000, 100_000), LASTING_MS)
    assert "index" in prices.dispute()

    prices.streamed(at(96_000, 100_000), LASTING_MS + 1)

    assert prices.dispute() == ""


def test_a_percentage_of_zero_compares_nothing():
    never = Agreement(percent=0, index_percent=0)
    for n in range(5):
        never.streamed(at(100_000, 50_000), n * 3_000)
        never.answered(at(50_000), n * 3_000)

    assert never.dispute() == ""
    assert not never.is_doubtful


def test_a_market_without_an_index_has_no_dispute_with_it(prices):
    for n in range(5):
        prices.streamed(at(90_000), n * 3_000)
        prices.streamed(at(90_000, 0), n * 3_000)

    assert prices.dispute() == ""
