"""What every screen has: the banner, the tabs, the footer, and how it is painted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from axisor.model import Mode, Position
from axisor_tui import keymap
from axisor_tui.keymap import KeyAction
from axisor_tui.model import copying, standing
from axisor_tui.model.cells import Cell, Tone, muted, strong
from axisor_tui.model.copying import Thing
from axisor_tui.model.state import Link, State
from axisor_tui.widgets import paint
from axisor_tui.widgets.chart import PriceChart
from axisor_tui.widgets.looks import styles_of
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows

if TYPE_CHECKING:
    from axisor_tui.app import Console

LEAVING = "quitting leaves the guard running"


class ConsoleScreen(Screen[None]):
    """A screen of the console. What it shows comes from the state alone."""

    SCOPE: ClassVar[str]
    # Textual declares these without ClassVar, and mypy holds us to that.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS = "Rows, Panel"

    def __init__(self) -> None:
        super().__init__()
        # A new screen is styled when it is mounted. Textual would parse every style sheet twice
        # more before that, which is most of what a first look at a screen costs.
        self._css_update_count = self.app._css_update_count

    def compose(self) -> ComposeResult:
        """Put what the screen shows between the banner and the footer."""
        yield Static(id="banner")
        yield Static(id="tabs")
        with Vertical(id="body"):
            yield from self.body()
        yield Static(id="keys")

    @property
    def console(self) -> Console:
        """Return the console."""
        return cast("Console", self.app)

    @property
    def width(self) -> int:
        """Return how many columns the terminal has."""
        return self.app.size.width

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        raise NotImplementedError

    def draw(self, state: State) -> None:
        """Show a state."""
        raise NotImplementedError

    def ask(self) -> None:
        """Ask the core for what only this screen shows; called whenever the screen comes up."""

    def thing(self) -> Thing:
        """Return what would be copied."""
        return copying.of_account(self.console.state)

    def on_mount(self) -> None:
        """Paint as soon as the parts have their sizes."""
        self.call_after_refresh(self.paint)

    def on_screen_resume(self) -> None:
        """Paint what happened meanwhile, and ask for what only this screen shows."""
        self.paint()
        self.call_after_refresh(self.paint)
        self.ask()

    def on_resize(self) -> None:
        """Paint again once the parts have their new sizes."""
        self.call_after_refresh(self.paint)

    def paint(self) -> None:
        """Show the state as it is now."""
        if not self.is_mounted or not self.query("#banner"):
            return
        state, console = self.console.state, self.console
        self.set_class(state.link is not Link.UP, "lost")
        for mode in Mode:
            self.set_class(state.mode is mode, f"mode-{mode.value}")
        styles = styles_of(self)
        banner = standing.banner(state, width=self.width, read_only=console.read_only)
        self.query_one("#banner", Static).update(paint.lines([banner], styles))
        self.query_one("#tabs", Static).update(paint.lines([self._tabs()], styles))
        self.query_one("#keys", Static).update(paint.lines([self._footer()], styles))
        self.draw(state)

    def _tabs(self) -> tuple[Cell, ...]:
        return tuple(
            Cell(
                f" {keymap.NUMBERS[name]} {said} ",
                Tone.STRONG if name == self.SCOPE else Tone.MUTED,
            )
            for name, said in keymap.SCREENS.items()
        )

    def _footer(self) -> tuple[Cell, ...]:
        chosen = self.console.settings.keymap
        head = [strong(f"{keymap.NUMBERS[self.SCOPE]} {keymap.SCREENS[self.SCOPE]}")]
        head.append(muted("  1-0 screens"))
        hints = [each for each in self.console.offered() if each.hint]
        tail = self._hints([each for each in hints if each.scope == keymap.EVERYWHERE], chosen)
        own = self._hints([each for each in hints if each.scope == self.SCOPE], chosen)
        # What holds everywhere must stay in sight; of the screen's own as much as fits.
        while own and _length((*head, *own, *tail)) > self.width:
            own = own[:-2]
        cells = (*head, *own, *tail)
        if _length(cells) + len(LEAVING) + 3 <= self.width:
            cells = (*cells, muted(f" ─ {LEAVING}"))
        return cells

    def _hints(self, actions: list[KeyAction], chosen: Mapping[str, str]) -> tuple[Cell, ...]:
        return tuple(
            cell
            for each in actions
            for cell in (
                Cell(f"  {keymap.written(keymap.keys(each, chosen)).split(' ')[0]}"),
                muted(f" {each.hint}"),
            )
        )

    def parts(self) -> list[Widget]:
        """Return the parts of the screen that can be jumped to."""
        kinds = (Rows, Panel, PriceChart)
        return [each for each in self.query(".panel") if isinstance(each, kinds) and each.display]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell whether an action is offered to this token."""
        return self.console.may(self.SCOPE, action)

    def chosen_position(self) -> Position | None:
        """Return the position that actions are about."""
        return self.console.state.position


def _length(cells: tuple[Cell, ...]) -> int:
    return sum(len(cell.text) for cell in cells)
