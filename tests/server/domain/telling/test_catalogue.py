"""Every language says everything."""

from __future__ import annotations

import string

import pytest

from axisor.events import (
    PositionEnd,
)
from axisor_server.domain.telling import catalogue
from axisor_server.domain.telling.actions import DOINGS


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("table", ["WORDS", "FRAMES", "DOINGS"])
def test_every_language_says_everything_with_the_same_figures(table: str):
    english, other = (getattr(catalogue, table)[each] for each in catalogue.LANGUAGES)

    assert english.keys() == other.keys()
    for code in english:
        assert fields("".join(english[code])) == fields("".join(other[code])), code
        if table != "DOINGS":
            assert list(map(bool, english[code])) == list(map(bool, other[code])), code


def test_every_action_and_every_end_has_words():
    assert set(catalogue.DOINGS_EN) == set(DOINGS)
    assert {f"ended.{end.value}" for end in PositionEnd} <= set(catalogue.WORDS_EN)
