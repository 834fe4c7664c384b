"""Asks for an amount or a price; what it gives opens a preview, and sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Input, Static

from axisor.errors import FieldInvalid
from axisor_tui.overlays.base import Overlay

T = TypeVar("T")


class Asked(Generic[T]):
    """An answer that was given, which may be None."""

    def __init__(self, value: T) -> None:
        self.value = value


class Ask(Overlay[Asked[T]]):
    """A question with a line for the answer; `read` makes a value of it or says what is wrong."""

    def __init__(
        self,
        title: str,
        question: str,
        read: Callable[[str], T],
        *,
        example: str = "",
        value: str = "",
    ) -> None:
        super().__init__()
        self._title, self._question, self._read = title, question, read
        self._example, self._value = example, value

    def title_of(self) -> str:
        """Return what is asked about."""
        return self._title

    def hint(self) -> str:
        """Return which keys there are."""
        return "enter preview, nothing is sent yet   esc cancel"

    def inside(self) -> ComposeResult:
        """Show the question, the line, and what is wrong with it."""
        yield Static(Text(self._question))
        yield Input(value=self._value, placeholder=self._example, select_on_focus=False)
        yield Static("", id="wrong")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the answer, or say what is wrong with it."""
        try:
            value = self._read(event.value)
        except FieldInvalid as error:
            self.query_one("#wrong", Static).update(Text(f"! {error.message} {error.todo}".strip()))
        else:
            self.dismiss(Asked(value))
