"""Shows what a call would change and waits for the word, for as long as it may be said."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from axisor.model import Mode
from axisor.wire.confirmations import Confirmation
from axisor_tui.model import confirming
from axisor_tui.model.cells import Cell, Line, Tone, line, muted
from axisor_tui.model.standing import MODE_MEANS
from axisor_tui.overlays.base import Overlay
from axisor_tui.widgets import paint
from axisor_tui.widgets.looks import styles_of

SECOND = 1.0


class Said(enum.Enum):
    """What was said to a call that waits."""

    YES = "yes"
    NO = "no"
    LEAVE = "leave"
    LATE = "late"


class Confirm(Overlay[Said]):
    """A call before it is made. `mine` was prepared here; otherwise somebody else prepared it.

    `y` says yes, or typing the word where one is asked for. Escape and the end of the time say no.
    One's own call that may not be committed here can be left to somebody else.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes", show=False),
        Binding("n", "no", "No", show=False),
        Binding("l", "leave", "Leave", show=False),
    ]

    def __init__(
        self,
        confirmation: Confirmation,
        mode: Mode | None,
        *,
        clock: Callable[[], int],
        mine: bool = True,
        may_commit: bool = True,
    ) -> None:
        super().__init__()
        self.confirmation, self._mode, self._clock = confirmation, mode, clock
        self._mine, self._may_commit = mine, may_commit
        self.word = confirming.word_for(confirmation)
        span = confirming.lifetime(confirmation, mine=mine and may_commit)
        self._until = clock() + int(span.total_seconds() * 1000)

    def title_of(self) -> str:
        """Return how real the money is."""
        if self._mode is None:
            return "Confirm"
        return f"Confirm ─ {self._mode.value.upper()}, {MODE_MEANS[self._mode]}"

    def hint(self) -> str:
        """Return which keys there are, and how long."""
        left = f"expires in {self.left_s}s"
        if not self._may_commit:
            return f"l leave it to somebody else   esc take it back   {left}"
        if self.word:
            return f"type {self.word}, then enter   esc cancel   {left}"
        no = "esc cancel" if self._mine else "n refuse   esc later"
        return f"y {'do it' if self._mine else 'approve'}   {no}   {left}"

    @property
    def left_s(self) -> int:
        """Return how many seconds are left."""
        return max(0, -(-(self._until - self._clock()) // 1000))

    def inside(self) -> ComposeResult:
        """Show the call, its figures, and the line for the word."""
        yield Static(paint.lines(self._lines(), styles_of(self), wrap=True), id="preview")
        if self.word and self._may_commit:
            yield Input(placeholder=self.word)

    def _lines(self) -> list[Line]:
        lines = [*confirming.preview(self.confirmation), line()]
        if not self._mine:
            lines.append(line(muted(f"wanted by {self.confirmation.preparer}")))
        if not self._may_commit:
            lines.append(line(Cell("This token may only propose.", Tone.WARN)))
        elif self.word:
            lines.append(line(f"Type {self.word} to have it done."))
        return lines

    def on_mount(self) -> None:
        """Count down."""
        self.set_interval(SECOND, self._count)

    def _count(self) -> None:
        self.query_one("#box", VerticalScroll).border_subtitle = self.hint()
        if self._until <= self._clock():
            self.dismiss(Said.LATE)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the word."""
        if event.value.strip().lower() == self.word:
            self.dismiss(Said.YES)
        else:
            event.input.value = ""
            event.input.placeholder = f"that was not it: {self.word}"

    def action_yes(self) -> None:
        """Have it done, where no word must be typed."""
        if not self.word and self._may_commit:
            self.dismiss(Said.YES)

    def action_no(self) -> None:
        """Refuse what somebody else wants; one's own is cancelled."""
        self.dismiss(Said.NO)

    def action_leave(self) -> None:
        """Leave it to somebody else."""
        if not self._may_commit:
            self.dismiss(Said.LEAVE)
