"""What the guard does where it may not add: frozen positions, spent budgets, an outage."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import structs

from axisor.events import CoverageState, IntentState
from axisor.intents import AddMargin, ClosePosition, Intent, SetStop
from axisor.model import FeedQuality, Price
from axisor.strategy import ask_in_outage, decode_config, encode_memory
from axisor_margin_guard import GuardMemory, MarginGuard
from axisor_margin_guard.stops import note_set
from tests.plugins.margin_guard.cases import tick
from tests.plugins.margin_guard.test_guard import acts, guard, state


def test_what_is_frozen_is_not_added_to_and_said_to_be_degraded():
    harness = guard()
    harness.frozen = frozenset({"7f3a"})

    asked = harness.tick(98_100)

    assert acts(asked) == []
    assert state(harness) is CoverageState.DEGRADED
    harness.frozen = frozenset()
    (rescue,) = acts(harness.tick(98_090))
    assert isinstance(rescue, AddMargin)


def test_what_is_frozen_is_closed_at_critical_distance_where_that_was_chosen():
    harness = guard(on_ambiguous="close")
    harness.frozen = frozenset({"7f3a"})

    assert acts(harness.tick(98_000)) == []
    (close,) = acts(harness.tick(97_000))

    assert isinstance(close, ClosePosition)


def test_a_refused_close_of_a_position_in_doubt_is_not_asked_for_again_at_once():
    harness = guard(on_ambiguous="close")
    (rescue,) = acts(harness.tick(98_100))
    harness.settle(rescue, IntentState.UNKNOWN)
    (close,) = acts(harness.tick(97_000))

    asked = harness.settle(close, IntentState.REFUSED, reason="VENUE_UNAVAILABLE")

    assert acts(asked) == []
    assert acts(harness.tick(96_990)) == []
    (again,) = acts(harness.advance(seconds=10))
    assert isinstance(again, ClosePosition)


def test_sats_from_elsewhere_count_in_both_budgets():
    harness = guard(budget_position=90_000)
    harness.outside = {"7f3a": 60_000}
    assert [a.amount for a in acts(harness.tick(98_100)) if isinstance(a, AddMargin)] == [30_000]

    daily = guard(budget_day=90_000)
    daily.outside_today = 60_000
    assert [a.amount for a in acts(daily.tick(98_100)) if isinstance(a, AddMargin)] == [30_000]

    spent = guard(budget_position=90_000)
    spent.outside = {"7f3a": 90_000}
    assert acts(spent.tick(98_100)) == []
    assert state(spent) is CoverageState.SHORTFALL


def test_a_stop_is_armed_where_nothing_else_can_be_done():
    harness = guard(free=0, native_stop="on")

    (stop,) = acts(harness.tick(98_000))

    assert isinstance(stop, SetStop)


def test_a_stop_is_armed_while_an_outcome_is_unknown_and_not_while_one_is_on_its_way():
    harness = guard(native_stop="on")
    (rescue,) = acts(harness.tick(98_100))
    assert isinstance(rescue, AddMargin)

    assert acts(harness.tick(98_090)) == []
    (stop,) = acts(harness.settle(rescue, IntentState.UNKNOWN))

    assert isinstance(stop, SetStop)


@pytest.mark.parametrize("quality", [FeedQuality.STALE, FeedQuality.NONE, FeedQuality.FALLBACK])
def test_a_stop_stays_where_it_is_while_the_price_cannot_be_trusted(quality: FeedQuality):
    harness = guard(native_stop="on")
    (stop,) = acts(harness.tick(99_500))
    harness.settle(stop)

    asked = harness.set_feed(quality)

    assert acts(asked) == []
    held = harness.view.position("7f3a")
    assert held is not None
    assert isinstance(stop, SetStop)
    assert held.stoploss == stop.price


def test_a_stop_that_was_set_in_an_outage_is_known_as_the_guards_own():
    price = Price("96734.5")
    own = GuardMemory()
    note_set(own.of("7f3a"), SetStop(position="7f3a", price=price))

    assert own.of("7f3a").stops == (price,)
    note_set(own.of("7f3a"), SetStop(position="7f3a", price=None))
    assert own.of("7f3a").stops == (price,)


class TestOutage:
    """What the guard asks for while its core can write nothing down."""

    def asked(self, price: int, **config: Any) -> list[Intent]:
        harness = guard(**config)
        harness.tick(100_000)
        seen = harness.view
        at = structs.replace(seen, tick=tick(price, seen.now), frozen=frozenset({"7f3a"}))
        rule = decode_config(MarginGuard, msgspec.json.encode(config))
        return list(ask_in_outage(MarginGuard, rule, encode_memory(harness.memory), at))

    def test_it_closes_at_critical_distance_where_that_was_agreed_to(self):
        assert [type(a) for a in self.asked(97_000, on_ambiguous="close")] == [ClosePosition]
        assert self.asked(98_000, on_ambiguous="close") == []
        assert self.asked(97_000, on_ambiguous="wait") == []

    def test_it_arms_the_stop_that_lacks_and_adds_nothing(self):
        assert [type(a) for a in self.asked(98_000, native_stop="on")] == [SetStop]
        assert self.asked(96_500, native_stop="on") == []
