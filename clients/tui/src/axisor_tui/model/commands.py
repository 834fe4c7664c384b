"""What was asked of the core from this console, by which call, and how that ended."""

from __future__ import annotations

from datetime import UTC

from axisor_tui.model.cells import Cell, Line, Tone, line, muted, strong
from axisor_tui.model.messages import Asked
from axisor_tui.model.state import State


def call_of(method: str) -> str:
    """Return a method as people read it: `MarginService.AddMargin` of its whole path."""
    return method.rpartition("axisor.v1.")[2].replace("/", ".")


def lines(state: State) -> tuple[Line, ...]:
    """Return what was asked, newest first: when, by which call, what, and how it ended."""
    found = [each for asked in reversed(state.asked) for each in _entry(asked)]
    return tuple(found) or (line(muted("nothing was asked of the core here yet")),)


def _entry(asked: Asked) -> tuple[Line, Line]:
    when = "" if asked.time is None else f"{asked.time.astimezone(UTC):%H:%M:%S} "
    end = Cell(asked.end, Tone.OK) if asked.good else Cell(f"! {asked.end}", Tone.WARN)
    return (
        line(muted(when), strong(asked.what), muted(f"  {asked.call}")),
        line(" " * len(when), end),
    )
