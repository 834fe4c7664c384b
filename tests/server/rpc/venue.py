"""The simulated venue behind keys that say by their name what they may do."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.venue import SimLine, SimVenue, SimVenueDoor

from axisor.errors import VenueAuth, VenueUnavailable
from axisor.ports import Clock, Credentials, KeyRights


class KeyedLine(SimLine):
    """A line whose key is believed or not."""

    def __init__(self, venue: SimVenue, key: str) -> None:
        super().__init__(venue)
        self._key = key

    async def rights(self) -> KeyRights:
        """Say what the key's name says."""
        if self._key == "wrong":
            raise VenueAuth(venue="books")
        if self._key == "away":
            raise VenueUnavailable(venue="books")
        scopes = frozenset(("read", "trade"))
        return KeyRights(scopes=scopes, can_withdraw=self._key == "withdraws")


class Venue(SimVenueDoor):
    """The venue under the name `books`, with addresses of its networks."""

    name = "books"

    def __init__(self, venue: SimVenue) -> None:
        super().__init__(venue)
        self.networks: Mapping[str, str] = {
            "mainnet": "https://api.example.com",
            "signet": "https://api.signet.example.com",
            "sim": "",
        }

    def account(
        self, *, network: str, url: str | None, credentials: Credentials, clock: Clock
    ) -> KeyedLine:
        """Return the line of a key."""
        return KeyedLine(self._venue, credentials.key.reveal())
