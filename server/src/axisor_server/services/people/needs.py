"""What the use cases of people need from the world: hashes, a way for letters, who vouches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from axisor_server.domain.identities import Asked, DeviceCode, NotYet, Vouched


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


class IdentityProvider(Protocol):
    """Vouches for people: Google, GitHub, or another one.

    Every method raises ProviderUnavailable where it does not answer within seconds, or nonsense.
    """

    @property
    def name(self) -> str:
        """Return what the settings call it."""
        ...

    @property
    def issuer(self) -> str:
        """Return whose identities it vouches for."""
        ...

    @property
    def devices(self) -> bool:
        """Return whether a sign-in may be finished on another device."""
        ...

    async def authorize_uri(self, ask: Asked) -> str:
        """Return where a browser is sent."""
        ...

    async def redeem(self, code: str, ask: Asked, *, issuer: str) -> Vouched:
        """Return whom a code stands for; `issuer` is who said that it is from them, if anybody.

        Raises IdentityRefused where code, issuer, or what they prove does not fit.
        """
        ...

    async def begin_device(self) -> DeviceCode:
        """Return a code to be typed on another device. Raises FieldInvalid where it has none."""
        ...

    async def poll_device(self, secret: str) -> Vouched | NotYet:
        """Return whom a device code stands for by now. Raises IdentityRefused."""
        ...


IsCommon: TypeAlias = Callable[[str], bool]
"""Tells whether a lower-case text is a password that is tried first."""

Leaked: TypeAlias = Callable[[str], Awaitable[bool]]
"""Asks somebody else whether a password was ever leaked, without telling it."""


async def never_leaked(password: str) -> bool:
    """Ask nobody."""
    return False
