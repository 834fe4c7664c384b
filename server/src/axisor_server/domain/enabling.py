"""What was changed about plugins while a core ran: the record that every core obeys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

KEY = "plugins"
"""Under which name the record is kept among the things of the database itself."""


class Wish(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wanted of a plugin; None leaves that to the settings file.

    `reviews` says that it reviewed actions when that was asked for: where it is missing, whatever
    it might have refused is refused. `in_core` lets one of others into the core. `runs` are to be
    started again once it is enabled, each with the revision that its row was left at, 0 before that
    is known.
    """

    enabled: bool | None = None
    settings: dict[str, Any] | None = None
    reviews: bool = False
    in_core: bool = False
    runs: dict[str, int] = {}


def decode_wishes(text: str | None) -> dict[str, Wish]:
    """Return what is wanted of each plugin; nothing where there is no record."""
    return msgspec.json.decode(text, type=dict[str, Wish]) if text else {}


def encode_wishes(wishes: Mapping[str, Wish]) -> str:
    """Return the record."""
    return msgspec.json.encode(dict(wishes), order="sorted").decode()


def not_offered(strategy: str) -> str:
    """Return why a run cannot be called: no plugin that is enabled offers its strategy."""
    return f"No enabled plugin offers the strategy {strategy}."


def digest_of(settings: Mapping[str, Any] | None) -> str:
    """Return SHA-256 of settings in hex, empty for none: a journal shows that they are others."""
    if settings is None:
        return ""
    return hashlib.sha256(msgspec.json.encode(dict(settings), order="sorted")).hexdigest()
