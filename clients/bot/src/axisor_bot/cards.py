"""Cards: what was shown to one person and waits for their tap or their typed word."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Step(Struct, frozen=True):
    """One prepared call of a card, and what its preparer commits it with. Its repr hides that."""

    confirmation: str
    token: str

    def __repr__(self) -> str:
        return f"Step({self.confirmation!r}, …)"


class Card(Struct, frozen=True, kw_only=True):
    """What waits for a word of `person`, until `until`; `word` is empty where a tap is enough."""

    key: str
    person: str
    title: str
    steps: tuple[Step, ...]
    until: datetime
    word: str = ""


class Button(Struct, frozen=True):
    """A button under a message: its text, and what a tap on it sends back."""

    text: str
    act: str


class Reply(Struct, frozen=True):
    """What a person is answered."""

    text: str
    buttons: tuple[Button, ...] = ()
