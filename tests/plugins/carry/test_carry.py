"""Funding is told of, avoided and collected, once for each settlement."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor.errors import ConfigInvalid
from axisor.events import IntentState
from axisor.intents import Action, ClosePosition, CrossOrder, Intent, Notice, OpenPosition
from axisor.model import FeedQuality, Side, Tick
from axisor.testing import Harness, check_strategy
from axisor.testing.harness import START
from axisor.testing.script import crossed, opened
from axisor_carry import Carry
from tests.plugins import played

LONG = opened("long", Side.BUY, 1_000, 100_000, 10)
SHORT = opened("short", Side.SELL, 1_000, 100_000, 10)
CROSS = crossed(Side.BUY, 1_000, 100_000, 500_000)
COLLECT = {"collect_above": "0.02", "collect_margin": 5_000}
DUE = START + timedelta(hours=8)
many = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def tick(harness: Harness, rate: str, due: Any = DUE) -> Tick:
    """Return a tick before a settlement."""
    price = Decimal(100_000)
    return Tick(harness.now, harness.now, price, price, price, price, Decimal(rate), due)


def actions(asked: list[Intent]) -> list[Action]:
    """Return what ends at the venue."""
    return [intent for intent in asked if isinstance(intent, Action)]


def just_before(harness: Harness, rate: str, minutes: int) -> list[Action]:
    """Let time pass until so many minutes before the settlement, with a price at the end."""
    harness.tick(tick(harness, rate))
    harness.now = DUE - timedelta(minutes=minutes, seconds=10)
    harness.tick(tick(harness, rate))
    return actions(harness.advance(seconds=10))


def test_a_high_fee_is_told_of_once():
    harness = Harness(Carry, alert_above="0.01")
    harness.set_positions(LONG, SHORT)

    asked = harness.tick(tick(harness, "0.0003")) + harness.tick(tick(harness, "0.0004"))

    (said,) = asked
    assert isinstance(said, Notice)
    assert (said.code, said.data["fee_sats"]) == ("FUNDING_HIGH", "300")


def test_only_who_would_pay_more_is_closed_shortly_before():
    harness = Harness(Carry, avoid_above="0.02", avoid_before_min=5)
    harness.set_positions(LONG, SHORT)

    assert just_before(harness, "0.0003", 6) == []
    (close,) = just_before(harness, "0.0003", 5)

    assert isinstance(close, ClosePosition)
    assert close.position == "long"
    assert just_before(Harness(Carry, avoid_above="0.03"), "0.0003", 5) == []


def test_what_is_kept_is_not_closed_and_a_part_is_a_part():
    harness = Harness(Carry, avoid_above=0, keep=["long"], avoid_share=25)
    harness.set_positions(LONG, CROSS)

    (part,) = just_before(harness, "0.0001", 10)

    assert isinstance(part, CrossOrder)
    assert (part.side, part.quantity, part.reduce) == (Side.SELL, 250, True)
    harness.settle(part)
    assert actions(harness.advance(minutes=1)) == []


def test_a_refused_close_is_asked_for_again():
    harness = Harness(Carry, avoid_above=0)
    harness.set_positions(LONG)
    (close,) = just_before(harness, "0.0001", 10)

    (said,) = harness.settle(close, IntentState.REFUSED)

    assert isinstance(said, Notice)
    assert actions(harness.advance(seconds=9)) == []
    assert [type(a) for a in actions(harness.advance(seconds=1))] == [ClosePosition]


@pytest.mark.parametrize(("rate", "side"), [("0.0002", Side.SELL), ("-0.0002", Side.BUY)])
def test_the_fee_is_collected_by_the_side_that_receives_it(rate: str, side: Side):
    harness = Harness(Carry, **COLLECT)

    (order,) = just_before(harness, rate, 10)

    assert isinstance(order, OpenPosition)
    assert (order.side, order.margin, order.leverage) == (side, 5_000, 1)
    harness.settle(order)
    mine = replace(opened("mine", side, 10, 100_000, 1), client_id=order.client_id)
    assert actions(harness.set_positions(mine)) == []
    (close,) = actions(harness.advance(minutes=11))
    assert isinstance(close, ClosePosition)
    assert close.position == "mine"
    harness.settle(close)
    assert harness.memory.mine == ""  # type: ignore[attr-defined]


def test_too_low_a_rate_collects_nothing():
    assert just_before(Harness(Carry, **COLLECT), "0.00019", 10) == []


def test_a_refused_collection_is_not_repeated():
    harness = Harness(Carry, **COLLECT)
    (order,) = just_before(harness, "0.0002", 10)

    harness.settle(order, IntentState.NOT_APPLIED)

    assert actions(harness.tick(tick(harness, "0.0003"))) == []


def test_a_collector_that_would_not_close_is_closed_later():
    harness = Harness(Carry, **COLLECT)
    (order,) = just_before(harness, "0.0002", 10)
    assert isinstance(order, OpenPosition)
    mine = replace(opened("mine", Side.SELL, 10, 100_000, 1), client_id=order.client_id)
    harness.set_positions(mine)
    (close,) = actions(harness.advance(minutes=11))

    harness.settle(close, IntentState.REFUSED)

    assert actions(harness.advance(seconds=10)) == [close]


def test_without_a_price_nothing_is_done_until_there_is_one():
    harness = Harness(Carry, avoid_above=0)
    harness.set_positions(LONG)
    harness.tick(tick(harness, "0.0001"))
    harness.set_feed(FeedQuality.STALE)

    assert just_before(harness, "0.0001", 10) == []
    assert len(actions(harness.set_feed(FeedQuality.FRESH))) == 1


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({}, "No rate is set"),
        ({"avoid_above": 100}, "between 0 and 100"),
        ({"collect_above": 1}, "set collect_margin"),
        ({"alert_above": 1, "collect_leverage": 0}, "between 1 and 100"),
    ],
)
def test_a_contradiction_is_refused(config: dict[str, Any], complaint: str):
    with pytest.raises(ConfigInvalid, match=complaint):
        Harness(Carry, **config)


RATES = st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 7_200)), max_size=25)


@many
@given(RATES)
def test_called_on_every_tick_or_only_when_woken_it_does_the_same(moves: list[tuple[int, int]]):
    found: list[list[Any]] = []
    for every in (False, True):
        harness = Harness(Carry, avoid_above="0.01", **COLLECT)
        harness.every_tick = every
        harness.set_positions(LONG, SHORT, CROSS)
        found.append(_asked(harness, moves))

    assert found[0] == found[1]


def _asked(harness: Harness, moves: list[tuple[int, int]]) -> list[Any]:
    done: list[Any] = []
    for rate, wait in moves:
        periods = (harness.now - START) // timedelta(hours=8) + 1
        due = START + periods * timedelta(hours=8)
        asked = harness.tick(tick(harness, str(Decimal(rate) / 10_000), due))
        for action in actions(asked + harness.advance(seconds=wait)):
            done.append((harness.now, action))
            harness.settle(action)
    return done


@many
@given(RATES)
def test_each_settlement_is_collected_at_most_once(moves: list[tuple[int, int]]):
    harness = Harness(Carry, **COLLECT)

    done = _asked(harness, moves)

    ids = [action.client_id for _, action in done if isinstance(action, OpenPosition)]
    assert len(ids) == len(set(ids))


@pytest.mark.timeout(240)
def test_it_holds_to_the_conformance_checks():
    check_strategy(Carry, alert_above=0, avoid_above="0.01", **COLLECT)


@pytest.mark.parametrize("seed", played.SEEDS)
def test_over_a_seeded_market(seed: int):
    paid(played.seeded(seed, 4_000))


def test_over_real_minutes():
    paid(played.real(count=2_000))


def paid(path: list[Any]) -> None:
    """Collect over a market, and require that each position received and none paid."""
    config = {"collect_above": "0.01", "collect_margin": 50_000, "collect_before_min": 15}

    done = played.play(Carry, config, path)

    trades = done.account.isolated.closed()
    assert trades
    assert done.requests.count("new_trade") - len(trades) in (0, 1)
    assert all(trade.sum_funding_fees < 0 for trade in trades)
