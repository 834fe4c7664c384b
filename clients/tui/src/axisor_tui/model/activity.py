"""The journal as people read it, and why each thing happened."""

from __future__ import annotations

from datetime import UTC

from axisor.client.guard import Explanation
from axisor.words import SIGNS
from axisor_tui.model.cells import (
    TONES,
    Cell,
    Column,
    Line,
    Table,
    Tone,
    line,
    muted,
    row,
    strong,
)
from axisor_tui.model.filtering import fits
from axisor_tui.model.log import Entry
from axisor_tui.model.state import State


def table(state: State, wanted: str = "") -> Table:
    """Return the log, newest last; only what fits a filter."""
    columns = (
        Column("event", 8, right=True),
        Column("time", 9),
        Column("", 1),
        Column("who", 10),
        Column("what", 20, grow=True),
    )
    rows = tuple(
        row(
            str(each.sequence),
            muted(f"#{each.sequence}"),
            muted(f"{each.time.astimezone(UTC):%H:%M:%S}"),
            Cell(SIGNS[each.severity], TONES[each.severity]),
            Cell(each.kind, TONES[each.severity]),
            Cell(each.text, TONES[each.severity]),
        )
        for each in state.log
        if fits(wanted, f"{each.kind} {each.text} {each.severity.value} {each.about}")
    )
    empty = f"nothing fits `{wanted}`" if wanted else "nothing happened yet"
    return Table(columns, rows, empty)


def entry(state: State, key: str) -> Entry | None:
    """Return the entry of a row."""
    return next((each for each in state.log if str(each.sequence) == key), None)


def why(state: State, sequence: int | None) -> tuple[Line, ...]:
    """Return why an event happened, as far as the core was asked."""
    if sequence is None:
        return (line(muted("choose a line")),)
    if state.explained is None or state.explained[0] != sequence:
        return (line(muted("W asks the core why this happened")),)
    return explained(state.explained[1])


def explained(found: Explanation) -> tuple[Line, ...]:
    """Return an explanation: its sentence, inputs, checks, what was rejected, and its timeline."""
    lines = [line(strong(found.text))]
    if found.why is not None:
        given = "  ".join(f"{name} {value}" for name, value in found.why.inputs.items())
        lines.append(line(f"rule     {found.why.rule}"))
        if given:
            lines.append(line(f"inputs   {given}"))
        lines += [
            line(
                f"{'checks' if n == 0 else '':<9}",
                Cell("ok " if each.passed else "no ", Tone.OK if each.passed else Tone.WARN),
                f"{each.name}: {each.value} against {each.threshold}",
            )
            for n, each in enumerate(found.why.checks)
        ]
        lines += [line(muted(f"not      {each}")) for each in found.why.rejected]
    lines += [
        line(
            muted(f"{step.time.astimezone(UTC):%H:%M:%S.%f}"[:-3]), f" #{step.sequence} {step.text}"
        )
        for step in found.timeline
    ]
    return tuple(lines)
