"""Cuts lists into pages, with tokens that only the list they were made for accepts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from axisor.errors import PageTokenInvalid

T = TypeVar("T")

USUAL = 50
MOST = 500


class Place(Struct, frozen=True, array_like=True):
    """Where a page begins: which list with which filter, and how far in."""

    of: str
    at: int


def size_of(asked: int) -> int:
    """Return how many items a page has: 0 asks for the usual number, too many for the most."""
    return USUAL if asked <= 0 else min(asked, MOST)


def token(of: str, at: int) -> str:
    """Return the token of a place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(Place(of, at))).decode().rstrip("=")


def place(of: str, text: str) -> int | None:
    """Return how far in a token is, None for an empty one.

    Raises PageTokenInvalid for a token of another list, or for no token at all.
    """
    if not text:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(raw, type=Place)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise PageTokenInvalid() from error
    if found.of != of or found.at < 0:
        raise PageTokenInvalid()
    return found.at


def cut(items: Sequence[T], *, of: str, size: int, after: str) -> tuple[Sequence[T], str]:
    """Return one page of a list, and the token of the next page, empty on the last.

    `of` names the list and its filter. Raises PageTokenInvalid.
    """
    start = place(of, after) or 0
    end = start + size_of(size)
    return items[start:end], token(of, end) if end < len(items) else ""
