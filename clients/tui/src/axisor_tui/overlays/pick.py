"""Chooses one of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from axisor_tui.overlays.base import Overlay


class Pick(Overlay[str]):
    """Lists names with what they are; gives the name that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    def __init__(
        self, title: str, choices: Sequence[tuple[str, str]], *, chosen: str = "", hint: str = ""
    ) -> None:
        super().__init__()
        self._title, self._choices, self._chosen = title, choices, chosen
        self._hint = hint or "enter choose   esc close"

    def title_of(self) -> str:
        """Return what is to be chosen."""
        return self._title

    def hint(self) -> str:
        """Return which keys there are."""
        return self._hint

    def inside(self) -> ComposeResult:
        """List the choices."""
        widest = max((len(name) for name, _ in self._choices), default=0)
        yield OptionList(
            *(
                Option(Text(f"{name:<{widest}}  {' '.join(said.split())}"), id=name)
                for name, said in self._choices
            )
        )

    def on_mount(self) -> None:
        """Begin at what holds now."""
        names = [name for name, _ in self._choices]
        choices = self.query_one(OptionList)
        choices.focus()
        if self._chosen in names:
            choices.highlighted = names.index(self._chosen)

    def action_down(self) -> None:
        """Go one further."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Go one back."""
        self.query_one(OptionList).action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give what was chosen."""
        self.dismiss(event.option.id)
