"""Asks for how long one's channels keep quiet, and about what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Select, Static

from axisor.errors import FieldInvalid
from axisor.forms import Field
from axisor.notices import minutes_of
from axisor_tui.overlays.base import Overlay
from axisor_tui.overlays.form import field_row

USUAL = "30m"
ALL = "everything"
SPAN = Field(
    name="for_how_long",
    kind="text",
    description="Such as 2h or 1d; off ends it. CRIT and LOST: 30m at most.",
)


class Silence(Struct, frozen=True):
    """For how many minutes channels keep quiet, 0 to end that, of a kind; empty is all."""

    minutes: int
    kind: str


class Mute(Overlay[Silence]):
    """A span, and a kind of alerts out of those that there are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "submit", "Mute", show=False, priority=True)
    ]

    def __init__(self, account: str, kinds: Sequence[str], kind: str) -> None:
        super().__init__()
        self._account, self._kind = account, kind or ALL
        self._kinds = tuple(dict.fromkeys((self._kind, *kinds, ALL)))

    def title_of(self) -> str:
        """Return whose alerts it is about."""
        return f"Mute alerts of {self._account}"

    def hint(self) -> str:
        """Return which keys there are."""
        return "enter or ctrl+t mute   tab next   esc cancel"

    def inside(self) -> ComposeResult:
        """Show the fields, and what a mute is not."""
        yield from field_row(SPAN, USUAL)
        about = "Your channels are quiet about it; this console still shows it."
        kind = Field(name="about", kind="choice", choices=self._kinds, description=about)
        yield from field_row(kind, self._kind)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give what was said."""
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Give what was said, or say what is wrong with the span."""
        span = self.query_one("#field-for_how_long", Input)
        chosen = str(self.query_one("#field-about", Select).value)
        try:
            minutes = minutes_of(span.value.strip())
        except FieldInvalid as error:
            note = self.query_one("#note-for_how_long", Static)
            note.update(Text(f"! {error.message}"))
            note.set_class(True, "wrong")
            span.focus()
        else:
            self.dismiss(Silence(minutes, "" if chosen == ALL else chosen))
