"""Says which events of a journal people are told without asking, and how."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from axisor.events import (
    Cause,
    HaltChanged,
    HaltLevel,
    IntentSettled,
    IntentState,
    NoticeGiven,
    PositionClosed,
    PositionEnd,
    RestoreReconciled,
    RunChanged,
    RunState,
    Standing,
    StandingChanged,
)
from axisor.intents import Action, AddMargin
from axisor.model import Severity
from axisor.wire.records import PositionReport, SeenEvent, SeenPayload, UnrecognizedAction
from axisor.words import describe, short, side_word
from axisor_bot.screens import GUARD
from axisor_bot.voice import Voice

LOUD = (Severity.OK, Severity.WARN, Severity.ACT, Severity.CRIT)
"""Notices that are told; what is only worth watching is not."""


class Acted(Struct, frozen=True, kw_only=True):
    """What an action of a run was, and how its position is now; None where that is not known."""

    action: Action | UnrecognizedAction
    strategy: str
    before_percent: Decimal | None = None
    report: PositionReport | None = None


def alert(voice: Voice, event: SeenEvent, acted: Acted | None = None) -> str | None:
    """Return the alert of an event, None where it is told by none.

    `acted` is what an `IntentSettled` of a run was about; without it nobody is told.
    """
    text = _of_money(voice, event.payload, acted) or _of_core(voice, event.payload)
    if text is None:
        return None
    return voice.of(event.mode, f"{text}\n{voice.say('alert.why', sequence=event.sequence)}")


def _of_money(voice: Voice, payload: SeenPayload, acted: Acted | None) -> str | None:
    match payload:
        case IntentSettled() if acted is not None:
            return _acted(voice, payload, acted)
        case PositionClosed(position=held, end=end):
            lost = end is PositionEnd.LIQUIDATED
            return voice.say(
                "alert.lost" if lost else "alert.closed",
                id=short(held.id),
                side=side_word(held.side),
                quantity=voice.contracts(held.quantity),
                end=voice.say(f"end.{end.value}"),
                pl=voice.sats(payload.pl, signed=True),
            )
        case NoticeGiven(severity=severity) if severity in LOUD:
            return voice.say(f"alert.{severity.value}", text=voice.quote(payload.text))
        case _:
            return None


def _acted(voice: Voice, payload: IntentSettled, acted: Acted) -> str:
    if payload.state is IntentState.UNKNOWN:
        what = voice.quote(describe(acted.action))
        return voice.say("alert.unknown", strategy=acted.strategy, what=what)
    if payload.state is not IntentState.CONFIRMED:
        return voice.say(
            "alert.not_done",
            strategy=acted.strategy,
            what=voice.quote(describe(acted.action)),
            state=payload.state.value.replace("_", " "),
            why=voice.quote(payload.message or payload.reason),
        )
    if isinstance(acted.action, AddMargin):
        lines = [
            voice.say(
                "alert.added",
                strategy=acted.strategy,
                amount=voice.sats(acted.action.amount),
                id=short(acted.action.position),
            )
        ]
    else:
        what = voice.quote(describe(acted.action))
        lines = [voice.say("alert.acted", strategy=acted.strategy, what=what)]
    if acted.report is not None:
        lines.append(
            voice.say(
                "alert.distance",
                before=voice.percent(acted.before_percent),
                after=voice.percent(acted.report.distance_percent),
                liquidation=voice.price(acted.report.position.liquidation),
            )
        )
    return "\n".join(lines)


def _of_core(voice: Voice, payload: SeenPayload) -> str | None:
    match payload:
        case HaltChanged(level=HaltLevel.NONE, principal=who):
            return voice.say("alert.resumed", who=who)
        case HaltChanged(level=level, principal=who):
            return voice.say(f"alert.halt_{level.value}", who=who, why=voice.quote(payload.reason))
        case StandingChanged(standing=Standing.ACTIVE):
            return voice.say("alert.able")
        case StandingChanged(causes=causes) if causes and all(map(_is_halt, causes)):
            return None  # the halt is told by itself
        case StandingChanged(standing=standing, causes=causes):
            why = voice.quote(" ".join(each.text or each.code for each in causes))
            return voice.say("alert.unable", standing=standing.value.replace("_", "-"), why=why)
        case RunChanged(state=RunState.FAILED):
            why = voice.quote(payload.reason)
            return voice.say("alert.failed", strategy=payload.strategy, why=why)
        case RunChanged(strategy=name, state=RunState.PAUSED | RunState.STOPPED) if name == GUARD:
            return voice.say("alert.unguarded", why=voice.quote(payload.reason))
        case RestoreReconciled():
            return voice.say("alert.restored", at=f"{payload.backup_at:%Y-%m-%d %H:%M} UTC")
        case _:
            return None


def _is_halt(cause: Cause) -> bool:
    return cause.code.startswith("halt_")
