"""Figures of another time beside those of now: same part, same row, same column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.measure import Part, Row


def compare(before: dict[str, Any], parts: Sequence[Part]) -> Part:
    """Return a table of every figure that both have, with now over then.

    Rows are matched by their first cell, counts that are equal are left out. Figures of two
    machines, or of one in different company, say nothing but by their ratios within a row.
    """
    then = {part["name"]: part["rows"] for part in before["parts"]}
    rows: list[Row] = []
    for part in parts:
        for row in part.rows:
            key = next(iter(row.values()))
            old = next((r for r in then.get(part.name, ()) if next(iter(r.values())) == key), None)
            if old is not None:
                rows += _figures(f"{part.name}, {key}", old, row)
    if not rows:
        return Part(name="against", title="Then and now", skipped="nothing was measured by both.")
    return Part(
        name="against",
        title="Then and now",
        rows=tuple(rows),
        notes=(f"Then: {before['time']}, {before['environment'].get('processor', 'unknown')}.",),
    )


def _figures(name: str, old: Row, new: Row) -> list[Row]:
    found: list[Row] = []
    for column, now in new.items():
        then = old.get(column)
        if isinstance(now, bool) or not isinstance(now, int | float):
            continue
        if isinstance(then, int | float) and then not in (0, now):
            found.append(
                {"row": name, "figure": column, "then": then, "now": now, "now / then": now / then}
            )
    return found
