"""Scenarios: the demo's path to the half dollar, and laws every story obeys for every seed."""

from datetime import timedelta
from decimal import Decimal as D
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.errors import FieldInvalid
from axisor.exchange.scenarios import SCENARIOS, scenario, walk
from tests.sdk.exchange.venue import NOON

seeds = st.integers(0, 10**6)


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_the_flash_crash_of_the_demo_meets_its_anchors():
    crash = scenario("flash-crash")

    found = [crash.price(at(seconds)) for seconds in (0, 2, 12, 18, 26, 31, 38, 42)]

    assert found == [100_000, 100_000, 98_900, 98_100, 96_150, 95_200, 99_400, 99_400]
    assert crash.length == at(42)


def test_the_demo_meets_its_thresholds_at_the_anchors_first():
    quotes = list(scenario("flash-crash", 21).quotes(NOON))

    def first(price: str):
        quote = next(q for q in quotes if q.last <= D(price))
        return quote.time - NOON, quote.last

    # Three and two percent above the liquidation price of 96,154, and that price itself.
    assert first("99127") == (at(12), D(98_900))
    assert first("98116") == (at(18), D(98_100))
    assert first("96154") == (at(26), D(96_150))
    assert len(quotes) == 42 * 4 + 1


@given(seeds)
def test_every_flash_crash_falls_and_recovers_without_turning_between(seed: int):
    crash = scenario("flash-crash", seed)

    prices = [quote.last for quote in crash.quotes(NOON)]
    low = prices.index(min(prices))

    assert prices[:low] == sorted(prices[:low], reverse=True)
    assert prices[low:] == sorted(prices[low:])
    assert prices[:9] == [D(100_000)] * 9


@pytest.mark.parametrize("name", SCENARIOS)
@given(seed=seeds, part=st.fractions(0, 1, max_denominator=1_000))
def test_every_scenario_is_decided_by_its_seed_and_on_the_step(name: str, seed: int, part):
    one, other = scenario(name, seed), scenario(name, seed)
    elapsed = one.length * part.numerator // part.denominator

    price = one.price(elapsed)

    assert price == other.price(elapsed)
    assert price > 0
    assert price % D("0.5") == 0
    assert one.price(one.length + at(100)) == one.price(one.length)


@pytest.mark.parametrize(("name", "sign"), [("bull", 1), ("bear", -1), ("slow-bleed", -1)])
@given(seed=seeds)
def test_a_trend_goes_its_way(name: str, sign: int, seed: int):
    story = scenario(name, seed)

    assert sign * (story.price(story.length) - story.price(at(0))) > 0


@given(seeds)
def test_a_gap_has_no_price_between(seed: int):
    prices = [quote.last for quote in scenario("gap", seed).quotes(NOON)]

    largest = max(before - after for before, after in pairwise(prices))

    assert largest > 3_500


def test_a_spread_lies_around_the_price():
    quote = scenario("flash-crash", spread=5).quote(NOON, at(0))

    assert (quote.bid, quote.last, quote.ask) == (D(99_999), D(100_000), D("100001.5"))


def test_a_funding_squeeze_has_dear_funding():
    assert scenario("funding-squeeze").funding_rate == D("0.005")


def test_a_walk_differs_by_seed():
    one, other = walk(1), walk(2)

    assert one.anchors != other.anchors
    assert one == walk(1)


@pytest.mark.parametrize(("name", "spread"), [("moon", 0), ("bull", -1)])
def test_what_does_not_exist_is_refused(name: str, spread: int):
    with pytest.raises(FieldInvalid):
        scenario(name, 1, spread=spread)
