"""What a page can have changed beside an account's money: a call, what it asks for, what it says.

Each is one call of the contract, which says the right that it takes; the core checks it again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from axisor.client import Client, every
from axisor.errors import FieldInvalid
from axisor.words import short
from axisor_web.languages import marked
from axisor_web.pages.acting import NOTHING

Given: TypeAlias = Mapping[str, str]
"""What a form said, by the names of its fields."""


class Field(Struct, frozen=True, kw_only=True):
    """One thing that a form asks for.

    `kind` is `text`, `secret`, `number`, `time`, `lines`, `check`, `hidden` or `choice`, which has
    `options` as values with texts of ours, then `names` as values with what the core calls them.
    `said` is a title that the core gave; it is shown as it is.
    """

    name: str
    title: str = ""
    said: str = ""
    kind: str = "text"
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    required: bool = False
    hint: str = ""


class Done(Struct, frozen=True, kw_only=True):
    """What is shown once it is done. `secrets` are shown this once, by their titles."""

    text: str
    secrets: tuple[tuple[str, str], ...] = ()


Fields: TypeAlias = Callable[[Client, Given], Awaitable[tuple[Field, ...]]]
Do: TypeAlias = Callable[[Client, Given], Awaitable[Done | None]]


class Change(Struct, frozen=True, kw_only=True):
    """A change: `call` is its method, `word` is typed where it cannot be taken back.

    One with no `text`, `fields` or `word` is done by one click. `live` says that its page paints by
    itself what changed; others are shown anew.
    """

    name: str
    call: str
    title: str
    do: Do
    fields: Fields | None = None
    text: str = ""
    word: str = ""
    live: bool = False

    @property
    def asks(self) -> bool:
        """Return whether it is asked for in a dialog first."""
        return bool(self.fields or self.text or self.word)


async def accounts_field(client: Client, title: str) -> Field:
    """Return what asks for one of the accounts, or all."""
    accounts = await every(lambda token: client.accounts.list(page_token=token))
    names = tuple((each.id, each.label or short(each.id)) for each in accounts)
    everything = (("", marked("all that you see")),)
    return Field(name="account", title=title, kind="choice", options=everything, names=names)


def target_of(given: Given) -> str:
    """Return what a change is about. Raises FieldInvalid."""
    target = given.get("target", "")
    if not target:
        raise FieldInvalid("It does not say what it is about.", field="target", money=NOTHING)
    return target


def whole(given: Given, name: str) -> int:
    """Return a whole number of a form, 0 where nothing was said. Raises FieldInvalid."""
    text = given.get(name, "").strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise FieldInvalid(f"`{name}` must be a whole number.", field=name, money=NOTHING)
    return int(text)


def listed(given: Given, name: str) -> tuple[str, ...]:
    """Return the words of a form's field, which stand between commas."""
    return tuple(word for each in given.get(name, "").split(",") if (word := each.strip()))
