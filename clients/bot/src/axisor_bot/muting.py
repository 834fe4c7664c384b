"""While who is told nothing in a chat, and of which kinds of alerts; what is loud comes sooner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

KINDS = (
    "acted",
    "closed",
    "core",
    "guard",
    "halt",
    "liquidated",
    "notice",
    "proposal",
    "refused",
    "restored",
    "run",
    "standing",
    "unknown",
)
"""The kinds of what a bot tells without being asked."""

LOUD_MUTED = timedelta(minutes=30)
"""How long what is critical can be muted, however long was asked for."""

MOST_MUTED = timedelta(days=7)


class Mute(Struct, frozen=True, kw_only=True):
    """A while in which somebody is told nothing of a kind; an empty kind is all kinds."""

    begun: datetime
    until: datetime
    kind: str = ""


def is_muted(mutes: Iterable[Mute], kind: str, now: datetime, *, loud: bool) -> bool:
    """Return whether something of a kind is not told now. `loud` is what is critical, or a loss."""
    for mute in mutes:
        until = min(mute.until, mute.begun + LOUD_MUTED) if loud else mute.until
        if mute.kind in ("", kind) and mute.begun <= now < until:
            return True
    return False


def muted(
    mutes: Iterable[Mute], kind: str, lasting: timedelta | None, now: datetime
) -> tuple[Mute, ...]:
    """Return mutes with one of a kind from now on, or without it where `lasting` is None.

    One of all kinds takes the place of all others; those that are over are left out.
    """
    kept = tuple(each for each in mutes if now < each.until and kind not in ("", each.kind))
    if lasting is None:
        return kept
    return (*kept, Mute(begun=now, until=now + lasting, kind=kind))
