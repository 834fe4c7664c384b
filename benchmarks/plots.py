"""Draws what was measured: for each table of several rows a picture, one field for each unit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import Part
from matplotlib.figure import Figure

UNIT = re.compile(r"(?:^|[\s,])(µs|ms|s|KiB|MiB|\S+/s|%)(?=$|[\s,])")
RATIO, RATE = "ratio", "a second"
NAMING = 2
"""So many columns at most tell a row from the others: what was set, before what was found."""
WIDE_IN, HIGH_IN = 8.0, 3.2
FAR = 50
"""Figures that lie further apart than so many times are drawn by their logarithm."""


def draw(parts: Sequence[Part], folder: Path) -> list[Path]:
    """Write a PNG for each part that compares rows; return where they are."""
    made = []
    for part in parts:
        groups = groups_of(part)
        if len(part.rows) > 1 and groups:
            path = folder / f"{part.name}.png"
            folder.mkdir(parents=True, exist_ok=True)
            _figure(part, groups).savefig(path, dpi=110)
            made.append(path)
    return made


def groups_of(part: Part) -> dict[str, list[str]]:
    """Return the columns that hold figures by their unit, those of what is a ratio together.

    Counts of what was done are left out: they are what was set.
    """
    found: dict[str, list[str]] = {}
    if not part.rows:
        return found
    named = _naming(part)
    for column in part.rows[0]:
        if column in named:
            continue
        values = [row.get(column) for row in part.rows]
        if any(isinstance(value, bool | str) for value in values):
            continue
        unit = _unit(column)
        if unit and any(value is not None for value in values):
            found.setdefault(unit, []).append(column)
    return found


def _unit(column: str) -> str:
    if " / " in column:
        return RATIO
    found = UNIT.search(column)
    if found is None:
        return ""
    return RATE if found[1].endswith("/s") else found[1]


def _figure(part: Part, groups: Mapping[str, Sequence[str]]) -> Figure:
    figure = Figure(figsize=(WIDE_IN, HIGH_IN * len(groups)), layout="constrained")
    figure.suptitle(part.title)
    names = [_name(part, row) for row in range(len(part.rows))]
    for panel, (unit, columns) in enumerate(groups.items(), 1):
        axes = figure.add_subplot(len(groups), 1, panel)
        drawn: list[float] = []
        width = 0.8 / len(columns)
        for number, column in enumerate(columns):
            values = [row.get(column) for row in part.rows]
            shown = [float(v) if isinstance(v, int | float) else float("nan") for v in values]
            drawn += [value for value in shown if value > 0]
            left = number * width - 0.4 + width / 2
            axes.bar([place + left for place in range(len(shown))], shown, width, label=column)
        axes.set_xticks(range(len(names)), names)
        if drawn and max(drawn) > FAR * min(drawn):
            axes.set_yscale("log")
        axes.set_ylabel(unit)
        axes.grid(visible=True, axis="y", alpha=0.3)
        axes.set_axisbelow(True)
        axes.margins(y=0.15)
        axes.legend(fontsize="small", ncols=2)
    return figure


def _naming(part: Part) -> tuple[str, ...]:
    """Return the columns by which rows are named: the first, and a second of what was set."""
    columns = tuple(part.rows[0])[:NAMING]
    return columns if _unit(columns[-1]) in ("", RATE) else columns[:1]


def _name(part: Part, row: int) -> str:
    values = [part.rows[row][column] for column in _naming(part)]
    return "\n".join(f"{value:,}" if isinstance(value, int) else str(value) for value in values)
