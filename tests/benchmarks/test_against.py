"""Figures of another time beside those of now."""

from __future__ import annotations

from typing import Any

from benchmarks.against import compare
from benchmarks.measure import Part

THEN: dict[str, Any] = {
    "time": "2026-01-01T00:00:00Z",
    "environment": {"processor": "an abacus"},
    "parts": [{"name": "ticks", "rows": [{"positions": 10, "p50": 4.0, "same": 3, "ok": True}]}],
}


def test_a_figure_of_the_same_row_is_shown_with_its_ratio() -> None:
    now = Part(
        name="ticks", title="T", rows=({"positions": 10, "p50": 2.0, "same": 3, "ok": True},)
    )

    found = compare(THEN, [now])

    assert found.rows == (
        {"row": "ticks, 10", "figure": "p50", "then": 4.0, "now": 2.0, "now / then": 0.5},
    )
    assert "an abacus" in found.notes[0]


def test_rows_that_only_one_of_them_has_are_left_out() -> None:
    others = [
        Part(name="ticks", title="T", rows=({"positions": 11, "p50": 2.0},)),
        Part(name="other", title="O", rows=({"positions": 10, "p50": 2.0},)),
    ]

    assert compare(THEN, others).skipped == "nothing was measured by both."
