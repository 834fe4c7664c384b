"""Forms: every kind of field of a schema, and configurations made of what was typed."""

from __future__ import annotations

import json

import msgspec
import pytest

from axisor_margin_guard.config import GuardConfig
from axisor_tui.model.forms import fields, filled, read
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

    assert said in wrong[field]


def test_an_empty_field_of_no_limit_is_none():
    config, _ = read(GUARD, texts(budget_day=""))

    assert json.loads(config)["budget_day"] is None


def test_a_flag_is_yes_or_no():
    schema = json.dumps({"properties": {"on": {"type": "boolean", "default": True}}})
    form = fields(schema)

    assert filled(form, "{}") == {"on": "yes"}
    assert json.loads(read(form, {"on": "no"})[0]) == {"on": False}


def test_no_schema_is_no_field():
    assert fields("") == ()
