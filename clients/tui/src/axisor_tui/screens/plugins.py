"""Screen 9: the installed plugins, their strategies, and why one is out of work."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from axisor_tui import keymap
from axisor_tui.model import plugins
from axisor_tui.model.state import State
from axisor_tui.screens.base import ConsoleScreen
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows


class Plugins(ConsoleScreen):
    """Plugins."""

    SCOPE = "plugins"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("plugins")]

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        yield Rows("Plugins", id="plugins")
        yield Panel("Chosen", id="detail", wrap=True)

    def ask(self) -> None:
        """Ask the core for plugins and strategies."""
        self.console.fetch(lambda desk: desk.look())
        self.console.fetch(lambda desk: desk.strategies())

    def draw(self, state: State) -> None:
        """Show a state."""
        table = self.query_one("#plugins", Rows)
        table.show(plugins.table(state))
        self.query_one("#detail", Panel).show(plugins.detail(state, table.key))

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show the plugin that was chosen."""
        self.paint()

    def action_reload(self) -> None:
        """Ask again."""
        self.ask()
