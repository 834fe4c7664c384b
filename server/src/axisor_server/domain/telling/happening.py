"""One thing that is told, before it is put into anybody's language."""

from __future__ import annotations

import uuid
from decimal import Decimal

from msgspec import Struct

from axisor.model import Mode, Severity
from axisor.notices import NoticeLevel

_TOLD = uuid.UUID("2c5f1ab4-6d0b-5e0a-9f43-7f6a3c1d8e21")

LEVELS = {
    Severity.OK: NoticeLevel.OK,
    Severity.WATCH: NoticeLevel.INFO,
    Severity.WARN: NoticeLevel.WARN,
    Severity.ACT: NoticeLevel.ACT,
    Severity.CRIT: NoticeLevel.CRIT,
}


class Told(Struct, frozen=True, kw_only=True):
    """One thing to tell.

    `code` names its words in the catalogue; `figures` fill them, and the end of a figure's name
    says how it is written: `_sat`, `_usd`, `_pct`, `_count`, `_min` for a span in
    minutes, `_at` for a time in microseconds, anything else as it is. `ends` says
    that the episode is over, `silent` that nobody need be told so.
    """

    id: str
    account: str
    mode: Mode
    episode: str
    level: NoticeLevel
    kind: str
    code: str
    position: str = ""
    figures: dict[str, str] = {}
    time_us: int
    ends: bool = False
    silent: bool = False


def id_of(*parts: object) -> str:
    """Return an id made of what it is about, the same each time."""
    return str(uuid.uuid5(_TOLD, "/".join(map(str, parts))))


def plain(value: Decimal | int | str | None) -> str:
    """Return a number as plain digits, empty for none."""
    return "" if value is None else format(Decimal(value), "f")
