"""A framed table in which one row is chosen; it scrolls and keeps the choice while rows change."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static

from axisor_tui import keymap
from axisor_tui.model.cells import Row, Table, Tone
from axisor_tui.widgets import paint
from axisor_tui.widgets.looks import styles_of


class Rows(Static, can_focus=True):
    """Shows a table. The chosen row is found again by its key; `follow` stays at the last one."""

    ALLOW_MAXIMIZE = True
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.LISTS)]

    class Chosen(Message):
        """Another row was chosen."""

        def __init__(self, rows: Rows, key: str) -> None:
            super().__init__()
            self.rows, self.key = rows, key

        @property
        def control(self) -> Rows:
            """Return the table."""
            return self.rows

    class Opened(Chosen):
        """The chosen row is to be opened."""

    def __init__(self, title: str, *, id: str, follow: bool = False) -> None:
        super().__init__(id=id, classes="panel")
        self.border_title = title
        self.follow = follow
        self.key = ""
        self._table = Table(())
        self._first = 0
        self._last: Text | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the rows that are shown."""
        return self._table.rows

    @property
    def index(self) -> int:
        """Return the place of the chosen row; 0 where the row is gone."""
        keys = [each.key for each in self.rows]
        return keys.index(self.key) if self.key in keys else 0

    def show(self, table: Table, chosen: str | None = None) -> None:
        """Show a table; `chosen` chooses a row by its key."""
        self._table = table
        keys = [row.key for row in table.rows]
        if chosen is not None:
            self.key = chosen
        if self.follow and keys:
            self.key = keys[-1]
        elif self.key not in keys:
            self.key = keys[0] if keys else ""
        self.paint()

    def paint(self) -> None:
        """Draw what fits, so that the chosen row is among it."""
        width, height = self.content_size
        if not width:
            return
        styles = styles_of(self)
        fitting = paint.columns(self._table, width)
        gap = paint.gap_of(width)
        text = paint.heading(fitting, styles, gap)
        room = max(1, height - 1)
        at = self.index
        most = max(0, len(self.rows) - room)
        self._first = min(max(self._first, at - room + 1), at, most) if self.rows else 0
        for n, each in enumerate(self.rows[self._first : self._first + room], self._first):
            text.append("\n")
            chosen = n == at
            text.append_text(
                paint.row(each, fitting, styles, gap, chosen=chosen, muted=self._table.muted)
            )
        if not self.rows:
            text.append("\n  ")
            text.append(self._table.empty, styles[Tone.MUTED])
        hidden = len(self.rows) - room
        self.border_subtitle = f"{at + 1} of {len(self.rows)}" if hidden > 0 else ""
        if text != self._last or text.spans != getattr(self._last, "spans", None):
            self._last = text
            self.update(text)

    def on_resize(self) -> None:
        """Draw what fits now."""
        self._last = None
        self.paint()

    def action_move(self, by: int) -> None:
        """Choose a row further down, or up."""
        if not self.rows:
            return
        self._choose(min(len(self.rows) - 1, max(0, self.index + by)))

    def action_page(self, by: int) -> None:
        """Choose a row one page further."""
        self.action_move(by * max(1, self.content_size.height - 2))

    def action_top(self) -> None:
        """Choose the first row."""
        self.action_move(-len(self.rows))

    def action_bottom(self) -> None:
        """Choose the last row."""
        self.action_move(len(self.rows))

    def action_open(self) -> None:
        """Open what is chosen."""
        if self.rows:
            self.post_message(self.Opened(self, self.key))

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked; twice opens it."""
        at = self._first + event.y - 2
        if 0 <= at < len(self.rows):
            self._choose(at)
            if event.chain > 1:
                self.action_open()

    def _choose(self, at: int) -> None:
        key = self.rows[at].key
        self.follow = self.follow and at == len(self.rows) - 1
        if key != self.key:
            self.key = key
            self.paint()
            self.post_message(self.Chosen(self, key))
