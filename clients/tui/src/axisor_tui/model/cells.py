"""Text with a tone instead of a colour, and tables of it; a theme makes colours of tones."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from axisor.model import Mode, Severity
from axisor.notices import NoticeLevel


class Tone(enum.StrEnum):
    """What a piece of text means; never the only bearer of that meaning."""

    PLAIN = "plain"
    MUTED = "muted"
    STRONG = "strong"
    GAIN = "gain"
    LOSS = "loss"
    OK = "ok"
    WARN = "warn"
    ACT = "act"
    CRIT = "crit"
    SIM = "sim"
    PAPER = "paper"
    SHADOW = "shadow"
    LIVE = "live"


class Cell(Struct, frozen=True):
    """A piece of text and its tone."""

    text: str
    tone: Tone = Tone.PLAIN


Line: TypeAlias = tuple[Cell, ...]


class Column(Struct, frozen=True):
    """A column of a table: shown where the terminal is at least `least` columns wide.

    `grow` takes what the others leave; at most one column does.
    """

    heading: str
    width: int
    right: bool = False
    least: int = 0
    grow: bool = False


class Row(Struct, frozen=True):
    """A row of a table, with the key by which it is found again."""

    key: str
    cells: tuple[Line, ...]


class Table(Struct, frozen=True):
    """A table; `empty` is said where it has no rows. `muted` where its figures may be old."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    empty: str = "nothing yet"
    muted: bool = False


TONES = {
    Severity.OK: Tone.OK,
    Severity.WATCH: Tone.PLAIN,
    Severity.WARN: Tone.WARN,
    Severity.ACT: Tone.ACT,
    Severity.CRIT: Tone.CRIT,
}
"""The tone of a severity."""

NOTICE_TONES = {
    NoticeLevel.OK: Tone.OK,
    NoticeLevel.INFO: Tone.PLAIN,
    NoticeLevel.WARN: Tone.WARN,
    NoticeLevel.ACT: Tone.ACT,
    NoticeLevel.CRIT: Tone.CRIT,
    NoticeLevel.LOST: Tone.CRIT,
}
"""The tone of what people are told."""

MODE_TONES = {
    Mode.SIM: Tone.SIM,
    Mode.PAPER: Tone.PAPER,
    Mode.SHADOW: Tone.SHADOW,
    Mode.LIVE: Tone.LIVE,
}
"""The tone of a mode."""


def line(*parts: str | Cell) -> Line:
    """Return a line of cells; a string is plain."""
    return tuple(Cell(part) if isinstance(part, str) else part for part in parts)


def muted(text: str) -> Cell:
    """Return text that may be overlooked."""
    return Cell(text, Tone.MUTED)


def strong(text: str) -> Cell:
    """Return text that must not be overlooked."""
    return Cell(text, Tone.STRONG)


def row(key: str, *cells: str | Cell | Line) -> Row:
    """Return a row; a string or a cell is a line of its own."""
    return Row(key, tuple(each if isinstance(each, tuple) else line(each) for each in cells))


def plain(lines: Iterable[Line]) -> str:
    """Return lines as text without tones."""
    return "\n".join("".join(cell.text for cell in each) for each in lines)
