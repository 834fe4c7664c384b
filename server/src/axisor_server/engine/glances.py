"""One reading of an account for all who ask for one at the same time.

Whoever finds out about an unknown action needs a reading that was begun after it asked, and nothing
else; so all who wait share the next one. A venue allows few requests, and after a crash there may
be a hundred actions to find out about.
"""

from __future__ import annotations

import asyncio

from axisor.model import AccountState
from axisor.ports import Lane, VenueAccount


class Glances:
    """Shares readings of one account, in the lane for finding out. For one event loop."""

    def __init__(self, line: VenueAccount) -> None:
        self._line = line
        self._turn = asyncio.Lock()
        self._next: asyncio.Future[AccountState] | None = None

    async def state(self) -> AccountState:
        """Return a reading begun after this call, with all others that wait for one.

        Raises VenueError, the same for all of them.
        """
        shared = self._next
        if shared is None:
            shared = self._next = asyncio.ensure_future(self._one())
            shared.add_done_callback(_seen)
        return await asyncio.shield(shared)

    async def _one(self) -> AccountState:
        async with self._turn:
            self._next = None  # it begins now: who asks from here on needs the one after it
            return await self._line.read(lane=Lane.RECONCILE)


def _seen(reading: asyncio.Future[AccountState]) -> None:
    """Take note of how a reading ended, for the case that all who waited for it are gone."""
    if not reading.cancelled():
        reading.exception()
