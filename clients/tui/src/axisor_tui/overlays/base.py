"""What overlays have in common: a framed box in the middle, and escape to close it."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

T = TypeVar("T")


class Overlay(ModalScreen[T | None]):
    """A box over a screen; closing it by escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Close", show=False)]
    TITLE = ""
    SCROLLS: ClassVar[bool] = False
    """Whether the arrow keys scroll the box, as there is nothing else in it to go to."""

    def compose(self) -> ComposeResult:
        """Put what is inside into the box."""
        with VerticalScroll(id="box") as box:
            box.can_focus = self.SCROLLS
            box.border_title = self.title_of()
            box.border_subtitle = self.hint()
            yield from self.inside()

    def on_mount(self) -> None:
        """Say by the frame how real the money is, as every screen does."""
        mode = getattr(getattr(self.app, "state", None), "mode", None)
        if mode is not None:
            self.add_class(f"mode-{mode.value}")

    def inside(self) -> ComposeResult:
        """Give what the box holds."""
        raise NotImplementedError

    def title_of(self) -> str:
        """Return what stands in the frame."""
        return self.TITLE or ""

    def hint(self) -> str:
        """Return which keys there are."""
        return "esc close"

    def action_cancel(self) -> None:
        """Close it without an answer."""
        self.dismiss(None)
