"""A venue whose keys say by their name what they may do; for tests of how accounts are added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axisor.errors import VenueAuth, VenueUnavailable
from axisor.ports import Clock, Credentials, KeyRights


class Line:
    """The part of VenueAccount that adding an account uses."""

    def __init__(self, key: str) -> None:
        self._key = key

    async def rights(self) -> KeyRights:
        """Say what the key's name says."""
        if self._key == "wrong":
            raise VenueAuth(venue="books")
        if self._key == "away":
            raise VenueUnavailable(venue="books")
        scopes = frozenset(("read", "trade"))
        return KeyRights(scopes=scopes, can_withdraw=self._key == "withdraws")

    async def aclose(self) -> None:
        """Close nothing."""


class Venue:
    """A venue in memory."""

    name = "books"
    networks: Mapping[str, str] = {
        "mainnet": "https://api.example.com",
        "signet": "https://api.signet.example.com",
        "sim": "",
    }

    def market(self, *, network: str, url: str | None, clock: Clock) -> Any:
        """Refuse: no test reads candles here."""
        raise VenueUnavailable(venue=self.name)

    def account(
        self, *, network: str, url: str | None, credentials: Credentials, clock: Clock
    ) -> Any:
        """Return the line of a key."""
        return Line(credentials.key.reveal())
