"""A real account that is only read: whatever is sent is refused before it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator

from axisor.errors import ShadowOnly
from axisor.intents import Action
from axisor.model import AccountState, Funding, Order, Position
from axisor.ports import (
    ClosedPosition,
    KeyRights,
    Lane,
    Leave,
    RateBudget,
    Refused,
    SendResult,
    Transfer,
    VenueAccount,
    free_to_leave,
)


class ShadowAccount:
    """A VenueAccount that passes reads on and refuses every action."""

    def __init__(self, real: VenueAccount) -> None:
        self._real = real
        self.signature_window_ms = real.signature_window_ms

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read the real account."""
        return await self._real.read(lane=lane)

    async def send(
        self,
        action: Action,
        *,
        signed_at_ms: int,
        lane: Lane = Lane.COMMAND,
        leave: Leave = free_to_leave,
    ) -> SendResult:
        """Refuse: the journal holds what would have been done."""
        return Refused(ShadowOnly(f"{type(action).__name__} was recorded and not sent."))

    async def closed_position(self, id: str) -> ClosedPosition | None:
        """Read how a position ended."""
        return await self._real.closed_position(id)

    async def find_order(self, client_id: str) -> tuple[Order | Position | ClosedPosition, ...]:
        """Read what carries a client id."""
        return await self._real.find_order(client_id)

    async def funding_paid(self, position: str) -> tuple[Funding, ...]:
        """Read a position's funding payments."""
        return await self._real.funding_paid(position)

    async def transfers(self, *, after: str | None) -> tuple[Transfer, ...]:
        """Read the cross wallet's ledger."""
        return await self._real.transfers(after=after)

    async def rights(self) -> KeyRights:
        """Read what the key may do."""
        return await self._real.rights()

    def changes(self) -> AsyncIterator[str]:
        """Pass the venue's hints on."""
        return self._real.changes()

    async def warm(self) -> None:
        """Make the connection ready."""
        await self._real.warm()

    def budget(self) -> RateBudget:
        """Return the state of the rate limiter."""
        return self._real.budget()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._real.aclose()
