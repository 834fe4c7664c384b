"""Shows text that is too long for a panel."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Static

from axisor_tui.model.cells import Line
from axisor_tui.overlays.base import Overlay
from axisor_tui.widgets import paint
from axisor_tui.widgets.looks import styles_of


class Reading(Overlay[None]):
    """Lines to read."""

    SCROLLS = True

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def title_of(self) -> str:
        """Return what it is about."""
        return self._title

    def inside(self) -> ComposeResult:
        """Show the lines."""
        yield Static(paint.lines(self._lines, styles_of(self), wrap=True))
