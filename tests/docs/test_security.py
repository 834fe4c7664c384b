"""The page on security: every test that it names exists, every row names one, no spot lacks."""

from __future__ import annotations

import re

from tests.docs import pages
from tests.house import sources
from tests.house.weak_spots import WEAK_SPOTS, WeakSpot

PAGE = "security.md"
NAMED = re.compile(r"`(test_\w+)`")
DEFINED = re.compile(r"^\s*(?:async )?def (test_\w+)", flags=re.MULTILINE)


def rows() -> list[str]:
    """Return the rows of the tables by requirement."""
    text = pages.page(PAGE).partition("## By requirement")[2]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [line for line in lines if not re.match(r"\| *(requirement|---)", line)]


def names() -> set[str]:
    """Return the name of every test there is."""
    return {
        name
        for path in sources.hand_written(".py")
        if path.parts[0] == "tests"
        for name in DEFINED.findall(sources.text(path))
    }


def row_of(spot: WeakSpot) -> str:
    """Return a weak spot as a row of the page."""
    named = " ".join(f"`{name.partition('::')[2]}`" for name in spot.tests)
    later = f" – later: {spot.later}" if spot.later else ""
    return f"| {spot.number} | {spot.sentence} | {named}{later} |"


def test_the_page_lists_every_weak_spot_with_its_tests():
    lines = pages.page(PAGE).splitlines()

    assert [spot.number for spot in WEAK_SPOTS if row_of(spot) not in lines] == []


def test_every_requirement_names_tests_that_exist():
    there = names()

    assert len(rows()) > 10
    for row in rows():
        named = NAMED.findall(row)
        assert named, row
        assert [name for name in named if name not in there] == [], row


def test_a_test_that_is_not_there_is_missed():
    assert "test_that_nobody_wrote" not in names()
