"""Says which events of a journal people are told without asking, how, and what they may tap."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

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
from axisor_bot import buttons
from axisor_bot.cards import Button
from axisor_bot.screens import GUARD
from axisor_bot.voice import Voice

LOUD = (Severity.OK, Severity.WARN, Severity.ACT, Severity.CRIT)
"""Notices that are told; what is only worth watching is not."""


class Acted(Struct, frozen=True, kw_only=True):
    """What an action of a run was."""

    action: Action | UnrecognizedAction
    strategy: str
    before_percent: Decimal | None = None


class Alert(Struct, frozen=True, kw_only=True):
    """What somebody is told: its kind, whether it is critical, its text, and what can be done."""

    kind: str
    text: str
    loud: bool = False
    buttons: tuple[Button, ...] = ()


def alert(
    voice: Voice,
    event: SeenEvent,
    acted: Acted | None = None,
    report: PositionReport | None = None,
) -> Alert | None:
    """Return the alert of an event, None where it is told by none.

    `acted` is what an `IntentSettled` of a run was about; without it nobody is told. `report` is
    how the position is now that the event is about, None where that is not known.
    """
    found = _of_money(voice, event.payload, acted, report) or _of_core(voice, event.payload)
    if found is None:
        return None
    said = voice.say("alert.why", sequence=event.sequence)
    return replace(
        found,
        text=voice.of(event.mode, f"{found.text}\n{said}"),
        buttons=(buttons.why(voice, event.sequence), *found.buttons),
    )


def _of_money(
    voice: Voice, payload: SeenPayload, acted: Acted | None, report: PositionReport | None
) -> Alert | None:
    match payload:
        case IntentSettled() if acted is not None:
            return _acted(voice, payload, acted, report)
        case PositionClosed(position=held, end=end):
            lost = end is PositionEnd.LIQUIDATED
            text = voice.say(
                "alert.lost" if lost else "alert.closed",
                id=short(held.id),
                side=side_word(held.side),
                quantity=voice.contracts(held.quantity),
                end=voice.say(f"end.{end.value}"),
                pl=voice.sats(payload.pl, signed=True),
            )
            return Alert(kind="liquidated" if lost else "closed", text=text, loud=lost)
        case NoticeGiven(severity=severity) if severity in LOUD:
            return Alert(
                kind="notice",
                text=voice.say(f"alert.{severity.value}", text=voice.quote(payload.text)),
                loud=severity is Severity.CRIT,
                buttons=_about(voice, None if severity is Severity.OK else report),
            )
        case _:
            return None


def _acted(
    voice: Voice, payload: IntentSettled, acted: Acted, report: PositionReport | None
) -> Alert:
    what = voice.quote(describe(acted.action))
    if payload.state is IntentState.UNKNOWN:
        text = voice.say("alert.unknown", strategy=acted.strategy, what=what)
        return Alert(kind="unknown", text=text)
    if payload.state is not IntentState.CONFIRMED:
        text = voice.say(
            "alert.not_done",
            strategy=acted.strategy,
            what=what,
            state=payload.state.value.replace("_", " "),
            why=voice.quote(payload.message or payload.reason),
        )
        return Alert(kind="refused", text=text, loud=True, buttons=_about(voice, report))
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
        lines = [voice.say("alert.acted", strategy=acted.strategy, what=what)]
    if report is not None:
        lines.append(
            voice.say(
                "alert.distance",
                before=voice.percent(acted.before_percent),
                after=voice.percent(report.distance_percent),
                liquidation=voice.price(report.position.liquidation),
            )
        )
    pause = (buttons.pause(voice),) if acted.strategy == GUARD else ()
    return Alert(kind="acted", text="\n".join(lines), buttons=pause)


def _about(voice: Voice, report: PositionReport | None) -> tuple[Button, ...]:
    return () if report is None else tuple(buttons.of_position(voice, report))


def _of_core(voice: Voice, payload: SeenPayload) -> Alert | None:
    match payload:
        case HaltChanged(level=HaltLevel.NONE, principal=who):
            return Alert(kind="halt", text=voice.say("alert.resumed", who=who))
        case HaltChanged(level=level, principal=who):
            text = voice.say(f"alert.halt_{level.value}", who=who, why=voice.quote(payload.reason))
            end = buttons.ask(voice, "end_halt", "/halt off")
            return Alert(kind="halt", text=text, loud=level is not HaltLevel.RISK, buttons=(end,))
        case StandingChanged(standing=Standing.ACTIVE):
            return Alert(kind="standing", text=voice.say("alert.able"))
        case StandingChanged(causes=causes) if causes and all(map(_is_halt, causes)):
            return None  # the halt is told by itself
        case StandingChanged(standing=standing, causes=causes):
            why = voice.quote(" ".join(each.text or each.code for each in causes))
            text = voice.say("alert.unable", standing=standing.value.replace("_", "-"), why=why)
            return Alert(kind="standing", text=text, loud=True)
        case RunChanged(state=RunState.FAILED):
            why = voice.quote(payload.reason)
            text = voice.say("alert.failed", strategy=payload.strategy, why=why)
            return Alert(kind="run", text=text, loud=True)
        case RunChanged(strategy=name, state=RunState.PAUSED | RunState.STOPPED) if name == GUARD:
            text = voice.say("alert.unguarded", why=voice.quote(payload.reason))
            paused = payload.state is RunState.PAUSED
            back = (buttons.resume(voice),) if paused else ()
            return Alert(kind="guard", text=text, loud=True, buttons=back)
        case RestoreReconciled():
            text = voice.say("alert.restored", at=f"{payload.backup_at:%Y-%m-%d %H:%M} UTC")
            return Alert(kind="restored", text=text)
        case _:
            return None


def _is_halt(cause: Cause) -> bool:
    return cause.code.startswith("halt_")
