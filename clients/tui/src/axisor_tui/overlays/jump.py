"""Puts a letter on every part of a screen; the letter goes there."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Label


class Jump(ModalScreen[Widget | None]):
    """Letters over the parts of a screen; any other key closes it."""

    def __init__(self, parts: Sequence[Widget]) -> None:
        super().__init__()
        self._parts = dict(zip(ascii_lowercase, parts, strict=False))

    def compose(self) -> ComposeResult:
        """Put the letters where the parts are."""
        for letter, part in self._parts.items():
            label = Label(f" {letter} ", classes="jump")
            label.styles.offset = (part.region.x + 1, part.region.y)
            yield label

    def on_key(self, event: events.Key) -> None:
        """Go to the part of the letter."""
        event.stop()
        self.dismiss(self._parts.get(event.key))
