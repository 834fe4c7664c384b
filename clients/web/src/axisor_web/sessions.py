"""Sessions of browsers: a cookie that says nothing, and the tokens it stands for, kept here.

A page's script never sees a token. Sessions live in memory alone: when the bridge ends, its
browsers sign in anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec import Struct

from axisor.errors import Unauthenticated
from axisor.ports import Secret

COOKIE = "__Host-axisor"
BEGUN = "__Host-axisor-begun"
"""The cookie of a sign-in that a provider is asked about; it says nothing either."""

CSRF_HEADER = "x-axisor-csrf"

Clock: TypeAlias = Callable[[], float]
"""Returns seconds that only go forward."""

Chance: TypeAlias = Callable[[], str]
"""Returns a text that nobody can guess: 256 bits, in letters that a cookie takes."""

Refresh: TypeAlias = Callable[[Secret], Awaitable["Tokens"]]
"""Exchanges a refresh token for what comes after it. Raises a Refusal."""


class Terms(Struct, frozen=True):
    """How long sessions last and how many there may be."""

    idle_s: float = 12 * 3600
    most_s: float = 14 * 86_400
    most: int = 1_000
    entry_s: float = 600
    link_s: float = 120
    most_entries: int = 100


class Tokens(Struct, frozen=True):
    """What a sign-in gave: a token, and what gets the next one where there is such a thing."""

    access: Secret
    refresh: Secret | None = None

    def __repr__(self) -> str:
        return "Tokens(…)"


@dataclass(slots=True)
class Session:
    """One browser that is signed in. `csrf` goes into the page and back in a header."""

    tokens: Tokens = field(repr=False)
    csrf: str = field(repr=False)
    begun: float
    used: float
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


class Sessions:
    """Opens, finds, renews and ends sessions; keeps digests of the cookies, not the cookies."""

    def __init__(self, clock: Clock, chance: Chance, *, terms: Terms | None = None) -> None:
        self._clock = clock
        self._chance = chance
        self._terms = terms or Terms()
        self._open: dict[bytes, Session] = {}
        self._entries: dict[bytes, tuple[float, Tokens]] = {}
        self._handles: dict[bytes, tuple[float, Secret]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, tokens: Tokens) -> tuple[str, Session]:
        """Open a session; returns its cookie and it. The one unused for longest makes room."""
        self._sweep()
        if len(self._open) >= self._terms.most:
            self._open.pop(min(self._open, key=lambda key: self._open[key].used))
        cookie, now = self._chance(), self._clock()
        session = Session(tokens=tokens, csrf=self._chance(), begun=now, used=now)
        self._open[_digest(cookie)] = session
        return cookie, session

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie, None where it is over or never was."""
        key = _digest(cookie)
        session, now = self._open.get(key), self._clock()
        if session is None:
            return None
        if self._over(session, now):
            del self._open[key]
            return None
        session.used = now
        return session

    def end(self, cookie: str) -> Session | None:
        """End a session at once, and return what it was."""
        return self._open.pop(_digest(cookie), None)

    async def renew(self, session: Session, held: Secret, refresh: Refresh) -> Secret | None:
        """Return a token in place of one that was refused, None where there is none to be had.

        Calls of one browser that are refused together exchange the refresh token once: it is
        good for one use, and a second would end the whole sign-in.
        """
        async with session.turn:
            if session.tokens.access is not held:
                return session.tokens.access
            if session.tokens.refresh is None:
                return None
            session.tokens = await refresh(session.tokens.refresh)
            return session.tokens.access

    @property
    def terms(self) -> Terms:
        """Return how long sessions and their codes last."""
        return self._terms

    def entry(self, tokens: Tokens, lasts_s: float | None = None) -> str:
        """Return a code that opens one session, once, within ten minutes or `lasts_s`.

        There are only so many: the oldest makes room.
        """
        self._sweep()
        if len(self._entries) >= self._terms.most_entries:
            self._entries.pop(next(iter(self._entries)))
        code = self._chance()
        until = self._clock() + (self._terms.entry_s if lasts_s is None else lasts_s)
        self._entries[_digest(code)] = (until, tokens)
        return code

    def enter(self, code: str) -> tuple[str, Session]:
        """Open the session of a code. Raises Unauthenticated where it is used or too old."""
        until, tokens = self._entries.pop(_digest(code), (0.0, None))
        if tokens is None or until < self._clock():
            raise Unauthenticated(
                "This link was used or is too old.",
                fix="Start the bridge anew, `axisor web`: it prints another one. Or sign in.",
            )
        return self.begin(tokens)

    def hold(self, handle: Secret) -> str:
        """Keep the handle of a sign-in for ten minutes; returns the cookie that it stands for.

        Anybody may begin one, so there are only so many: the oldest makes room.
        """
        self._sweep()
        if len(self._handles) >= self._terms.most:
            self._handles.pop(next(iter(self._handles)))
        cookie = self._chance()
        self._handles[_digest(cookie)] = (self._clock() + self._terms.entry_s, handle)
        return cookie

    def held(self, cookie: str) -> Secret | None:
        """Return the handle of a cookie, once; None where it is used, too old or never was."""
        until, handle = self._handles.pop(_digest(cookie), (0.0, None))
        return handle if until >= self._clock() else None

    def _over(self, session: Session, now: float) -> bool:
        terms = self._terms
        return now - session.used > terms.idle_s or now - session.begun > terms.most_s

    def _sweep(self) -> None:
        now = self._clock()
        for key in [key for key, found in self._open.items() if self._over(found, now)]:
            del self._open[key]
        for key in [key for key, (until, _) in self._entries.items() if until < now]:
            del self._entries[key]
        for key in [key for key, (until, _) in self._handles.items() if until < now]:
            del self._handles[key]


def same(given: str, right: str) -> bool:
    """Compare two texts in a time that says nothing about where they differ."""
    return hmac.compare_digest(given.encode(), right.encode())


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
