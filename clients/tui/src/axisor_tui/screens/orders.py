"""Screen 4: open orders, and everything that is done at the venue as it happens."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from axisor_tui import keymap
from axisor_tui.model import activity, copying, orders
from axisor_tui.model.copying import Thing
from axisor_tui.model.deeds import Deed
from axisor_tui.model.state import State
from axisor_tui.overlays.text import Reading
from axisor_tui.screens.filtered import Filtered
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows


class Orders(Filtered):
    """Orders and deeds."""

    SCOPE = "orders"
    STREAM = "stream"
    AUTO_FOCUS = "#stream"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("orders")]

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        yield Rows("Open orders", id="open")
        yield Rows("Done", id="stream", follow=True)
        yield Panel("Chosen", id="detail", wrap=True)
        yield Input(
            placeholder="words that must be there, !word must not", id="filter", compact=True
        )

    def draw(self, state: State) -> None:
        """Show a state."""
        opened, stream = self.query_one("#open", Rows), self.stream
        opened.border_title = f"Open orders ─ {len(state.orders)}"
        opened.styles.height = min(len(state.orders) + 3, 8) if state.orders else 4
        opened.show(orders.opened(state))
        stream.show(orders.stream(state, self.wanted))
        stream.border_title = self.heading("What was done")
        self.query_one("#detail", Panel).show(orders.detail(state, stream.key))

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show the row that was chosen."""
        self.paint()

    def _deed(self) -> Deed | None:
        return next((each for each in self.console.state.deeds if each.id == self.stream.key), None)

    def action_why(self) -> None:
        """Show why the chosen deed was done."""
        deed = self._deed()
        if deed is not None:
            self.console.explain(
                deed.sequence,
                lambda found: self.app.push_screen(
                    Reading(f"Why: {deed.text}", activity.explained(found))
                ),
            )

    def action_cancel(self) -> None:
        """Prepare to cancel the open order that is chosen."""
        account, id = self.console.state.account, self.query_one("#open", Rows).key
        if not id:
            self.console.say("There is no open order.", problem=True)
        else:
            self.console.propose(lambda calls: calls.orders.cancel(account, id))

    def thing(self) -> Thing:
        """Return the chosen deed."""
        deed = self._deed()
        if deed is None:
            return super().thing()
        return copying.of_event(self.console.state, deed.sequence, deed.id, deed)
