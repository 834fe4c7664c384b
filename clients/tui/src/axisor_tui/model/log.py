"""An entry of the log: which events have one, when they happened, and what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from axisor.events import (
    BalanceChanged,
    CommandReceived,
    CoverageChanged,
    IntentPlanned,
    IntentReviewRefused,
    IntentSent,
    NoticeGiven,
    PositionChanged,
    PositionClosed,
)
from axisor.model import Severity
from axisor.wire.records import SeenEvent, SeenPayload, StepSummary
from axisor.words import tell

SHOWN_ELSEWHERE = (BalanceChanged, CommandReceived, IntentSent, PositionChanged, StepSummary)
"""The panels show what these change, so the log is not filled with them."""

IN_SIGHT = timedelta(minutes=1)
"""So long an action stays among the newest entries, however much is said after it."""


class Entry(Struct, frozen=True):
    """An entry of the log.

    `about` is the position it is about, if any; `sequence` its place in the journal.
    """

    time: datetime
    severity: Severity
    kind: str
    text: str
    sequence: int = 0
    about: str = ""


def entry_of(event: SeenEvent) -> Entry | None:
    """Return what the log says of an event, or None where it says nothing."""
    if isinstance(event.payload, SHOWN_ELSEWHERE):
        return None
    told = tell(event.payload)
    if told is None:
        return None
    about = about_of(event.payload)
    return Entry(event.time, told.severity, told.subject, told.text, event.sequence, about)


def newest(log: Sequence[Entry], room: int) -> tuple[Entry, ...]:
    """Return the last entries that fit, the last action among them for a minute.

    What a rescue makes the core say may come in one burst, and must not hide the rescue itself.
    """
    shown = tuple(log[-room:])
    action = next((each for each in reversed(log) if each.severity is Severity.ACT), None)
    if action is None or action in shown or log[-1].time - action.time > IN_SIGHT:
        return shown
    return (action, *shown[1:])


def about_of(payload: SeenPayload) -> str:
    """Return the position that an event is about, empty where it is about none."""
    match payload:
        case PositionClosed(position=position):
            return position.id
        case CoverageChanged(coverage=coverage):
            return coverage.position
        case NoticeGiven():
            return payload.position
        case IntentPlanned(target=target):
            return target.removeprefix("positions/") if target.startswith("positions/") else ""
        case IntentReviewRefused(action=action):
            return str(getattr(action, "position", ""))
        case _:
            return ""
