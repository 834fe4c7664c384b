"""The published comparison is what was measured, and the full design has no bad seed in it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.simulation import table, tools
from tests.simulation.designs import Lived

MEASURED = Path(__file__).with_name("table.json")
PAGE = Path(__file__).parents[2] / "docs" / "protocol-table.md"


def _rows() -> list[table.Row]:
    return msgspec.json.decode(MEASURED.read_bytes(), type=list[table.Row])


def test_the_page_shows_what_was_measured() -> None:
    assert table.markdown(_rows()) in PAGE.read_text(encoding="utf-8")


def test_every_variant_was_measured() -> None:
    assert [row.variant for row in _rows()] == [name for name, _ in table.variants_of(1)]


def test_no_seed_of_the_protocol_is_bad() -> None:
    ours = [row for row in _rows() if row.variant in {name for name, _, _ in table.PARTS[:4]}]

    assert len(ours) == 4
    assert all((row.bad, row.doubles) == (0, 0) for row in ours)
    assert all(row.seeds >= 200 for row in ours)


def test_seeds_are_added_up() -> None:
    seeds = [
        Lived(seed=0, bad=True, doubles=2, positions=3, effects=4, dwell=[1.0, 3.0]),
        Lived(seed=1, positions=2, effects=1, liquidated=1, dwell=[2.0]),
    ]

    row = table.summed("both", seeds)

    assert row.markdown() == "| both | 2 | **1** | 2 | 5 | 1 of 5 | 0 | 2 / 3 / 3 |"


def test_a_table_is_put_into_its_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- one -->\nold\n<!-- end -->\nb\n<!-- two -->\n<!-- end -->\n")

    tools.fill(page, "one", "new\n")

    assert page.read_text() == (
        "a\n<!-- one -->\n\nnew\n\n<!-- end -->\nb\n<!-- two -->\n<!-- end -->\n"
    )
    with pytest.raises(AssertionError):
        tools.fill(page, "three", "new\n")
