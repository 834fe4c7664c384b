"""What our plugins say of their settings can be read in every language that pages have."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from docs import generate

from axisor.forms import fields
from axisor.strategy import Strategy
from axisor_limits import LimitsConfig
from axisor_margin_guard.guard import MarginGuard
from axisor_web.pages.shipped import SHIPPED


def described(kind: type[Any]) -> Iterator[str]:
    """Return the descriptions of a configuration's fields, and of their entries'."""
    for field in fields(msgspec.json.encode(msgspec.json.schema(kind)).decode()):
        yield field.description
        yield from (part.description for part in field.parts)


OURS: tuple[type[Strategy[Any, Any]], ...] = (MarginGuard, *generate.shipped())


def title_of(strategy: type[Strategy[Any, Any]]) -> str:
    """Return what a strategy does, as its one sentence."""
    return inspect.cleandoc(strategy.__doc__ or "").partition("\n")[0]


@pytest.mark.parametrize("strategy", OURS)
def test_a_strategy_is_told_in_other_languages(strategy: type[Strategy[Any, Any]]):
    assert {title_of(strategy), *described(strategy.config_type)} - set(SHIPPED) == set()


def test_the_limits_are_told_in_other_languages():
    assert set(described(LimitsConfig)) - set(SHIPPED) == set()


def test_nothing_is_left_over():
    kinds: tuple[type[Any], ...] = (*(each.config_type for each in OURS), LimitsConfig)

    told = set(map(title_of, OURS)).union(*map(described, kinds))

    assert set(SHIPPED) - told == set()
