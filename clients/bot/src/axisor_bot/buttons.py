"""Buttons that say a command: a tap on one asks what its reader could have typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from axisor.events import RunState
from axisor.model import Side
from axisor.wire.notices import AlertSummary
from axisor.wire.records import PositionReport, Run
from axisor.words import short
from axisor_bot.cards import Button
from axisor_bot.grammar import form_of
from axisor_bot.voice import Voice

ASK = "ask"
"""How the act of such a button begins; a colon and the line follow."""

SHARES = (10, 25)
"""Percent of a position's margin that a button adds, once its card was confirmed."""

FALL, RISE = "-5%", "+5%"
MOST_BUTTONS = 8


def ask(voice: Voice, key: str, line: str, **fields: object) -> Button:
    """Return a button by the key of its text that says a line."""
    return Button(voice.say(f"button.{key}", **fields), f"{ASK}:{line}")


def fit(buttons: Iterable[Button], *, operator: bool) -> tuple[Button, ...]:
    """Return the buttons that are of use to somebody: a viewer's change nothing."""
    return tuple(each for each in buttons if operator or not _changes(each))


def _changes(button: Button) -> bool:
    act, _, line = button.act.partition(":")
    form = form_of(line) if act == ASK else None
    return form is not None and form.changes


def why(voice: Voice, sequence: int) -> Button:
    """Return the button that asks why an event happened."""
    return ask(voice, "why", f"/why {sequence}")


def pause(voice: Voice) -> Button:
    """Return the button that asks to pause the guard for a quarter of an hour."""
    return ask(voice, "pause", "/pause 15m")


def resume(voice: Voice) -> Button:
    """Return the button that asks to let the guard go on."""
    return ask(voice, "resume", "/resume")


def of_position(voice: Voice, report: PositionReport) -> list[Button]:
    """Return what can be done about a position."""
    held = report.position
    move = FALL if held.side is Side.BUY else RISE
    return [
        *(
            ask(voice, "add", f"/margin {held.id} {share}%", percent=voice.number(share))
            for share in SHARES
        ),
        ask(voice, "close", f"/close {held.id}"),
        ask(voice, "whatif", f"/whatif {move}", move=move),
    ]


def of_positions(reports: Sequence[PositionReport]) -> list[Button]:
    """Return a button that shows each position, the nearest to liquidation first."""
    ids = [each.position.id for each in reports[:MOST_BUTTONS]]
    return [Button(short(id), f"{ASK}:/p {id}") for id in ids]


def of_guard(voice: Voice, run: Run | None) -> list[Button]:
    """Return what can be done about a guard."""
    if run is None:
        return []
    return [resume(voice) if run.state is RunState.PAUSED else pause(voice)]


def of_alerts(voice: Voice, found: Sequence[AlertSummary]) -> list[Button]:
    """Return a button for each alert that waits to be seen."""
    waiting = [each.id for each in found if each.open and not each.acknowledged]
    return [ask(voice, "ack", f"/ack {id}", id=short(id)) for id in waiting[:MOST_BUTTONS]]
