"""Has msgspec learn the types of every record before threads read any.

It learns a type when it first decodes one, in steps between which Python may go on with another
thread; one that decodes the same type then reads what is half learned, and the process dies. The
threads of the store decode, and so does the loop, so all is learned before they start.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

OURS = "axisor"


def learn() -> int:
    """Learn every record type that is imported, and return how many there are."""
    return sum(map(_learned, set(_kinds(Struct))))


def _kinds(parent: type[Struct]) -> Iterator[type[Struct]]:
    for kind in parent.__subclasses__():
        if kind.__module__.startswith(OURS):
            yield kind
        yield from _kinds(kind)


def _learned(kind: type[Struct]) -> bool:
    try:
        msgspec.json.Decoder(kind)
    except (NameError, TypeError):
        return False  # one that is never decoded: it holds what has no form in JSON
    return True
