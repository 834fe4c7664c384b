"""The quickstart, followed to the letter against a real venue and a real core."""

from __future__ import annotations

from pathlib import Path

from tests.docs import pages
from tests.docs.following import Reader
from tests.house import sources

PAGE = "quickstart.md"


def test_a_reader_of_the_quickstart_ends_with_a_rescued_position(tmp_path: Path) -> None:
    reader = Reader(tmp_path)

    with reader.background(PAGE, "venue"), reader.background(PAGE, "core"):
        said = reader.type(reader.text_of(PAGE, "you"))

    figures = ["82,290.5", "-17.71", "add 82,541 sat", "93,195", "confirmed in "]
    assert [figure for figure in figures if figure not in said] == []
    assert "first bad  -" in said


def test_the_figures_in_the_text_are_those_that_the_commands_print() -> None:
    text = pages.page(PAGE)

    assert [n for n in ("82,290.5", "17.71", "82,541", "93,195") if n not in text] == []


def test_the_setup_uses_targets_that_exist() -> None:
    assert "make venv" in pages.only(PAGE, "sh", "setup")
    assert "venv" in sources.make_targets()
