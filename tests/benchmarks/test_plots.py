"""Pictures of what was measured: what is drawn together, and what is not drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.measure import Part

plots = pytest.importorskip("benchmarks.plots", reason="draws by matplotlib")

STREAMS = Part(
    name="streams",
    title="Streams",
    rows=(
        {"subscribers": 100, "events/s": 2_000, "core p50 ms": 8.9, "bare p50 ms": 20.6}
        | {"core / bare": 0.4, "core, rows/s": 10, "spread": "8..9", "all": True, "KiB": None},
        {"subscribers": 1_000, "events/s": 500, "core p50 ms": 60.9, "bare p50 ms": 1_233.9}
        | {"core / bare": 0.1, "core, rows/s": 20, "spread": "60..61", "all": True, "KiB": 12.8},
    ),
)
ONE_ROW = Part(name="one", title="One row", rows=({"calls": 3, "p50 ms": 1.0},))
SKIPPED = Part(name="none", title="Nothing", skipped="The data is missing.")


def test_figures_of_a_unit_are_drawn_together_and_texts_and_names_are_not() -> None:
    assert plots.groups_of(STREAMS) == {
        "ms": ["core p50 ms", "bare p50 ms"],
        "ratio": ["core / bare"],
        "a second": ["core, rows/s"],
        "KiB": ["KiB"],
    }
    assert plots.groups_of(SKIPPED) == {}


def test_there_is_a_picture_for_each_table_of_several_rows(tmp_path: Path) -> None:
    made = plots.draw((STREAMS, ONE_ROW, SKIPPED), tmp_path / "pictures")

    assert made == [tmp_path / "pictures" / "streams.png"]
    assert made[0].read_bytes().startswith(b"\x89PNG")
