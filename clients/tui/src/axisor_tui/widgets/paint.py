"""Turns cells and tables into text with colours, as wide as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from axisor_tui.model.cells import Column, Line, Row, Table, Tone

Styles: TypeAlias = Mapping[Tone, str]
Fitting: TypeAlias = list[tuple[int, Column, int]]
WIDE = 96
FRAME = 4
"""A table in a frame is so much narrower than the terminal."""

CURSOR = 2
"""The first columns of a table hold the mark of what is chosen."""


def lines(given: Iterable[Line], styles: Styles, *, wrap: bool = False) -> Text:
    """Return lines as one text; without `wrap` what does not fit is cut."""
    text = Text(no_wrap=not wrap, overflow="fold" if wrap else "ellipsis", end="")
    for n, each in enumerate(given):
        if n:
            text.append("\n")
        for cell in each:
            text.append(cell.text, styles[cell.tone])
    return text


def gap_of(width: int) -> int:
    """Return how many columns are left between two of a table."""
    return 2 if width >= WIDE else 1


def columns(table: Table, width: int) -> Fitting:
    """Return the columns that are shown in so much room, each with its number and its width.

    Those for wider tables are left out first; then the last ones that do not fit.
    """
    shown = [(n, each) for n, each in enumerate(table.columns) if width + FRAME >= each.least]
    room = width - CURSOR
    fitting: Fitting = []
    for n, each in shown:
        need = each.width + gap_of(width)
        if need > room + gap_of(width) and fitting:
            break
        fitting.append((n, each, each.width))
        room -= need
    spare = max(0, room + gap_of(width))
    return [(n, each, size + spare if each.grow else size) for n, each, size in fitting]


def heading(fitting: Fitting, styles: Styles, gap: int) -> Text:
    """Return the line above a table."""
    text = Text(" " * CURSOR, no_wrap=True, end="")
    for _, column, width in fitting:
        text.append(_fit(column.heading, width, right=column.right) + " " * gap)
    text.stylize(styles[Tone.MUTED])
    text.stylize("bold")
    return text


def row(
    each: Row,
    fitting: Fitting,
    styles: Styles,
    gap: int,
    *,
    chosen: bool,
    muted: bool,
) -> Text:
    """Return a row; the one that is chosen has a mark."""
    text = Text("> " if chosen else "  ", no_wrap=True, end="")
    for n, column, width in fitting:
        cells = each.cells[n] if n < len(each.cells) else ()
        room = width
        if column.right:
            whole = sum(cell_len(cell.text) for cell in cells)
            text.append(" " * max(0, width - whole))
            room = min(width, whole)
        for cell in cells:
            cut = _cut(cell.text, room)
            text.append(cut, styles[Tone.MUTED] if muted else styles[cell.tone])
            room -= cell_len(cut)
        text.append(" " * (max(0, room) if not column.right else 0) + " " * gap)
    if chosen:
        text.stylize("bold")
    return text


def _cut(text: str, room: int) -> str:
    if cell_len(text) <= room:
        return text
    return "" if room <= 0 else set_cell_size(text, room - 1) + "…"


def _fit(text: str, width: int, *, right: bool) -> str:
    cut = _cut(text, width)
    return cut.rjust(width) if right else cut.ljust(width)
