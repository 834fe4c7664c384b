"""Screen 6: what would be at other prices and with more margin; nothing here is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer

from axisor_tui import keymap
from axisor_tui.model import whatif
from axisor_tui.model.state import State
from axisor_tui.screens.base import ConsoleScreen
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows

PAUSE_S = 0.3
"""So long after the last key the core is asked."""

MOST = Decimal("0.5")


class WhatIfScreen(ConsoleScreen):
    """Other prices, other margins."""

    SCOPE = "whatif"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("whatif")]

    def __init__(self) -> None:
        super().__init__()
        self.move = Decimal(0)
        self._soon: Timer | None = None

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        yield Panel("What if", id="asked")
        yield Rows("More margin in this position", id="margins")
        yield Rows("Other prices, all positions", id="shocks")

    def ask(self) -> None:
        """Ask the core what would be."""
        position = self.console.state.position
        if position is not None:
            move = self.move
            self.console.fetch(lambda desk: desk.what_if(position.id, move))

    def draw(self, state: State) -> None:
        """Show a state."""
        self.query_one("#asked", Panel).show(whatif.title(state, self.move))
        self.query_one("#margins", Rows).show(whatif.margins(state))
        self.query_one("#shocks", Rows).show(whatif.shocks(state))

    def action_price(self, by: int) -> None:
        """Move the price half a percent, and ask once the keys are quiet."""
        self.move = min(MOST, max(-MOST, self.move + by * whatif.MOVE))
        self.paint()
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(PAUSE_S, self.ask)

    def action_other(self) -> None:
        """Go to the next position by danger."""
        self.console.next_position()
        self.ask()

    def action_apply(self) -> None:
        """Prepare to add the margin that is chosen."""
        state, added = self.console.state, self.query_one("#margins", Rows).key
        position, account = state.position, state.account
        if position is None or not added or int(added) == 0:
            self.console.say("Choose a margin above zero first.", problem=True)
            return
        sats = int(added)
        self.console.propose(lambda calls: calls.margin.add_margin(account, position.id, sats))
