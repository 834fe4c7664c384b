"""An event as one line of a log: how loud it is, and what it says."""

from __future__ import annotations

from logging import ERROR, INFO, WARNING
from typing import TypeAlias

from axisor.events import (
    Event,
    FeedChanged,
    HaltChanged,
    HaltLevel,
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    IntentState,
    NoticeGiven,
    Payload,
    PositionClosed,
    PositionEnd,
    RestoreReconciled,
    RunChanged,
    RunState,
    RunUpgraded,
    Standing,
    StandingChanged,
)
from axisor.identity import RefreshReused, TokenIssued, TokenRevoked
from axisor.intents import Action
from axisor.model import FeedQuality, Severity
from axisor.versions import UpgradeEnd

Line: TypeAlias = tuple[int, str]

_LOUD = {Severity.WARN: WARNING, Severity.ACT: WARNING, Severity.CRIT: ERROR}


def line_of(event: Event) -> Line | None:
    """Return the level and the text of an event, None where it is not for people."""
    return _of_effect(event.payload) or _of_sign_in(event.payload) or _of_state(event.payload)


def _of_effect(payload: Payload) -> Line | None:
    match payload:
        case IntentPlanned():
            who = f"run {payload.run}" if payload.run else payload.principal or "a client"
            return INFO, f"{describe(payload.action)}, asked for by {who}"
        case IntentSettled():
            level = INFO if payload.state is IntentState.CONFIRMED else WARNING
            said = f": {payload.message}" if payload.message else ""
            return level, f"{payload.intent} is {payload.state.value} by {payload.by}{said}"
        case IntentReviewRefused():
            return WARNING, f"{describe(payload.action)} was not sent: {payload.message}"
        case _:
            return None


def _of_sign_in(payload: Payload) -> Line | None:
    match payload:
        case RefreshReused():
            return ERROR, f"a sign-in of {payload.person} was copied and ended: {payload.text}"
        case TokenIssued():
            return INFO, f"{payload.token} of {payload.owner} was made by {payload.principal}"
        case TokenRevoked():
            return INFO, f"{payload.token} of {payload.owner} was revoked by {payload.principal}"
        case _:
            return None


def _of_state(payload: Payload) -> Line | None:
    match payload:
        case PositionClosed(position=position, end=end):
            level = ERROR if end is PositionEnd.LIQUIDATED else INFO
            return level, f"position {position.id} was {end.value}, {payload.pl:+,} sat"
        case NoticeGiven():
            return _LOUD.get(payload.severity, INFO), payload.text
        case RunChanged():
            level = ERROR if payload.state is RunState.FAILED else INFO
            why = f": {payload.reason}" if payload.reason else ""
            return level, f"{payload.strategy} {payload.run} is {payload.state.value}{why}"
        case RunUpgraded(after=after):
            level = WARNING if payload.by is UpgradeEnd.ROLLED_BACK else INFO
            why = f": {payload.reason}" if payload.reason else ""
            return level, f"{payload.run} is decided by {after}{why}"
        case HaltChanged(level=halt):
            level = INFO if halt is HaltLevel.NONE else WARNING
            whose = "halt of all accounts" if payload.platform else "halt"
            return level, f"{whose} {halt.value} by {payload.principal} {payload.reason}".rstrip()
        case StandingChanged(standing=standing):
            level = INFO if standing is Standing.ACTIVE else WARNING
            causes = ", ".join(cause.code for cause in payload.causes)
            return level, f"it stands {standing.value} {causes}".rstrip()
        case RestoreReconciled(increases=increases):
            moved = sum(increase.amount for increase in increases)
            level = WARNING if moved else INFO
            return level, f"restored from a backup; {moved:,} sat moved since, all counted as spent"
        case FeedChanged(quality=quality):
            level = INFO if quality is FeedQuality.FRESH else WARNING
            return level, f"the price is {quality.value} {payload.reason}".rstrip()
        case _:
            return None


def describe(action: Action) -> str:
    """Return an action's kind with its figures."""
    names = ("position", "order", "side", "quantity", "amount", "price", "leverage")
    parts = [f"{name} {getattr(action, name)}" for name in names if getattr(action, name, None)]
    return " ".join([type(action).__name__, *parts])
