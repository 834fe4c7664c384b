"""Screen 1: the price, how far the guard holds, the positions by danger, what just happened."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from axisor_tui import keymap
from axisor_tui.model import alerts, copying, guarding, positions, standing
from axisor_tui.model.copying import Thing
from axisor_tui.model.log import newest
from axisor_tui.model.messages import Selected
from axisor_tui.model.position import told
from axisor_tui.model.state import State
from axisor_tui.screens.acting import ActsOnGuard, ActsOnPosition
from axisor_tui.widgets import paint
from axisor_tui.widgets.chart import PriceChart
from axisor_tui.widgets.looks import styles_of
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows


class Overview(ActsOnPosition, ActsOnGuard):
    """What one looks at first, and most of the time."""

    SCOPE = "overview"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("overview")]

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        yield Static(id="market")
        yield Rows("Positions by danger", id="positions")
        with Horizontal(id="lower"):
            yield PriceChart(id="chart")
            yield Panel("Guard", id="guard", cut=True)
        yield Panel("Live events", id="events")
        yield Panel("Alerts", id="alerts")

    def draw(self, state: State) -> None:
        """Show a state."""
        market = standing.market(state, self.width)
        self.query_one("#market", Static).update(paint.lines(market, styles_of(self)))
        table = self.query_one("#positions", Rows)
        chosen = state.position
        held = sum(each.id != "cross" for each in state.positions)
        cross = len(state.positions) - held
        table.border_title = f"Positions by danger ─ isolated {held}, cross {cross}"
        most = max(5, self.app.size.height // 3)
        table.styles.height = min(max(1, len(state.positions)) + 3, most)
        table.show(positions.table(state, self.width), "" if chosen is None else chosen.id)
        self.query_one(PriceChart).show(state)
        self.query_one("#guard", Panel).show(guarding.summary(state))
        events = self.query_one("#events", Panel)
        events.show(told(each) for each in newest(state.log, events.room))
        self._alerts(state)

    def _alerts(self, state: State) -> None:
        """Show the loudest alert; on a low terminal only where there is one."""
        panel, count = self.query_one("#alerts", Panel), len(state.unseen)
        self.set_class(count > 0, "alerting")
        panel.border_title = f"Alerts ─ {count} open"
        panel.border_subtitle = self._alert_keys() if count else ""
        panel.show(alerts.summary(state, self.width))

    def _alert_keys(self) -> str:
        own, chosen = f"{self.SCOPE}.acknowledge", self.console.settings.keymap
        actions = [each for each in self.console.offered() if each.id == own]
        hints = [f"{keymap.written(keymap.keys(each, chosen))} acknowledge" for each in actions]
        return "   ".join((*hints, f"{keymap.NUMBERS['alerts']} all"))

    def action_acknowledge(self) -> None:
        """Acknowledge the loudest alert."""
        self.console.acknowledge(next(iter(self.console.state.unseen), None))

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Take the row for the position that everything is about."""
        self.console.take(Selected(event.key))

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Open the position."""
        self.console.take(Selected(event.key))
        self.console.action_show("position")

    def thing(self) -> Thing:
        """Return the chosen position."""
        state = self.console.state
        return (
            super().thing()
            if state.position is None
            else copying.of_position(state, state.position)
        )
