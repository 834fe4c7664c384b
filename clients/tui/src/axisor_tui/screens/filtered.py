"""A screen with a stream that can be stopped, and filtered by what people type."""

from __future__ import annotations

from typing import ClassVar

from textual.widgets import Input

from axisor_tui.screens.base import ConsoleScreen
from axisor_tui.widgets.rows import Rows


class Filtered(ConsoleScreen):
    """Has a table that follows, and a line for a filter that comes up when it is wanted."""

    STREAM: ClassVar[str]

    @property
    def wanted(self) -> str:
        """Return the filter."""
        return self.query_one("#filter", Input).value

    @property
    def stream(self) -> Rows:
        """Return the table of the stream."""
        return self.query_one(f"#{self.STREAM}", Rows)

    def heading(self, name: str) -> str:
        """Return the title of the stream: whether it follows, and what is filtered."""
        follow = "▶ following" if self.stream.follow else "‖ paused"
        return f"{name} ─ {follow}" + (f" ─ filter: {self.wanted}" if self.wanted else "")

    def action_follow(self) -> None:
        """Stop at the row that is chosen, or follow what comes."""
        self.stream.follow = not self.stream.follow
        self.paint()

    def action_filter(self) -> None:
        """Ask for a filter."""
        line = self.query_one("#filter", Input)
        line.display = True
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.paint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go back to the stream; an empty filter is put away."""
        event.input.display = bool(event.value)
        self.stream.focus()
