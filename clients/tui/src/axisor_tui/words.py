"""A line of the log: which events have one, and when they happened."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.events import BalanceChanged, CommandReceived, IntentSent, PositionChanged
from axisor.model import Severity
from axisor.wire.records import SeenEvent
from axisor.words import tell

SHOWN_ELSEWHERE = (BalanceChanged, CommandReceived, IntentSent, PositionChanged)
"""The panels show what these change, so the log is not filled with them."""


class Line(Struct, frozen=True):
    """A line of the log."""

    time: datetime
    severity: Severity
    kind: str
    text: str


def line_of(event: SeenEvent) -> Line | None:
    """Return an event's line, or None where it has none."""
    told = None if isinstance(event.payload, SHOWN_ELSEWHERE) else tell(event.payload)
    return None if told is None else Line(event.time, told.severity, told.subject, told.text)
