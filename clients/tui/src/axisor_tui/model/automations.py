"""Runs of strategies: what each is, how it stands, and what it did last."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from axisor.events import RunState
from axisor.model import Permission
from axisor.wire.records import Run
from axisor.words import short
from axisor_tui.model.cells import Cell, Column, Line, Row, Table, Tone, line, muted, row, strong
from axisor_tui.model.guarding import written
from axisor_tui.model.state import State

TONES = {
    RunState.RUNNING: Tone.OK,
    RunState.STARTING: Tone.OK,
    RunState.PAUSED: Tone.WARN,
    RunState.FAILED: Tone.CRIT,
}
WORDS = {RunState.RUNNING: "on", RunState.STOPPED: "off", RunState.FAILED: "‼ FAILED"}


def table(state: State) -> Table:
    """Return the runs, those at work first."""
    columns = (
        Column("name", 18),
        Column("strategy", 14, least=100),
        Column("state", 10),
        Column("last step", 10),
        Column("result", 16, grow=True),
        Column("rights", 24, least=120),
    )
    rows = tuple(_row(state, each) for each in ordered(state))
    return Table(columns, rows, "no automations yet: n makes one")


def ordered(state: State) -> tuple[Run, ...]:
    """Return the runs, those at work first, then the others as they came."""
    return tuple(sorted(state.runs, key=lambda run: run.state is not RunState.RUNNING))


def _row(state: State, run: Run) -> Row:
    step = state.steps.get(run.id)
    result = "-" if step is None else "; ".join(step.asked) or "no action"
    if run.state is RunState.FAILED:
        result = run.reason
    return row(
        run.id,
        run.label or f"{run.strategy} {short(run.id, 4)}",
        run.strategy,
        Cell(WORDS.get(run.state, run.state.value), TONES.get(run.state, Tone.MUTED)),
        muted("-" if step is None else ago(state.wall, step.time)),
        result,
        muted(rights(run.permissions)),
    )


def rights(permissions: Permission) -> str:
    """Return rights as words."""
    names = [each.name for each in Permission if each in permissions and each.name]
    return ", ".join(name.lower().replace("_", " ") for name in names) or "none"


def ago(now: datetime | None, then: datetime) -> str:
    """Return how long ago something was, in its largest unit."""
    if now is None:
        return f"{then:%H:%M:%S}"
    seconds = max(0, int((now - then) / timedelta(seconds=1)))
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{name} ago"
    return f"{seconds}s ago"


def detail(state: State, id: str) -> tuple[Line, ...]:
    """Return one run: why it is so, its last step, and its configuration."""
    run = state.run(id)
    if run is None:
        return (line(muted("choose an automation")),)
    lines = [
        line(strong(run.label or run.strategy), muted(f"  {run.strategy}  run {short(run.id)}")),
        line(
            Cell(run.state.value, TONES.get(run.state, Tone.PLAIN)),
            "" if run.resumes_at is None else f" until {run.resumes_at.astimezone(UTC):%H:%M} UTC",
            f"  {run.reason}" if run.reason else "",
        ),
    ]
    step = state.steps.get(run.id)
    if step is not None:
        lines.append(
            line(f"step {step.step:,} on {step.cause}: {'; '.join(step.asked) or 'no action'}")
        )
    if run.state is RunState.FAILED:
        lines.append(line(muted("Its orders were left as they are. Space starts it again.")))
    config = json.loads(run.config) if run.config else {}
    lines += [
        line(f"{name.replace('_', ' '):<18}", muted(written(v))) for name, v in config.items()
    ]
    return tuple(lines)
