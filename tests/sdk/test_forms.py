"""Forms: every kind of field of a schema, and configurations made of what was typed."""

from __future__ import annotations

import json

import msgspec
import pytest

from axisor.forms import blamed, changes, fields, filled, place_of, read
from axisor_margin_guard.config import GuardConfig
from tests.clients.tui.portfolio import GUARD_SCHEMA

GUARD = fields(GUARD_SCHEMA)


def texts(**changes: str) -> dict[str, str]:
    return filled(GUARD, "{}") | changes


def test_each_kind_of_setting_has_its_field():
    kinds = {field.name: field.kind for field in GUARD}

    assert kinds["trigger"] == "text"
    assert kinds["trigger_by"] == "choice"
    assert kinds["cooldown_s"] == "integer"
    assert kinds["ladder"] == "list"
    assert kinds["overrides"] == "json"
    assert next(field for field in GUARD if field.name == "budget_day").empty


def test_the_usual_settings_are_a_configuration_that_the_strategy_takes():
    config, wrong = read(GUARD, texts())

    assert wrong == {}
    assert msgspec.json.decode(config, type=GuardConfig, strict=False) == GuardConfig()


def test_a_configuration_goes_through_a_form_unchanged():
    given = {"trigger": "3", "budget_day": 500_000, "ladder": ["alert"], "positions": ["a", "b"]}

    config, wrong = read(GUARD, filled(GUARD, json.dumps(given)))

    assert wrong == {}
    assert {name: json.loads(config)[name] for name in given} == given


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("cooldown_s", "soon", "whole number"),
        ("cooldown_s", "-1", "at least 0"),
        ("cooldown_s", "100,000", "at most 86,400"),
        ("cooldown_s", "", "empty"),
        ("trigger_by", "moon", "is one of"),
        ("overrides", "[", "no JSON"),
    ],
)
def test_what_has_not_the_shape_is_said_beside_its_field(field, text, said):
    _, wrong = read(GUARD, texts(**{field: text}))

    assert said in str(wrong[field])


def test_an_empty_field_of_no_limit_is_none():
    config, _ = read(GUARD, texts(budget_day=""))

    assert json.loads(config)["budget_day"] is None


def test_a_flag_is_yes_or_no():
    schema = json.dumps({"properties": {"on": {"type": "boolean", "default": True}}})
    form = fields(schema)

    assert filled(form, "{}") == {"on": "yes"}
    assert json.loads(read(form, {"on": "no"})[0]) == {"on": False}


def test_entries_of_a_list_of_objects_have_fields_of_their_own():
    given = json.dumps({"overrides": [{"match": "id = 7f3a", "guard": False, "budget_action": 5}]})
    shown = filled(GUARD, given)

    config, wrong = read(GUARD, shown | {"overrides.3.match": "*", "overrides.3.trigger": "4"})

    assert shown["overrides.0.match"] == "id = 7f3a"
    assert (shown["overrides.0.guard"], shown["overrides.0.trigger"]) == ("no", "")
    assert wrong == {}
    assert json.loads(config)["overrides"] == [
        {"match": "id = 7f3a", "guard": False, "budget_action": 5},
        {"match": "*", "trigger": "4"},
    ]


def test_entries_of_which_nothing_is_said_are_none():
    config, wrong = read(GUARD, texts() | {"overrides.0.match": " ", "overrides.0.guard": ""})

    assert (json.loads(config)["overrides"], wrong) == ([], {})


def test_what_is_wrong_with_an_entry_is_said_at_its_field():
    said = {"overrides.1.trigger": "4", "overrides.1.match": "", "overrides.1.cooldown_s": "x"}

    _, wrong = read(GUARD, texts() | said)

    assert set(wrong) == {"overrides.1.match", "overrides.1.cooldown_s"}


def test_no_limit_is_told_from_nothing_said():
    given = json.dumps({"overrides": [{"match": "*", "budget_action": None}]})
    shown = filled(GUARD, given)

    assert shown["overrides.0.budget_action"] == "none"
    assert json.loads(read(GUARD, shown)[0])["overrides"] == [{"match": "*", "budget_action": None}]


def test_a_field_says_what_it_counts():
    units = {field.name: field.unit for field in GUARD}

    assert units["budget_day"] == "sats"
    assert units["cooldown_s"] == "seconds"
    assert units["funding_ahead_min"] == "minutes"
    assert units["stop_buffer"] == "percent"
    assert units["target"] == "", "it is percent, a leverage or a price"
    assert units["trigger_by"] == ""
    titles = {field.name: (field.label, field.title) for field in GUARD}
    assert titles["cooldown_s"] == ("cooldown s", "cooldown")
    assert titles["budget_day"] == ("budget day", "budget day")


def test_what_two_configurations_hold_differently_is_found():
    found = changes(GUARD, '{"trigger": "3"}', '{"trigger": "2", "target": "6", "reserve": 0}')

    assert [(each.field.name, each.before, each.after) for each in found] == [
        ("trigger", "3", "2"),
        ("target", "5", "6"),
    ]


def test_an_error_of_the_core_is_said_at_the_field_that_it_names():
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode('{"overrides": [{"match": 1}]}', type=GuardConfig)

    assert place_of(error.value) == {"field": "overrides.0.match"}
    assert blamed(GUARD, "", "overrides.0.match") == "overrides.0.match"
    assert blamed(GUARD, "`moon` and `target` differ") == "target"
    assert blamed(GUARD, "The rule has a critical distance beyond its trigger.") == "critical"
    assert blamed(GUARD, "The rule has a stop buffer outside 0 to 100 percent.") == "stop_buffer"
    assert blamed(GUARD, "no", "elsewhere") == ""
    assert place_of("truncated") == {}


def test_a_bound_that_is_not_let_in_is_the_number_beside_it():
    shape = {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9}
    (field,) = fields(json.dumps({"properties": {"size": shape}}))

    assert (field.least, field.most) == (1, 8)


def test_no_schema_is_no_field():
    assert fields("") == ()
