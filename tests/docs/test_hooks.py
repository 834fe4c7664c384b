"""The examples of the hook reference are plugins that hold to the checks, and do what they show."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import msgspec
import pytest

from axisor import forms
from axisor.errors import ConfigInvalid, ReviewRefused
from axisor.hookspecs import hooks
from axisor.intents import OpenPosition
from axisor.model import Side
from axisor.strategy import View
from axisor.testing.plugins import look_into
from tests.docs import pages

PAGE = "hooks.md"
EXAMPLES = dict(zip(hooks(), pages.blocks(PAGE, "python"), strict=True))


def example(hook: str) -> Any:
    """Run an example of the page and return its module, or the object of its class."""
    module = ModuleType(f"hook_{hook}")
    sys.modules[module.__name__] = module
    exec(compile(EXAMPLES[hook].text, PAGE, "exec"), vars(module))
    made = vars(module).get("OfficeHours")
    return module if made is None else made()


@pytest.mark.parametrize("hook", hooks())
def test_an_example_implements_its_hook(hook: str) -> None:
    assert list(look_into(hook, example(hook)).hooks) == [hook]


def test_hook_examples_offer_what_they_show() -> None:
    strategies = look_into("one", example("register_strategies")).strategies
    venues = look_into("other", example("register_venues")).venues

    notifiers = look_into("third", example("register_notifiers")).notifiers

    assert [each.name for each in notifiers] == ["bell"]
    assert [each.name for each in strategies] == ["patient"]
    assert [each.name for each in venues] == ["simulator"]


def test_the_example_of_settings_refuses_nonsense() -> None:
    with pytest.raises(ConfigInvalid, match="is an hour"):
        example("configure").configure({"until": "five"})


def test_the_example_of_a_description_is_a_form_of_one_field() -> None:
    shape = example("describe_settings").describe_settings()
    (field,) = forms.fields(msgspec.json.encode(msgspec.json.schema(shape)).decode())

    assert (field.name, field.kind, field.least, field.most) == ("until", "integer", 0, 24)


@pytest.mark.parametrize(("hour", "refused"), [(16, False), (17, True)])
def test_the_example_of_a_review_closes_at_five(hour: int, refused: bool) -> None:
    view = View(now=datetime(2026, 1, 1, hour, tzinfo=UTC))
    opening = OpenPosition(side=Side.BUY, quantity=1, leverage=1)

    answer = example("review_intent").review_intent(opening, view)

    assert isinstance(answer, ReviewRefused) is refused
