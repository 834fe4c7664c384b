"""Each exit, once, at its price or time, and only ever making positions smaller."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from axisor import maths
from axisor.errors import ConfigInvalid
from axisor.events import IntentState, Outcome
from axisor.intents import Action, ClosePosition, CrossOrder, Intent, Notice
from axisor.model import FeedQuality, Position, Side, Tick
from axisor.strategy import take_step
from axisor.testing import Harness, check_strategy
from axisor.testing.script import crossed, opened
from axisor_exits import Exits, ExitsMemory
from axisor_exits.levels import price_at_pl

LONG = opened("long", Side.BUY, 1_000, 100_000, 10)
SHORT = opened("short", Side.SELL, 1_000, 100_000, 10)
CROSS = crossed(Side.BUY, 1_000, 100_000, 500_000)


def exits(*positions: Position, **config: Any) -> Harness:
    """Return a run over positions at 100,000 dollars."""
    harness = Harness(Exits, **config)
    harness.set_positions(*positions)
    assert actions(harness.tick(100_000)) == []
    return harness


def actions(asked: list[Intent]) -> list[Action]:
    """Return what ends at the venue."""
    return [intent for intent in asked if isinstance(intent, Action)]


def closed(asked: list[Intent]) -> list[tuple[str, str]]:
    """Return which positions are closed whole, and by which rule."""
    found = actions(asked)
    assert all(isinstance(action, ClosePosition) for action in found)
    return [(a.position, a.why.rule) for a in found if isinstance(a, ClosePosition) and a.why]


@pytest.mark.parametrize(
    ("by", "amount", "before", "at"),
    [
        ("percent", 3, 102_999, 103_000),
        ("price", 101_000, 100_999, 101_000),
        ("pl", 9_900, 100_999, 101_000),
    ],
)
def test_a_profit_is_taken_where_it_is_reached(by: str, amount: int, before: int, at: int):
    harness = exits(LONG, take_profit=amount, take_profit_by=by, side="long")

    assert closed(harness.tick(before)) == []
    assert closed(harness.tick(at)) == [("long", "take_profit")]


@pytest.mark.parametrize(
    ("by", "amount", "before", "at"),
    [
        ("percent", 3, 97_001, 97_000),
        ("price", 99_000, 99_001, 99_000),
        ("pl", 10_101, 99_001, 99_000),
    ],
)
def test_a_loss_is_cut_where_it_is_reached(by: str, amount: int, before: int, at: int):
    harness = exits(LONG, stop_loss=amount, stop_loss_by=by, side="long")

    assert closed(harness.tick(before)) == []
    assert closed(harness.tick(at)) == [("long", "stop_loss")]


def test_a_short_is_the_mirror_of_a_long():
    harness = exits(LONG, SHORT, take_profit=2, stop_loss=1)

    assert closed(harness.tick(101_000)) == [("short", "stop_loss")]
    assert closed(harness.tick(102_000)) == [("long", "take_profit")]


def test_trailing_follows_the_best_price_and_never_goes_back():
    harness = exits(LONG, trailing=1, trailing_from=2)

    assert closed(harness.run([101_900, 100_500])) == []
    assert closed(harness.run([102_000, 104_000, 103_000])) == []
    assert closed(harness.tick(102_960)) == [("long", "trailing")]


def test_trailing_from_nothing_starts_at_the_first_price():
    harness = exits(SHORT, trailing=1)

    assert closed(harness.run([98_000, 98_900])) == []
    assert closed(harness.tick(98_980)) == [("short", "trailing")]


def test_break_even_keeps_what_it_was_told_to_keep():
    harness = exits(LONG, break_even=2, break_even_keep="0.5")

    assert closed(harness.run([100_400, 101_999, 100_400])) == []
    assert closed(harness.run([102_000, 100_501])) == []
    assert closed(harness.tick(100_500)) == [("long", "break_even")]


def test_a_position_is_closed_when_its_time_is_up():
    harness = exits(LONG, close_after_min=30)

    assert closed(harness.advance(minutes=29)) == []
    assert closed(harness.advance(minutes=1)) == [("long", "close_after")]


def funded(harness: Harness, rate: str) -> Tick:
    """Return a tick before a settlement in an hour."""
    price, due = Decimal(100_000), harness.now + timedelta(hours=1)
    return Tick(harness.now, harness.now, price, price, price, price, Decimal(rate), due)


def test_only_who_would_pay_is_closed_before_funding():
    harness = exits(LONG, SHORT, before_funding_min=10)
    harness.tick(funded(harness, "0.0001"))

    assert closed(harness.advance(minutes=49)) == []
    assert closed(harness.advance(minutes=1)) == [("long", "before_funding")]


def test_a_rate_that_turns_within_the_time_is_seen():
    harness = exits(SHORT, before_funding_min=60)

    assert closed(harness.tick(funded(harness, "0.0001"))) == []
    assert closed(harness.tick(funded(harness, "-0.0001"))) == [("short", "before_funding")]


def test_a_part_of_a_cross_position_is_closed_once():
    harness = exits(CROSS, take_profit=1, take_profit_share=30, stop_loss=5)

    (part,) = actions(harness.tick(101_000))
    assert isinstance(part, CrossOrder)
    assert (part.side, part.quantity, part.reduce) == (Side.SELL, 300, True)
    assert actions(harness.settle(part)) == []
    assert actions(harness.run([101_500, 99_000, 102_000])) == []
    assert closed(harness.tick(95_000)) == [("cross", "stop_loss")]


def test_a_part_that_was_given_up_in_doubt_is_not_closed_again():
    harness = exits(CROSS, take_profit=1, take_profit_share=30)
    (part,) = actions(harness.tick(101_000))

    harness.settle(part, IntentState.UNKNOWN)
    harness.settle(part, IntentState.DEAD)

    assert actions(harness.run([101_500] * 100)) == []


def test_an_isolated_position_is_closed_whole():
    harness = exits(LONG, take_profit=1, take_profit_share=30)

    assert closed(harness.tick(101_000)) == [("long", "take_profit")]


def test_what_was_asked_for_is_not_asked_for_again():
    harness = exits(LONG, stop_loss=1)

    assert len(closed(harness.run([99_000, 98_900, 99_500, 98_800]))) == 1


def test_a_refused_close_is_tried_again_and_said():
    harness = exits(LONG, stop_loss=1)
    (close,) = actions(harness.tick(99_000))

    (said,) = harness.settle(close, IntentState.REFUSED, reason="VENUE_UNAVAILABLE")

    assert isinstance(said, Notice)
    assert said.code == "EXIT_REFUSED"
    assert closed(harness.advance(seconds=4)) == []
    assert closed(harness.advance(seconds=1)) == [("long", "stop_loss")]


def test_a_position_that_outlives_its_confirmed_close_is_judged_again_after_a_minute():
    harness = exits(LONG, close_after_min=1)
    (close,) = actions(harness.advance(minutes=1))
    confirmed = Outcome(action=close, state=IntentState.CONFIRMED)
    result = take_step(Exits, harness.config, harness.saved, confirmed, harness.view)
    harness.saved, harness.wake = result.memory, result.wake

    assert closed(harness.advance(seconds=59)) == []
    assert closed(harness.advance(seconds=1)) == [("long", "close_after")]


def test_another_position_under_a_known_name_begins_anew():
    harness = exits(LONG, stop_loss=1)
    assert len(actions(harness.tick(99_000))) == 1
    harness.set_positions()

    assert closed(harness.set_positions(LONG)) == [("long", "stop_loss")]


def test_a_position_that_is_missing_from_a_reading_is_not_forgotten():
    harness = exits(LONG, trailing=1)
    harness.tick(105_000)
    harness.holdings = structs.replace(harness.holdings, positions=())
    harness.set_feed(FeedQuality.STALE)
    harness.holdings = structs.replace(harness.holdings, positions=(LONG,))
    harness.set_feed(FeedQuality.FRESH)

    assert closed(harness.tick(103_950)) == [("long", "trailing")]


def test_a_position_that_stays_away_is_forgotten():
    harness = exits(LONG, trailing=1)
    harness.tick(105_000)
    harness.holdings = structs.replace(harness.holdings, positions=())
    harness.set_feed(FeedQuality.STALE)
    harness.advance(hours=2)
    harness.set_feed(FeedQuality.FRESH)

    assert harness.memory == ExitsMemory()


def test_a_cross_position_entered_anew_has_no_best_price_yet():
    harness = exits(CROSS, trailing=10)
    harness.run([110_000, 105_000])

    asked = harness.set_positions(crossed(Side.BUY, 1_200, 105_000, 500_000))

    assert closed(asked + harness.tick(98_000)) == []
    assert closed(harness.tick(94_500)) == [("cross", "trailing")]


@pytest.mark.parametrize("quality", [q for q in FeedQuality if q is not FeedQuality.FRESH])
def test_a_doubtful_price_closes_nothing(quality: FeedQuality):
    harness = exits(LONG, stop_loss=1)
    harness.set_feed(quality)

    assert closed(harness.tick(98_000)) == []
    assert closed(harness.set_feed(FeedQuality.FRESH)) == [("long", "stop_loss")]


def test_an_old_price_closes_nothing():
    harness = exits(LONG, stop_loss=1, close_after_min=60)
    harness.set_feed(FeedQuality.STALE)
    harness.tick(98_000)
    harness.advance(seconds=31)

    assert closed(harness.set_feed(FeedQuality.FRESH)) == []
    assert closed(harness.tick(98_000)) == [("long", "stop_loss")]


@pytest.mark.parametrize(
    ("config", "closes"),
    [
        ({"scope": "listed", "positions": ["short"]}, []),
        ({"scope": "except", "positions": ["long"]}, []),
        ({"side": "short"}, []),
        ({"side": "long"}, [("long", "stop_loss")]),
    ],
)
def test_only_those_that_are_meant_are_closed(config: dict[str, Any], closes: list[Any]):
    harness = exits(LONG, SHORT, stop_loss=1, **config)

    assert closed(harness.tick(99_000)) == closes


def test_a_cross_position_that_changed_sides_begins_anew():
    harness = exits(CROSS, break_even=1)
    harness.tick(101_000)

    harness.set_positions(crossed(Side.SELL, 1_000, 101_000, 500_000))

    assert closed(harness.tick(100_500)) == []


def test_a_calm_market_costs_no_calls():
    harness = exits(LONG, stop_loss=5, take_profit=5)
    before = harness.calls

    harness.run([100_000 + n for n in range(-500, 500, 10)])

    assert harness.calls == before


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({}, "No exit is set"),
        ({"stop_loss": 0}, "above zero"),
        ({"take_profit": "NaN"}, "above zero"),
        ({"stop_loss": 100}, "below 100"),
        ({"trailing": 100}, "below 100"),
        ({"trailing": 1, "trailing_from": -1}, "from zero"),
        ({"break_even": 1, "break_even_keep": 1}, "close at once"),
        ({"stop_loss": 90_000, "stop_loss_by": "price"}, "longs or shorts"),
        ({"take_profit": "1.5", "take_profit_by": "pl"}, "whole number"),
        ({"stop_loss": 1, "scope": "listed"}, "list their ids"),
        ({"stop_loss": 1, "positions": ["a"]}, "use 'listed' or 'except'"),
    ],
)
def test_a_contradiction_is_refused(config: dict[str, Any], complaint: str):
    with pytest.raises(ConfigInvalid, match=complaint):
        Harness(Exits, **config)


@pytest.mark.parametrize("position", [LONG, SHORT], ids=["long", "short"])
@pytest.mark.parametrize("pl", [1, 777, 50_000, -1, -777, -50_000])
def test_the_price_of_a_profit_is_the_first_cent_that_brings_it(position: Position, pl: int):
    level = price_at_pl(position, pl)
    assert level is not None

    def at(price: Decimal) -> Any:
        return maths.pl_exact(position.side, position.quantity, position.entry, price)

    better = Decimal("0.01") * position.side.sign * (1 if pl > 0 else -1)
    assert at(level) >= pl if pl > 0 else at(level) <= pl
    assert at(level - better) < pl if pl > 0 else at(level - better) > pl


def test_a_profit_that_no_price_brings_is_never_reached():
    assert price_at_pl(LONG, 1_000_000) is None
    assert price_at_pl(SHORT, -1_000_000) is None


@pytest.mark.timeout(240)
def test_it_holds_to_the_conformance_checks():
    check_strategy(
        Exits,
        take_profit=3,
        take_profit_share=40,
        stop_loss=4,
        trailing="0.8",
        trailing_from=1,
        break_even=1,
        close_after_min=90,
        before_funding_min=15,
    )
