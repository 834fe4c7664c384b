"""A share of the sats is worth the same in dollars, whatever the price does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor import maths
from axisor.errors import ConfigInvalid
from axisor.events import IntentState
from axisor.intents import (
    Action,
    CrossOrder,
    DepositCross,
    Intent,
    Notice,
    SetCrossLeverage,
)
from axisor.model import Balance, CrossWallet, FeedQuality, Position, Side
from axisor.testing import Harness, check_strategy
from axisor.testing.script import crossed
from axisor_balance import Hedge
from axisor_balance.shorting import Held, margin_needed, most_short
from tests.plugins import played

BITCOIN = 100_000_000
SHORT = crossed(Side.SELL, 50_000, 100_000, BITCOIN)
many = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def actions(asked: list[Intent]) -> list[Action]:
    """Return what ends at the venue."""
    return [intent for intent in asked if isinstance(intent, Action)]


def run(wallet: int, free: int, *positions: Position, leverage: int = 1, **config: Any) -> Harness:
    """Return a run with sats in the wallet and the balance."""
    harness = Harness(Hedge, **config)
    harness.holdings = replace(
        harness.holdings,
        balance=Balance(free),
        cross=CrossWallet(wallet, leverage),
        positions=positions,
    )
    return harness


def test_half_of_a_bitcoin_is_held_as_dollars():
    harness = run(BITCOIN, 0)

    (order,) = actions(harness.tick(100_000))

    assert isinstance(order, CrossOrder)
    assert (order.side, order.quantity, order.reduce) == (Side.SELL, 50_000, False)


def test_a_short_that_is_right_is_left_alone():
    harness = run(BITCOIN, 0, SHORT)

    assert actions(harness.run([100_000, 101_000, 99_000])) == []
    assert harness.calls == 1


def test_it_follows_the_price_both_ways():
    up, down = run(BITCOIN, 0, SHORT), run(BITCOIN, 0, SHORT)

    (more,) = actions(up.tick(110_000))
    (fewer,) = actions(down.tick(90_000))

    assert isinstance(more, CrossOrder)
    assert isinstance(fewer, CrossOrder)
    assert (more.side, more.quantity, more.reduce) == (Side.SELL, 2_500, False)
    assert (fewer.side, fewer.quantity, fewer.reduce) == (Side.BUY, 2_500, True)


def test_the_wallet_is_made_ready_step_by_step():
    harness = run(0, BITCOIN, leverage=10, deposit=True, reserve=1_000)

    (first,) = actions(harness.tick(100_000))
    assert first == SetCrossLeverage(leverage=1, why=first.why)
    harness.holdings = replace(harness.holdings, cross=CrossWallet(0, 1))
    (second,) = actions(harness.settle(first))
    assert isinstance(second, DepositCross)
    assert second.amount == margin_needed(50_000, Decimal(100_000), 1)
    (third,) = actions(harness.settle(second))
    assert isinstance(third, CrossOrder)
    assert third.quantity == 50_000


def test_without_deposits_the_short_is_what_the_wallet_bears_and_it_is_said():
    harness = run(10_000_000, 90_000_000)

    (order,) = actions(harness.tick(100_000))
    assert isinstance(order, CrossOrder)
    assert order.quantity == most_short(10_000_000, Decimal(100_000), 1)
    full = run(10_000_000, 90_000_000, crossed(Side.SELL, order.quantity, 100_000, 10_000_000))
    said = full.tick(100_000) + full.tick(100_100)
    assert [intent.code for intent in said if isinstance(intent, Notice)] == ["HEDGE_INCOMPLETE"]


def test_a_long_is_left_alone_and_it_is_said():
    harness = run(BITCOIN, 0, crossed(Side.BUY, 10, 100_000, BITCOIN))

    said = harness.run([100_000, 90_000])

    assert [type(intent) for intent in said] == [Notice]


def test_what_was_refused_is_tried_again_a_minute_later():
    harness = run(BITCOIN, 0)
    (order,) = actions(harness.tick(100_000))

    harness.settle(order, IntentState.REFUSED)

    assert actions(harness.tick(100_100)) == []
    harness.advance(seconds=50)
    harness.tick(100_000)
    assert [type(a) for a in actions(harness.advance(seconds=10))] == [CrossOrder]


def test_a_reading_from_before_the_order_is_not_acted_on():
    harness = run(BITCOIN, 0)
    (order,) = actions(harness.tick(100_000))

    assert actions(harness.settle(order)) == []  # the harness shows no effect of it
    assert actions(harness.run([100_500] * 30)) == []


def test_a_doubtful_price_changes_nothing():
    harness = run(BITCOIN, 0)
    harness.set_feed(FeedQuality.STALE)

    assert actions(harness.tick(100_000)) == []
    assert len(actions(harness.set_feed(FeedQuality.FRESH))) == 1


@pytest.mark.parametrize(
    ("config", "complaint"),
    [({"share": "99.5"}, "at most 99"), ({"tolerance": 0}, "between 0 and 100")],
)
def test_a_contradiction_is_refused(config: dict[str, Any], complaint: str):
    with pytest.raises(ConfigInvalid, match=complaint):
        Harness(Hedge, **config)


PRICE = st.integers(20_000, 400_000).map(lambda halves: Decimal(halves) / 2)


@many
@given(
    st.integers(1_000, 10 * BITCOIN),
    st.integers(0, 100_000),
    PRICE,
    PRICE,
    st.integers(1, 99),
    st.integers(1, 5_000),
)
def test_between_its_bounds_a_short_is_right(
    sats: int, short: int, entry: Decimal, price: Decimal, percent: int, band: int
):
    held, share = Held(sats, short, entry), Decimal(percent) / 100
    low, high = held.bounds(share, Fraction(band))

    if (low is None or price > low) and (high is None or price < high):
        assert abs(held.wanted(price, share) - short) < band


@many
@given(st.integers(0, 10 * BITCOIN), PRICE, st.integers(1, 100))
def test_the_most_a_wallet_bears_is_the_most(sats: int, price: Decimal, leverage: int):
    short = most_short(sats, price, leverage)

    assert short == 0 or margin_needed(short, price, leverage) <= sats
    assert margin_needed(short + 2, price, leverage) > sats


@many
@given(PRICE, PRICE)
def test_a_hedged_share_is_worth_the_same_at_every_price(first: Decimal, then: Decimal):
    held = Held(BITCOIN, Held(BITCOIN).wanted(first, Decimal("0.99")), first)

    unhedged = (held.worth(first) - held.short) * Fraction(then) / Fraction(first)

    assert abs(held.worth(then) - unhedged - held.short) < 1


@pytest.mark.timeout(240)
def test_it_holds_to_the_conformance_checks():
    check_strategy(Hedge, share=40, deposit=True)


def hedged(path: list[Any]) -> None:
    """Hold nine tenths as dollars over a market, and require that they are still there."""
    config = {"share": 90, "tolerance": 1, "deposit": True}
    worth = int(BITCOIN * 10_000 / path[0][1])

    done = played.play(Hedge, config, path, balance=worth, rate=Decimal(0))

    state = done.account.state(done.last.time, done.last)
    (short,) = state.positions
    sats = state.balance.free + state.cross.margin
    sats += maths.pl(short.side, short.quantity, short.entry, done.last.last)
    dollars = sats * done.last.last / BITCOIN
    moved = abs(done.last.last / path[0][1] - 1)
    assert short.side is Side.SELL
    assert abs(dollars / 10_000 - 1) < moved / 5 + Decimal("0.01")
    assert done.requests.count("cross_order") < 120


@pytest.mark.parametrize("seed", played.SEEDS)
def test_over_a_seeded_market(seed: int):
    hedged(played.seeded(seed))


def test_over_real_minutes():
    path = played.real()
    assert path[-1][0] - path[0][0] > timedelta(hours=12)
    hedged(path)
