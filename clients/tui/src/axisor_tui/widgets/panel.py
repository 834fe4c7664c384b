"""A framed part of a screen that shows lines, and scrolls where they are more than fit."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from axisor_tui.model.cells import Line
from axisor_tui.widgets import paint
from axisor_tui.widgets.looks import styles_of


class Panel(VerticalScroll):
    """Shows lines. With `wrap` long ones go on below; with `tail` only the last
    that fit are shown, with `cut` only the first.
    """

    ALLOW_MAXIMIZE = True

    def __init__(
        self, title: str, *, id: str, wrap: bool = False, tail: bool = False, cut: bool = False
    ) -> None:
        super().__init__(id=id, classes="panel")
        self.border_title = title
        self._wrap, self._tail, self._cut = wrap, tail, cut
        self._text = Static(classes="" if wrap else "cut")
        self._shown: tuple[str, object] | None = None
        self._next = Text()

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield self._text

    def on_mount(self) -> None:
        """Show what was to be shown before there was a place for it."""
        self._put()

    @property
    def room(self) -> int:
        """Return how many lines are seen at once."""
        return max(1, self.content_size.height)

    def show(self, lines: Iterable[Line]) -> None:
        """Show these lines instead of those before; the same ones cost nothing."""
        given = tuple(lines)
        if self._tail:
            given = given[-self.room :]
        elif self._cut:
            given = given[: self.room]
        self._next = paint.lines(given, styles_of(self), wrap=self._wrap)
        self._put()

    def _put(self) -> None:
        text = self._next
        same = (text.plain, text.spans)
        if same == self._shown or not self._text.is_mounted:
            return
        self._shown = same
        count = text.plain.count("\n") + 1
        # Said here, because a height that Textual kept from a moment ago may be too small.
        if self._wrap:
            self._text.styles.min_height = count
        else:
            self._text.styles.height = count
        self._text.update(text)
