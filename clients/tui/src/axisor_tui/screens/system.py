"""Screen 0: the core, its accounts, the venues' rate limits, its settings."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from axisor_tui import keymap
from axisor_tui.model import system
from axisor_tui.model.state import State
from axisor_tui.screens.base import ConsoleScreen
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows

AGAIN_S = 10.0


class System(ConsoleScreen):
    """The core itself."""

    SCOPE = "system"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("system")]

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        with Horizontal(id="upper"):
            yield Panel("Core", id="core", wrap=True)
            yield Panel("Venues' rate limits", id="budgets", wrap=True)
        yield Rows("Accounts", id="accounts")
        yield Rows("Settings in force", id="settings")

    def on_mount(self) -> None:
        """Ask again now and then, while this is what is looked at."""
        self.set_interval(AGAIN_S, self._again)

    def _again(self) -> None:
        if self.is_current:
            self.ask()

    def ask(self) -> None:
        """Ask the core how it is."""
        self.console.fetch(lambda desk: desk.look())

    def draw(self, state: State) -> None:
        """Show a state."""
        leases = () if state.look is None else system.leases(state.look)
        self.query_one("#core", Panel).show([*system.core(state), *leases])
        self.query_one("#budgets", Panel).show(system.budgets(state))
        accounts = self.query_one("#accounts", Rows)
        count = 0 if state.look is None else len(state.look.accounts)
        accounts.styles.height = min(count + 3, 10) if count else 4
        accounts.show(system.accounts(state))
        self.query_one("#settings", Rows).show(system.settings(state))

    def action_reload(self) -> None:
        """Ask again."""
        self.ask()
