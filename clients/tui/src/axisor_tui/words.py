"""What happened, in one line for a person: a time, a severity, a kind and a sentence."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.events import (
    CommandRefused,
    CoverageChanged,
    CoverageState,
    FeedChanged,
    HaltChanged,
    HaltLevel,
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    IntentState,
    NoticeGiven,
    OrderChanged,
    PositionClosed,
    PositionEnd,
    RunChanged,
    RunState,
)
from axisor.intents import Action, AddMargin, ClosePosition, DepositCross, SetStop
from axisor.model import FeedQuality, Severity
from axisor.wire.records import SeenEvent, SeenPayload

_LOUD = {
    IntentState.CONFIRMED: Severity.OK,
    IntentState.REFUSED: Severity.WARN,
    IntentState.UNKNOWN: Severity.WARN,
    IntentState.NOT_APPLIED: Severity.WARN,
    IntentState.DEAD: Severity.WARN,
}


class Line(Struct, frozen=True):
    """A line of the log."""

    time: datetime
    severity: Severity
    kind: str
    text: str


def short(id: str) -> str:
    """Return the part of an id that people use."""
    return id[:4] if len(id) > 8 else id


def line_of(event: SeenEvent) -> Line | None:
    """Return an event's line, or None where it is not for people."""
    told = _tell(event.payload)
    return None if told is None else Line(event.time, *told)


def describe(action: Action | object) -> str:
    """Return an action as a person would say it."""
    match action:
        case AddMargin(position=position, amount=amount):
            return f"add {amount:,} sat to {short(position)}"
        case DepositCross(amount=amount):
            return f"deposit {amount:,} sat into cross"
        case ClosePosition(position=position):
            return f"close {short(position)}"
        case SetStop(position=position, price=price):
            return f"stop of {short(position)} " + ("off" if price is None else f"at {price:,f}")
        case _:
            return type(action).__name__


def _tell(payload: SeenPayload) -> tuple[Severity, str, str] | None:
    match payload:
        case IntentPlanned():
            who = "guard" if payload.run else "you"
            return Severity.ACT, who, describe(payload.action)
        case IntentSettled(state=state) if state in _LOUD:
            words = state.value.replace("_", " ")
            took = f" in {payload.latency_ms} ms" if payload.latency_ms else ""
            why = f": {payload.message}" if payload.message else ""
            return _LOUD[state], "venue", f"{words}{took}{why}"
        case IntentReviewRefused():
            text = f"not sent, {describe(payload.action)}: {payload.message}"
            return Severity.WARN, "review", text
        case CommandRefused():
            return Severity.WARN, "refused", payload.message
        case PositionClosed(position=position, end=end):
            loud = Severity.CRIT if end is PositionEnd.LIQUIDATED else Severity.WATCH
            return loud, "position", f"{short(position.id)} {end.value} {payload.pl:+,} sat"
        case NoticeGiven():
            return payload.severity, "notice", payload.text
        case _:
            return _tell_of_states(payload)


def _tell_of_states(payload: SeenPayload) -> tuple[Severity, str, str] | None:
    match payload:
        case OrderChanged(order=order):
            text = f"{order.side.value} {order.quantity:,} USD at {order.price:,f}"
            return Severity.WATCH, "order", f"{text} {order.state.value}"
        case RunChanged():
            loud = Severity.CRIT if payload.state is RunState.FAILED else Severity.WATCH
            why = f": {payload.reason}" if payload.reason else ""
            return loud, "run", f"{payload.strategy} {payload.state.value}{why}"
        case CoverageChanged(coverage=coverage):
            loud = Severity.OK if coverage.state is CoverageState.PROTECTED else Severity.WARN
            why = f": {coverage.reason}" if coverage.reason else ""
            return loud, "cover", f"{short(coverage.position)} {coverage.state.value}{why}"
        case HaltChanged(level=level):
            if level is HaltLevel.NONE:
                return Severity.OK, "halt", f"resumed by {payload.principal}"
            return Severity.CRIT, "halt", f"{level.value} by {payload.principal}"
        case FeedChanged(quality=quality):
            loud = Severity.OK if quality is FeedQuality.FRESH else Severity.WARN
            return loud, "feed", f"{quality.value} {payload.reason}".strip()
        case _:
            return None
