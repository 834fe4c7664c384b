"""Screen 7: what the core had to tell, what it means, what to do, and who was told."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from axisor.wire.notices import AlertSummary
from axisor_tui import alerting, keymap
from axisor_tui.model import activity, alert, alerts, copying
from axisor_tui.model.copying import Thing
from axisor_tui.model.messages import Selected
from axisor_tui.model.state import Link, State
from axisor_tui.overlays.text import Reading
from axisor_tui.screens.filtered import Filtered
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows

AGAIN_S = 10.0
"""What was sent is asked for this often, while it is looked at."""


class Alerts(Filtered):
    """Alerts."""

    SCOPE = "alerts"
    STREAM = "alerts"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("alerts")]

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        with Container(id="panes"):
            yield Rows("Alerts", id="alerts")
            yield Panel("Chosen", id="detail", wrap=True)
        yield Input(
            placeholder="words that must be there, !word must not", id="filter", compact=True
        )

    def on_mount(self) -> None:
        """Ask again now and then, while this is what is looked at."""
        self.set_interval(AGAIN_S, self._again)

    def _again(self) -> None:
        if self.is_current and self.console.state.link is Link.UP:
            self.ask()

    def ask(self) -> None:
        """Ask the core what was sent."""
        self.console.fetch(alerting.sent)

    def draw(self, state: State) -> None:
        """Show a state."""
        self.stream.show(alerts.table(state, self.wanted))
        self.stream.border_title = alerts.heading(state, self.wanted)
        self.query_one("#detail", Panel).show(alert.detail(state, self.stream.key))

    def _alert(self) -> AlertSummary | None:
        return alerts.found(self.console.state, self.stream.key)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show the alert that was chosen."""
        self.paint()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Open the position that it is about, or say why it was told."""
        found, state = self._alert(), self.console.state
        if found is not None and any(each.id == found.position for each in state.positions):
            self.console.take(Selected(found.position))
            self.console.action_show("position")
        else:
            self.action_why()

    def action_why(self) -> None:
        """Show why the alert was told."""
        found = self._alert()
        if found is None:
            return
        entry = alerts.entry(self.console.state, found)
        if entry is None:
            self.console.say("It is further back than was read: 8, then o for older entries.")
            return
        self.console.explain(
            entry.sequence,
            lambda why: self.app.push_screen(
                Reading(f"Why: {found.title}", activity.explained(why))
            ),
        )

    def action_acknowledge(self) -> None:
        """Acknowledge the alert that is chosen, and go on to the next that waits."""
        found, state = self._alert(), self.console.state
        if found in state.unseen:
            self.stream.key = alerts.after(state, self.stream.key)
        self.console.acknowledge(found)

    def action_mute(self) -> None:
        """Ask for how long channels keep quiet about what is chosen."""
        found = self._alert()
        self.console.mute("" if found is None else found.kind)

    def thing(self) -> Thing:
        """Return the chosen alert."""
        found = self._alert()
        return super().thing() if found is None else copying.of_alert(self.console.state, found)
