"""The pages that are generated are fresh, and none of their tables lacks its words."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs import generate

from tests.docs import pages

FRESH = generate.pages()


@pytest.mark.parametrize("path", FRESH, ids=lambda path: Path(path).name)
def test_a_generated_page_is_fresh(path: Path) -> None:
    assert generate.read(path) == FRESH[path], "run docs/generate.py"


@pytest.mark.parametrize(
    "name", ["errors.md", "guard.md", "operations.md", "strategies-shipped.md"]
)
def test_a_table_lacks_no_words(name: str) -> None:
    rows = [line for line in pages.page(name).splitlines() if line.startswith("| `")]

    assert rows
    assert [row for row in rows if "|  |" in row] == []


def test_every_error_says_what_it_means_for_the_money() -> None:
    for reason, kind in generate.published():
        assert kind.money or kind.fix, reason


def test_a_page_without_its_place_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "page.md"
    empty.write_text("Nothing here.")

    with pytest.raises(SystemExit, match="no place for errors"):
        generate.within(empty, {"errors": "a table"})
