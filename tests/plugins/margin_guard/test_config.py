"""The guard refuses rules that contradict themselves, and finds the right rule for a position."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from axisor.errors import ConfigInvalid
from axisor.model import Mode, Side
from axisor.strategy import decode_config
from axisor_margin_guard import GuardConfig, MarginGuard, Override, preset, rule_for
from axisor_margin_guard.config import PRESETS, Rule
from axisor_margin_guard.match import matches, parse_match
from tests.plugins.margin_guard.cases import cross, isolated

LONG = isolated("7f3a", Side.BUY, 2_500, 100_000, 25)
SHORT = isolated("e410", Side.SELL, 1_500, 96_800, 60)


def decode(**config: Any) -> GuardConfig:
    found = decode_config(MarginGuard, msgspec.json.encode(config))
    assert isinstance(found, GuardConfig)
    return found


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"trigger": 5, "target": 5}, "not beyond its trigger"),
        ({"trigger": 0}, "trigger outside"),
        ({"trigger": 100}, "trigger outside"),
        ({"trigger": "NaN"}, "trigger outside"),
        ({"target": 100}, "target distance outside"),
        ({"target": "0.5", "target_by": "leverage"}, "target leverage outside"),
        ({"target": 0, "target_by": "liquidation_price"}, "not above zero"),
        ({"budget_day": 0}, "budget of zero"),
        ({"budget_action": 0}, "budget of zero"),
        ({"budget_position": 0}, "budget of zero"),
        ({"ladder": []}, "empty ladder"),
        ({"ladder": ["alert", "alert"]}, "twice"),
        ({"stop_buffer": 2}, "narrow the buffer"),
        ({"critical": 3}, "critical distance beyond"),
        ({"hysteresis": -1}, "hysteresis"),
        ({"scope": "listed"}, "no positions are named"),
        ({"positions": ["7f3a"]}, "the scope is 'all'"),
        ({"overrides": [{"match": "colour = red"}]}, "not understood"),
        ({"overrides": [{"match": "*", "trigger": 6}]}, "The exception '*'"),
        ({"reserve": -1}, "reserve"),
        ({"cooldown_s": 1.5}, "cooldown_s"),
        ({"budget": 5}, "unknown field"),
    ],
)
def test_a_contradiction_is_refused_with_its_reason(config: dict[str, Any], words: str):
    with pytest.raises(ConfigInvalid, match=words):
        decode(**config)


def test_zero_budgets_are_allowed_where_no_margin_is_added():
    assert decode(budget_day=0, ladder=["close"]).ladder == ("close",)


def test_every_preset_is_sound():
    for name in PRESETS:
        assert not list(MarginGuard.check(preset(name)))


def test_a_preset_takes_changes():
    assert preset("calm", budget_day=5).trigger == Decimal(4)
    assert preset("calm", budget_day=5).budget_day == 5


def test_the_scope_names_who_is_guarded():
    listed = decode(scope="listed", positions=["7f3a"])
    spared = decode(scope="except", positions=["7f3a"])

    assert isinstance(rule_for(listed, LONG), Rule)
    assert rule_for(listed, SHORT) == "not listed in the rule's scope"
    assert rule_for(spared, LONG) == "excepted from the rule's scope"
    assert isinstance(rule_for(spared, SHORT), Rule)


def test_the_first_exception_that_matches_holds():
    config = decode(
        overrides=[
            {"match": "id = e410", "guard": False},
            {"match": "leverage > 50", "trigger": 1},
            {"match": "*", "trigger": 3, "budget_action": None},
        ]
    )

    assert isinstance(rule_for(config, SHORT), str)
    rule = rule_for(config, LONG)
    assert isinstance(rule, Rule)
    assert (rule.trigger, rule.target) == (Decimal(3), Decimal(5))


@pytest.mark.parametrize(
    ("text", "long", "short", "whole"),
    [
        ("*", True, True, True),
        ("id = 7f3a", True, False, False),
        ("side = long", True, False, True),
        ("side = sell", False, True, False),
        ("leverage > 50", False, True, False),
        ("leverage<=25", True, False, True),
        ("margin = cross", False, False, True),
        ("side = long and margin = isolated", True, False, False),
    ],
)
def test_a_match_means_what_it_says(text: str, long: bool, short: bool, whole: bool):
    both = cross(Side.BUY, 100, 100_000, 50_000)

    assert [matches(text, p) for p in (LONG, SHORT, both)] == [long, short, whole]


@pytest.mark.parametrize("text", ["", "leverage > x", "id > 5", "side = up", "* and *"])
def test_an_unreadable_match_says_so(text: str):
    assert isinstance(parse_match(text), str)


def test_the_stop_is_kept_in_live_by_default():
    assert Rule().keeps_stop(Mode.LIVE)
    assert not Rule().keeps_stop(Mode.PAPER)
    assert Rule(native_stop="on").keeps_stop(Mode.SIM)
    assert not Rule(native_stop="off").keeps_stop(Mode.LIVE)


def test_an_override_knows_every_setting_of_the_rule():
    assert set(Rule.__struct_fields__) < set(Override.__struct_fields__)
