"""What the use cases of people need from the world: a hash of passwords, and a way for letters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias


class Passwords(Protocol):
    """Knows passwords by their hashes."""

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        ...

    async def verify(self, kept: str, password: str) -> bool:
        """Return whether a password is what was kept; it takes as long with nothing kept."""
        ...

    def stale(self, kept: str) -> bool:
        """Return whether a hash is to be made anew when the password is at hand."""
        ...


class Post(Protocol):
    """Delivers letters."""

    async def deliver(self, *, id: str, to: str, subject: str, text: str) -> bool:
        """Deliver a letter, and return whether it was taken. Never raises for a lost connection."""
        ...


IsCommon: TypeAlias = Callable[[str], bool]
"""Tells whether a lower-case text is a password that is tried first."""

Leaked: TypeAlias = Callable[[str], Awaitable[bool]]
"""Asks somebody else whether a password was ever leaked, without telling it."""


async def never_leaked(password: str) -> bool:
    """Ask nobody."""
    return False
