"""An account at the simulated exchange that lives on real public prices."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from decimal import Decimal

from axisor.errors import AxisorError, VenueUnavailable
from axisor.exchange import happenings
from axisor.exchange.account import Account
from axisor.exchange.ids import seeded_ids
from axisor.exchange.market import Event, Market
from axisor.exchange.quote import Quote
from axisor.intents import Action
from axisor.model import (
    AccountState,
    Balance,
    Funding,
    Order,
    Position,
    Sats,
    Tick,
)
from axisor.ports import (
    ClosedPosition,
    KeyRights,
    Lane,
    Leave,
    RateBudget,
    Refused,
    SendResult,
    Transfer,
    free_to_leave,
)
from axisor.simulated import ENDS, carry_out, ended, find, fundings, transfers

NAME = "paper"


class PaperAccount:
    """A VenueAccount in this process. Its state is saved before any answer is given."""

    signature_window_ms = 0

    def __init__(
        self,
        id: str,
        *,
        balance: Sats,
        saved: bytes,
        save: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self._id = id
        self._balance = balance
        self._save = save
        self._rate = Decimal(0)
        self._ends: dict[str, str] = {}
        self._dirty = False
        self._changed = asyncio.Event()
        self._market: Market | None = None
        if saved:
            self._market = Market.restore(saved, self._rate_now)

    def _rate_now(self, _: datetime) -> Decimal:
        return self._rate

    def take(self, tick: Tick) -> None:
        """Let the account live through one real tick."""
        if tick.funding_rate is not None:
            self._rate = tick.funding_rate
        quote = Quote(tick.time, tick.last, tick.bid, tick.ask, tick.buckets, tick.index)
        if self._market is None:
            seed = int.from_bytes(hashlib.sha256(self._id.encode()).digest()[:6], "big")
            self._market = Market(quote, seeded_ids(seed), self._rate_now)
            self._market.open_account(self._id, self._balance)
            self._dirty = True
            self._changed.set()
        elif tick.time >= self._market.quote.time:
            events = self._market.advance(quote)
            self._note(events)
            if events:
                self._dirty = True
                self._changed.set()

    def _note(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if isinstance(event.happening, happenings.Closed):
                self._ends[event.happening.trade.id] = ENDS[event.happening.by]

    @property
    def _account(self) -> Account | None:
        return None if self._market is None else self._market.account(self._id)

    async def _keep(self) -> None:
        if self._dirty and self._market is not None:
            await self._save(self._market.snapshot())
            self._dirty = False

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Return the account; before the first price it has its opening balance only."""
        await self._keep()
        account, market = self._account, self._market
        if account is None or market is None:
            return AccountState(balance=Balance(free=self._balance))
        return account.state(market.quote.time, market.quote)

    async def send(
        self,
        action: Action,
        *,
        signed_at_ms: int,
        lane: Lane = Lane.COMMAND,
        leave: Leave = free_to_leave,
    ) -> SendResult:
        """Carry an action out at the present price."""
        account, market = self._account, self._market
        if account is None or market is None:
            return Refused(VenueUnavailable("There is no price to trade at yet."))
        try:
            leave()
            answer = carry_out(account, action, market.quote)
        except AxisorError as error:  # whoever asked keeps it here, or the venue would not do it
            return Refused(error)
        self._dirty = True
        await self._keep()
        return answer

    async def closed_position(self, id: str) -> ClosedPosition | None:
        """Return how a position ended."""
        account = self._account
        if account is None:
            return None
        trade = next((t for t in account.isolated.closed() if t.id == id), None)
        return None if trade is None else ended(trade, self._ends.get(id, "unknown"))

    async def find_order(self, client_id: str) -> tuple[Order | Position | ClosedPosition, ...]:
        """Return everything that carries a client id."""
        return () if self._account is None else find(self._account, client_id)

    async def funding_paid(self, position: str) -> tuple[Funding, ...]:
        """Return the funding payments of a position, newest first."""
        return () if self._account is None else fundings(self._account, position)

    async def transfers(self, *, after: str | None) -> tuple[Transfer, ...]:
        """Return cross transfers newer than a row, newest first."""
        return () if self._account is None else transfers(self._account, after)

    async def rights(self) -> KeyRights:
        """Return that everything but withdrawing is allowed."""
        return KeyRights(scopes=frozenset(), can_withdraw=False)

    async def changes(self) -> AsyncIterator[str]:
        """Yield a word whenever a tick changed something."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            yield "tick"

    async def warm(self) -> None:
        """Nothing needs warming."""

    def budget(self) -> RateBudget:
        """Return that nothing is limited."""
        return RateBudget(limit=Decimal(1_000), available=Decimal(1_000), waiting=0)

    async def aclose(self) -> None:
        """Save what is not saved yet."""
        await self._keep()
