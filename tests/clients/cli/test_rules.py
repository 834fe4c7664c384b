"""The guard's rule after options: what is not named stays."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from axisor.errors import SettingsInvalid
from axisor_cli.rules import PRESETS, rule
from axisor_margin_guard import config

NOTHING: dict[str, Any] = dict.fromkeys(
    (
        *("config_file", "preset", "budget", "budget_action", "budget_day", "reserve"),
        *("cooldown", "native_stop", "trigger", "target", "ladder", "fallback"),
    )
)


def test_what_is_not_named_stays():
    before = {"trigger": "4", "reserve": 7}

    assert rule(before, None, {**NOTHING, "trigger": Decimal(2)}) == {"trigger": "2", "reserve": 7}


def test_a_position_gets_an_exception_before_those_there_are():
    before = {"overrides": [{"match": "id = a", "trigger": "9"}, {"match": "*"}]}

    after = rule(before, "b", {**NOTHING, "budget": 5})

    assert [each["match"] for each in after["overrides"]] == ["id = b", "id = a", "*"]


def test_an_exception_is_changed_and_not_doubled():
    before = {"overrides": [{"match": "id = a", "trigger": "9"}]}

    after = rule(before, "a", {**NOTHING, "target": Decimal(8)})

    assert after["overrides"] == [{"match": "id = a", "trigger": "9", "target": "8"}]


def test_a_fallback_is_the_last_step():
    assert rule({}, None, {**NOTHING, "fallback": "close"})["ladder"] == ["add_margin", "close"]


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_is_what_the_guard_calls_so(name):
    after = rule({}, None, {**NOTHING, "preset": name})

    theirs = config.PRESETS[name]
    assert (Decimal(after["trigger"]), Decimal(after["target"])) == (
        theirs["trigger"],
        theirs["target"],
    )


def test_the_guard_has_no_preset_beside_these():
    assert set(PRESETS) == set(config.PRESETS)


def test_a_file_is_the_rule(tmp_path):
    path = tmp_path / "rule.json"
    path.write_text(json.dumps({"trigger": "3"}))

    assert rule({}, None, {**NOTHING, "config_file": str(path)}) == {"trigger": "3"}


@pytest.mark.parametrize("text", ["[]", "{", None])
def test_a_file_that_is_no_rule_is_refused(tmp_path, text):
    path = tmp_path / "rule.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(SettingsInvalid, match=r"rule\.json"):
        rule({}, None, {**NOTHING, "config_file": str(path)})
