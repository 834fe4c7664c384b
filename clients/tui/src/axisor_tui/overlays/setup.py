"""What to do where a core has no account yet; it goes away once there is one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from axisor_tui.model.cells import Line, line, muted, strong
from axisor_tui.overlays.base import Overlay
from axisor_tui.widgets import paint
from axisor_tui.widgets.looks import styles_of

WAYS = (
    ("in a browser", "axisor up --with web, or axisor web beside it"),
    ("", "the link after `enter` leads through the setup"),
    ("in a shell", "axisor setup"),
    ("", "five questions: account, rule, armed guard"),
    ("by hand", "axisor account add, then axisor guard set"),
    ("only to look", "axisor demo"),
    ("", "a crash with the guard and without, in a minute"),
)


class Setup(Overlay[None]):
    """The ways to a first account."""

    TITLE = "Setup ─ this core has no account yet"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit", show=False)]
    SCROLLS = True

    def __init__(self, core: str) -> None:
        super().__init__()
        self._core = core

    def hint(self) -> str:
        """Return which keys there are."""
        return "esc close   q quit"

    def inside(self) -> ComposeResult:
        """Show the ways."""
        yield Static(paint.lines(self._lines(), styles_of(self), wrap=True))

    def _lines(self) -> list[Line]:
        ways = [
            line(strong(f"{where:<14}"), what if where else muted(what)) for where, what in WAYS
        ]
        return [
            line(f"The core at {self._core} shows you no account yet."),
            line(),
            *ways,
            line(),
            line(muted("The account is shown here as soon as there is one.")),
        ]
