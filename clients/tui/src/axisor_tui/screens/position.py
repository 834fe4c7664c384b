"""Screen 2: one position, the prices that matter to it, what will be done, what was done."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from axisor_tui import keymap
from axisor_tui.model import copying, position
from axisor_tui.model.cells import line, muted
from axisor_tui.model.copying import Thing
from axisor_tui.model.positions import named
from axisor_tui.model.state import State
from axisor_tui.screens.acting import ActsOnPosition
from axisor_tui.widgets.chart import PriceChart
from axisor_tui.widgets.panel import Panel


class PositionScreen(ActsOnPosition):
    """The chosen position."""

    SCOPE = "position"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("position")]

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        with Horizontal():
            with Vertical(id="left"):
                yield Panel("Position", id="figures")
                yield Panel("Distance ladder", id="ladder")
                yield Panel("What the guard does with it", id="rules")
                yield Panel("History", id="history", tail=True)
            with Vertical(id="right"):
                yield PriceChart(id="chart")
                yield Panel("History", id="more", tail=True)

    def draw(self, state: State) -> None:
        """Show a state."""
        found = state.position
        figures = self.query_one("#figures", Panel)
        if found is None:
            figures.border_title = "Position"
            figures.show([line(muted("no open position"))])
            for id in ("ladder", "rules", "history", "more"):
                self.query_one(f"#{id}", Panel).show([])
            return
        order = [each.id for each in state.by_danger()]
        at = f"{order.index(found.id) + 1} of {len(order)}"
        figures.border_title = f"Position {named(found)} ─ {at}"
        figures.show(position.figures(state, found))
        ladder = self.query_one("#ladder", Panel)
        ladder.show(position.ladder(state, found, ladder.content_size.width))
        self.query_one("#rules", Panel).show(position.rules(state, found))
        past = position.history(state, found)
        self.query_one("#history", Panel).show(past)
        self.query_one("#more", Panel).show(past)
        self.query_one(PriceChart).show(state)

    def action_other(self) -> None:
        """Go to the next position by danger."""
        self.console.next_position()

    def thing(self) -> Thing:
        """Return the position."""
        state = self.console.state
        return (
            super().thing()
            if state.position is None
            else copying.of_position(state, state.position)
        )
