"""What the guard does, situation by situation, and that the demo's rescue is to the sat."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from axisor import maths
from axisor.events import CoverageState, IntentState
from axisor.intents import (
    Action,
    AddMargin,
    ClosePosition,
    CrossOrder,
    DepositCross,
    Intent,
    Notice,
    SetStop,
)
from axisor.model import FeedQuality, Mode, Price, Side
from axisor.strategy import Protection
from axisor.testing import Harness
from axisor_margin_guard import GuardConfig, GuardMemory, MarginGuard
from tests.plugins.margin_guard.cases import cross, isolated, step, tick, view

TWIN = isolated("7f3a", Side.BUY, 2_500, 100_000, 25)


def guard(*positions: Any, free: int = 1_000_000, **config: Any) -> Harness:
    harness = Harness(MarginGuard, **config)
    harness.set_balance(free)
    harness.set_positions(*(positions or (TWIN,)))
    return harness


def acts(asked: list[Intent]) -> list[Action]:
    return [intent for intent in asked if isinstance(intent, Action)]


def codes(asked: list[Intent]) -> list[str]:
    return [intent.code for intent in asked if isinstance(intent, Notice)]


def state(harness: Harness, id: str = "7f3a") -> CoverageState:
    memory = harness.memory
    assert isinstance(memory, GuardMemory)
    assert isinstance(harness.config, GuardConfig)
    strategy = MarginGuard(harness.config, memory)
    return next(c.state for c in strategy.coverage(harness.view) if c.position == id)


def test_the_worked_example_to_the_sat():
    harness = guard()
    assert acts(harness.tick("98116.5")) == []

    (rescue,) = acts(harness.tick(98_100))

    assert isinstance(rescue, AddMargin)
    assert (rescue.position, rescue.amount, rescue.episode) == ("7f3a", 82_541, "7f3a#1")
    harness.settle(rescue)
    (saved,) = harness.holdings.positions
    assert (saved.margin, saved.liquidation) == (182_541, Decimal(93_195))
    assert acts(harness.tick(95_200)) == []
    assert acts(harness.tick(99_400)) == []
    assert maths.pl(Side.BUY, 2_500, Decimal(100_000), Decimal(99_400)) == -15_091


def test_the_trigger_is_met_strictly_below():
    edge = isolated("e", Side.BUY, 1_000, 100_000, 10, liquidation=Decimal(98_000))
    config = GuardConfig()

    assert not acts(list(step(view((edge,), 100_000), config).intents))
    assert acts(list(step(view((edge,), "99999.5"), config).intents))


def test_an_action_explains_itself():
    harness = guard()

    (rescue,) = acts(harness.tick(98_100))

    assert isinstance(rescue, AddMargin)
    assert rescue.why is not None
    assert rescue.why.inputs["distance_percent"] == "1.98"
    assert rescue.why.inputs["needed_for_target"] == "82541"
    assert {check.name for check in rescue.why.checks} >= {"fresh", "trigger", "nothing pending"}


def test_nothing_is_added_while_an_outcome_is_open():
    harness = guard(cooldown_s=0)
    (rescue,) = acts(harness.tick(98_100))
    harness.settle(rescue, IntentState.UNKNOWN)
    harness.pending = frozenset({"7f3a"})

    asked = harness.tick(96_900) + harness.advance(minutes=5) + harness.tick(96_800)

    assert acts(asked) == []
    assert codes(asked).count("GUARD_AMBIGUOUS") == 1
    assert state(harness) is CoverageState.DEGRADED


def test_an_open_outcome_does_not_hold_up_another_rescue():
    other = isolated("other", Side.BUY, 2_000, 100_000, 25)
    harness = guard(TWIN, other)
    harness.pending = frozenset({"7f3a"})

    (rescue,) = acts(harness.tick(98_100))

    assert isinstance(rescue, AddMargin)
    assert rescue.position == "other"


def test_a_confirmed_add_that_is_not_read_back_yet_is_not_repeated():
    harness = guard(cooldown_s=0)
    (rescue,) = acts(harness.tick(98_100))
    before = harness.holdings

    harness.settle(rescue)
    harness.holdings = before

    assert acts(harness.tick(98_090)) == []


def test_at_critical_distance_it_closes_where_that_was_chosen():
    harness = guard(on_ambiguous="close")
    (rescue,) = acts(harness.tick(98_100))
    harness.settle(rescue, IntentState.UNKNOWN)

    assert acts(harness.tick(97_500)) == []
    (close,) = acts(harness.tick(97_000))

    assert isinstance(close, ClosePosition)
    assert acts(harness.tick(96_900)) == []


def test_nothing_is_added_while_an_outcome_is_unknown_whatever_was_chosen():
    harness = guard(on_ambiguous="duplicate_within_budget", budget_day=250_000)
    (rescue,) = acts(harness.tick(98_100))
    harness.settle(rescue, IntentState.UNKNOWN)

    asked = harness.tick(97_000)

    assert acts(asked) == []
    assert "GUARD_AMBIGUOUS" in codes(asked)


def test_a_refused_add_is_told_given_back_and_tried_again_later():
    harness = guard()
    (rescue,) = acts(harness.tick(98_100))

    asked = harness.settle(rescue, IntentState.REFUSED, reason="INSUFFICIENT_BALANCE")

    assert codes(asked)[0] == "GUARD_INSUFFICIENT_BALANCE"
    assert isinstance(harness.memory, GuardMemory)
    assert harness.memory.day_spent == 0
    assert acts(harness.tick(98_090)) == []
    assert acts(harness.advance(seconds=10))


def test_an_add_that_vanished_is_tried_again_at_once():
    harness = guard()
    (rescue,) = acts(harness.tick(98_100))

    asked = harness.settle(rescue, IntentState.NOT_APPLIED)

    (again,) = acts(asked)
    assert isinstance(again, AddMargin)
    assert again.amount == 82_541


def test_an_outcome_told_twice_counts_once():
    harness = guard()
    (rescue,) = acts(harness.tick(98_100))
    harness.settle(rescue)

    harness.settle(rescue, IntentState.REFUSED)

    assert isinstance(harness.memory, GuardMemory)
    assert harness.memory.day_spent == 82_541


def test_an_old_outcome_repeated_settles_no_newer_action():
    harness = guard(cooldown_s=0, budget_action=20_000, partial="always")
    (first,) = acts(harness.tick(96_300))
    (second,) = acts(harness.settle(first))

    harness.settle(first, IntentState.REFUSED)

    assert isinstance(second, AddMargin)
    assert second.amount == 20_000
    assert isinstance(harness.memory, GuardMemory)
    assert harness.memory.day_spent == 40_000


def test_sats_under_way_are_not_promised_twice():
    other = isolated("other", Side.SELL, 2_500, 100_000, 25)
    harness = guard(TWIN, other, free=100_000, reserve=10_000, partial="always")
    (first,) = acts(harness.tick(98_100))

    (second,) = acts(harness.tick(103_900))

    assert isinstance(first, AddMargin)
    assert isinstance(second, AddMargin)
    assert first.amount + second.amount == 90_000


def test_a_second_add_waits_for_the_cooldown_unless_distance_halved():
    harness = guard(cooldown_s=600, target="2.1")
    (first,) = acts(harness.tick(98_100))
    harness.settle(first)

    assert acts(harness.tick(97_900)) == []
    halved = acts(harness.tick(97_000))

    assert isinstance(halved[0], AddMargin)
    assert halved[0].episode == "7f3a#1"


def test_beyond_liquidation_a_refused_add_waits_like_any_other():
    harness = guard(cooldown_s=10)
    (first,) = acts(harness.tick(96_000))  # a wrong price, as far as the venue is concerned

    asked = harness.settle(first, IntentState.REFUSED)

    assert acts(asked) == []
    assert acts(harness.tick(95_900)) == []
    assert [type(a) for a in acts(harness.advance(seconds=11))] == [AddMargin]


def test_an_episode_ends_beyond_trigger_and_hysteresis():
    harness = guard(target="2.1")
    (first,) = acts(harness.tick(98_100))
    harness.settle(first)

    assert "GUARD_RECOVERED" not in codes(harness.tick(98_110))
    assert "GUARD_RECOVERED" in codes(harness.tick(98_600))
    harness.advance(seconds=30)
    (second,) = acts(harness.tick(97_900))

    assert isinstance(second, AddMargin)
    assert second.episode == "7f3a#2"


def test_the_day_budget_begins_anew_at_midnight():
    harness = guard(budget_day=82_541, cooldown_s=0)
    (first,) = acts(harness.tick(98_100))
    harness.settle(first)
    asked = harness.tick(94_500)
    assert acts(asked) == []
    assert "GUARD_SHORTFALL" in codes(asked)

    assert acts(harness.advance(hours=24)) == []  # the price is old by then
    assert acts(harness.tick(94_500))


def test_short_of_sats_it_spends_what_is_left_if_that_lifts():
    harness = guard(free=50_000, reserve=10_000)

    (rescue,) = acts(harness.tick(98_100))

    assert isinstance(rescue, AddMargin)
    assert rescue.amount == 40_000
    harness.settle(rescue)
    assert state(harness) is CoverageState.SHORTFALL


@pytest.mark.parametrize(
    ("ladder", "kind"), [(["add_margin", "close"], ClosePosition), (["add_margin", "alert"], None)]
)
def test_without_sats_the_next_step_of_the_ladder_is_taken(ladder: list[str], kind: Any):
    harness = guard(free=0, ladder=ladder)

    asked = harness.tick(98_100)

    assert [type(a) for a in acts(asked)] == ([] if kind is None else [kind])


def test_a_cross_position_gets_a_deposit_or_gives_a_part_away():
    wallet = 120_000
    position = cross(Side.BUY, 2_500, 100_000, wallet)
    price = maths.round_to_step(position.liquidation * Decimal("1.015"))

    (deposit,) = acts(guard(position).tick(price))
    (part,) = acts(guard(position, ladder=["close_part", "alert"]).tick(price))

    assert isinstance(deposit, DepositCross)
    assert isinstance(part, CrossOrder)
    assert part.reduce
    assert part.side is Side.SELL
    assert 0 < part.quantity < 2_500


def test_a_position_without_an_executable_price_is_degraded_and_another_rescued():
    other = isolated("short", Side.SELL, 2_500, 100_000, 25)
    harness = guard(TWIN, other)

    asked = harness.tick(tick(102_300, harness.now, bid=None))

    assert [a.position for a in acts(asked) if isinstance(a, AddMargin)] == ["short"]
    assert state(harness) is CoverageState.DEGRADED


def test_above_fifty_times_the_price_may_be_half_as_old():
    fast = isolated("fast", Side.BUY, 2_500, 100_000, 60)
    seen = view((TWIN, fast), 98_500, price_age_ms=15_001)

    states = {c.position: c.state for c in MarginGuard(GuardConfig(), GuardMemory()).coverage(seen)}

    assert states["fast"] is CoverageState.DEGRADED
    assert states["7f3a"] is CoverageState.PROTECTED


def test_a_bad_feed_is_told_once_and_its_end_too():
    harness = guard()
    harness.tick(99_000)

    worse = harness.set_feed(FeedQuality.STALE) + harness.tick(98_000) + harness.tick(97_900)
    better = harness.set_feed(FeedQuality.FRESH)

    assert codes(worse) == ["GUARD_DEGRADED"]
    assert codes(better)[-1] == "GUARD_RESTORED"
    assert acts(worse) == []
    assert acts(better)


def test_no_sats_at_all_is_not_called_protected():
    harness = guard(free=0)
    harness.tick(99_500)

    assert state(harness) is CoverageState.UNPROTECTED


def test_one_absurd_position_does_not_stop_the_others():
    absurd = replace(TWIN, id="absurd", entry=Decimal(0))
    harness = guard(absurd, TWIN)

    (rescue,) = acts(harness.tick(98_100))

    assert isinstance(rescue, AddMargin)
    assert rescue.position == "7f3a"
    assert state(harness, "absurd") is CoverageState.DEGRADED


def test_a_position_born_below_its_trigger_is_acted_on_with_one_notice():
    born = isolated("born", Side.BUY, 1_000, 100_000, 50)
    harness = guard(TWIN)
    harness.tick(100_000)

    asked = harness.set_positions(TWIN, born)

    assert len(acts(asked)) == 1
    assert len([n for n in asked if isinstance(n, Notice) and n.position == "born"]) <= 1


def test_the_stop_is_armed_in_live_and_moves_with_liquidation():
    harness = guard(free=1_000_000)
    harness.mode = Mode.LIVE

    (stop,) = acts(harness.tick(99_500))

    assert stop == SetStop(position="7f3a", price=Decimal("96734.5"), why=stop.why)
    harness.settle(stop)
    (rescue,) = acts(harness.tick(98_100))
    (moved,) = acts(harness.settle(rescue))
    assert isinstance(moved, SetStop)
    assert moved.price == Decimal(93_758)


@pytest.mark.parametrize("stop", ["99000", "96200"])
def test_a_stop_that_somebody_else_set_is_left_alone(stop: str):
    own = isolated("7f3a", Side.BUY, 2_500, 100_000, 25, stoploss=Price(stop))
    harness = guard(own, native_stop="on")

    assert acts(harness.tick(99_500)) == []


def test_a_refused_stop_is_not_asked_for_again_at_once():
    harness = guard(native_stop="on")
    (stop,) = acts(harness.tick(99_500))
    harness.settle(stop, IntentState.REFUSED, reason="VENUE_REFUSED")

    assert acts(harness.tick(99_400)) == []
    assert acts(harness.advance(timedelta(seconds=61))) == []  # too old a price to judge by
    assert acts(harness.tick(99_400)) == [stop]


def test_it_offers_what_a_protection_offers():
    assert isinstance(MarginGuard(GuardConfig(), GuardMemory()), Protection)


def test_explaining_an_unknown_position_says_so():
    reason = MarginGuard(GuardConfig(), GuardMemory()).explain(view((TWIN,), 99_000), "nobody")

    assert "no open position" in reason.rejected[0]
