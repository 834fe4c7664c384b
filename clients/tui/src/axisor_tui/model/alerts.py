"""What the core had to tell, as a list: the loudest that was not acknowledged first."""

from __future__ import annotations

from datetime import UTC, datetime

from axisor.notices import NoticeLevel
from axisor.wire.notices import AlertSummary
from axisor.words import short
from axisor_tui.model.automations import ago
from axisor_tui.model.cells import (
    NOTICE_TONES,
    Cell,
    Column,
    Line,
    Row,
    Table,
    Tone,
    line,
    muted,
    row,
)
from axisor_tui.model.filtering import fits
from axisor_tui.model.log import Entry
from axisor_tui.model.standing import ID
from axisor_tui.model.state import Link, State, newest

SIGNS = {
    NoticeLevel.WARN: "!",
    NoticeLevel.ACT: ">",
    NoticeLevel.CRIT: "‼",
    NoticeLevel.LOST: "‼",
}
WORDS = {NoticeLevel.ACT: "ACTED"}
WIDE = 100


def ordered(state: State) -> tuple[AlertSummary, ...]:
    """Return the alerts: those not acknowledged by danger, those acknowledged, those over."""
    waiting = state.unseen
    rest = sorted(
        (each for each in state.alerts or () if each not in waiting), key=newest, reverse=True
    )
    return (*waiting, *sorted(rest, key=lambda alert: not alert.open))


def table(state: State, wanted: str = "") -> Table:
    """Return the alerts as a table, only what fits a filter; grey while no core is heard."""
    columns = (
        Column("level", 7),
        Column("when", 8),
        Column("ID", 5, least=100),
        Column("what", 20, grow=True),
        Column("", 4),
    )
    rows = tuple(_row(state, each) for each in ordered(state) if fits(wanted, _text(each)))
    empty = "the core had nothing to tell in 7 days"
    if state.alerts is None:
        empty = state.alerts_problem or "asking the core"
    elif wanted:
        empty = f"nothing fits `{wanted}`"
    return Table(columns, rows, empty, muted=is_old(state))


def is_old(state: State) -> bool:
    """Return whether there may be alerts that are not shown here."""
    return state.link is not Link.UP or bool(state.alerts_problem)


def _row(state: State, alert: AlertSummary) -> Row:
    loud = NOTICE_TONES[alert.level] if alert.open else Tone.MUTED
    waits = alert.open and not alert.acknowledged
    times = muted(f"  {alert.times} times") if alert.times > 1 else ""
    return row(
        alert.id,
        Cell(level(alert), loud),
        muted("-" if alert.updated_at is None else ago(state.wall, alert.updated_at)),
        short(alert.position, ID) or "-",
        line(Cell(alert.title, Tone.PLAIN if waits else Tone.MUTED), times),
        Cell(word(alert), Tone.STRONG if waits else Tone.MUTED),
    )


def level(alert: AlertSummary) -> str:
    """Return how loud an alert was, as its sign and its word."""
    name = WORDS.get(alert.level, alert.level.name)
    return f"{SIGNS.get(alert.level, ' ')} {name}"


def word(alert: AlertSummary) -> str:
    """Return how an alert stands: it goes on, one has seen it, or it is over."""
    return "over" if not alert.open else "seen" if alert.acknowledged else "open"


def _text(alert: AlertSummary) -> str:
    said = f"{alert.title} {alert.effect} {alert.next_step}"
    return f"{alert.level.value} {alert.kind} {alert.position} {word(alert)} {said}"


def heading(state: State, wanted: str = "") -> str:
    """Return how many alerts wait for a look, what is mute, and what is filtered."""
    parts = ["Alerts", f"{len(state.unseen)} open"]
    parts += [f"{each.kind or 'all'} mute until {clock(each.until)}" for each in state.mutes]
    if state.alerts_problem:
        parts.append(f"~ not followed: {state.alerts_problem}")
    if wanted:
        parts.append(f"filter: {wanted}")
    return " ─ ".join(parts)


def found(state: State, id: str) -> AlertSummary | None:
    """Return an alert by its id."""
    return next((each for each in state.alerts or () if each.id == id), None)


def after(state: State, id: str) -> str:
    """Return which alert to go on with after one that waits: the next that does, or itself."""
    waiting = [each.id for each in state.unseen]
    at = waiting.index(id)
    return next(iter([*waiting[at + 1 :], *waiting[:at]]), id)


def summary(state: State, width: int) -> tuple[Line, ...]:
    """Return the loudest alert that nobody acknowledged, in a line for the overview."""
    worst = next(iter(state.unseen), None)
    if worst is None:
        if state.alerts is None:
            return (line(muted(state.alerts_problem or "asking the core")),)
        return (line(muted("nothing is open")),)
    loud = Tone.MUTED if is_old(state) else NOTICE_TONES[worst.level]
    when = "" if worst.updated_at is None else f" {ago(state.wall, worst.updated_at)}"
    cells = [Cell(level(worst).lstrip(), loud), muted(f"{when}  "), Cell(worst.title)]
    if worst.effect and width >= WIDE:
        cells.append(muted(f"  {worst.effect}"))
    return (tuple(cells),)


def entry(state: State, alert: AlertSummary) -> Entry | None:
    """Return the entry of the journal that an alert was told for, where it was read already."""
    for time in (alert.updated_at, alert.created_at):
        then = [each for each in state.log if each.time == time]
        about = [each for each in then if each.about == alert.position]
        if then:
            return (about or then)[-1]
    return None


def clock(time: datetime | None) -> str:
    """Return the hour and minute of a moment, UTC."""
    return "?" if time is None else f"{time.astimezone(UTC):%H:%M}"
