"""What is known of the vault's keys: where each is kept, and how far wrapping anew has come."""

from __future__ import annotations

import msgspec
from msgspec import Struct

REWRAP = "vault/rewrap"
"""The fact that holds how far it has come, as JSON."""


RING = "vault/ring"
"""The fact that holds the ids of the keys as last told, the one that seals first."""


class KeyStanding(Struct, frozen=True, kw_only=True):
    """A key of the ring: its id and how it is kept."""

    id: str
    kept: str


class Place(Struct, frozen=True, order=True):
    """A stored record: the exchange keys have no kind and come first, then documents."""

    kind: str = ""
    id: str = ""


class Progress(Struct, frozen=True, kw_only=True):
    """How far all data keys are wrapped by `key`: `after` is the last record that was looked at.

    `broken` are some of the records that did not open and were left as they are.
    """

    key: str = ""
    after: Place = Place()
    wrapped: int = 0
    broken: tuple[Place, ...] = ()
    done: bool = False


def decode_progress(text: str | None) -> Progress:
    """Return what the fact says; nothing has begun where there is none."""
    return Progress() if not text else msgspec.json.decode(text, type=Progress)


def encode_progress(progress: Progress) -> str:
    """Return a progress as its fact."""
    return msgspec.json.encode(progress).decode()
