"""Screen 8: the journal as people read it, and why each thing happened."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from axisor_tui import keymap
from axisor_tui.model import activity, copying
from axisor_tui.model.copying import Thing
from axisor_tui.model.log import Entry
from axisor_tui.model.state import State
from axisor_tui.screens.filtered import Filtered
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows


class Activity(Filtered):
    """The log and its reasons."""

    SCOPE = "activity"
    STREAM = "log"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("activity")]

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        yield Rows("Activity", id="log", follow=True)
        yield Panel("Why", id="why", wrap=True)
        yield Input(
            placeholder="words that must be there, !word must not", id="filter", compact=True
        )

    def draw(self, state: State) -> None:
        """Show a state."""
        self.stream.show(activity.table(state, self.wanted))
        self.stream.border_title = self.heading("Activity, newest last")
        found = self._entry()
        panel = self.query_one("#why", Panel)
        panel.border_title = "Why" if found is None else f"Why #{found.sequence}"
        panel.show(activity.why(state, None if found is None else found.sequence))

    def _entry(self) -> Entry | None:
        return activity.entry(self.console.state, self.stream.key)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show the row that was chosen."""
        self.paint()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Ask why it happened."""
        self.action_why()

    def action_why(self) -> None:
        """Ask the core why the chosen entry happened; the stream stops there."""
        found = self._entry()
        if found is not None:
            self.stream.follow = False
            self.console.explain(found.sequence)

    def action_older(self) -> None:
        """Fetch the page before the oldest entry."""
        state = self.console.state
        if not state.older:
            self.console.say("The journal begins here.")
            return
        self.stream.follow = False
        before = min((each.sequence for each in state.log), default=state.sequence + 1)
        self.console.fetch(lambda desk: desk.history(before))

    def action_verify(self) -> None:
        """Have the journal verified."""
        self.console.verify()

    def thing(self) -> Thing:
        """Return the chosen entry."""
        found = self._entry()
        if found is None:
            return super().thing()
        return copying.of_event(self.console.state, found.sequence, found.text)
