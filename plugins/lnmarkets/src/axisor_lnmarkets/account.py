"""One account at LN Markets: reads the truth about it, and acts on it at most once a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from random import Random
from typing import Any, TypeVar

from axisor.errors import AxisorError, OutcomeUnknown, VenueAnswerInvalid
from axisor.intents import Action
from axisor.model import CROSS, AccountState, CrossWallet, Funding, Order, Position
from axisor.ports import (
    Clock,
    ClosedPosition,
    Credentials,
    KeyRights,
    Lane,
    RateBudget,
    Refused,
    SendResult,
    Transfer,
    Unknown,
)
from axisor_lnmarkets.actions import PATHS, carry_out, confirmed_of
from axisor_lnmarkets.address import Address
from axisor_lnmarkets.convert import (
    balance_of,
    closed_of,
    cross_closed_of,
    cross_order_of,
    cross_position_of,
    funding_of,
    order_of,
    position_of,
    transfer_of,
    wallet_of,
)
from axisor_lnmarkets.hints import hints, rights_of
from axisor_lnmarkets.limiter import AUTHENTICATED, Limiter, Rate
from axisor_lnmarkets.models.futures import CrossPosition
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.rest.paging import PageQuery, pages
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.stream import open_stream
from axisor_lnmarkets.transport import SIGNATURE_WINDOW_MS, Transport

T = TypeVar("T")


class LnMarketsAccount:
    """An account, by its key. It holds no way to withdraw: its signer refuses those paths."""

    signature_window_ms: int = SIGNATURE_WINDOW_MS

    def __init__(
        self,
        address: Address,
        credentials: Credentials,
        *,
        clock: Clock,
        public: Limiter,
        rng: Random,
        rate: Rate = AUTHENTICATED,
    ) -> None:
        self._address = address
        self._clock = clock
        self._rng = rng
        self._signer = Signer(credentials, allowed=PATHS)
        self._limiter = Limiter(clock, rate)
        self._transport = Transport(
            address, clock=clock, public=public, private=self._limiter, signer=self._signer
        )
        self._rest = Rest(self._transport)

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read balance, positions, open orders and cross wallet. Raises VenueError.

        The venue has no one call for it: these are five reads side by side, so a change between
        them shows in one and not yet in another. Whoever compares figures across them reads twice.
        `read_at` is our time before the first was sent. What the venue lists but in figures that
        make no sense is named in `unreadable` and hides nothing else.
        """
        await self._know_clock()
        read_at = self._clock.now()
        rest = self._rest
        account, running, waiting, cross, orders = await _together(
            rest.account.account(lane=lane),
            rest.isolated.running(lane=lane),
            rest.isolated.open(lane=lane),
            self._cross_position(lane),
            rest.cross.orders_open(lane=lane),
        )
        unreadable = [*running.unreadable, *waiting.unreadable, *orders.unreadable]
        positions: list[Position] = []
        for trade in running.items:
            if trade.running:
                positions.append(position_of(trade))
            else:
                unreadable.append(trade.id)
        if cross is None:
            unreadable.append(CROSS)
        elif (position := cross_position_of(cross)) is not None:
            positions.append(position)
        return AccountState(
            balance=balance_of(account),
            positions=tuple(positions),
            orders=(*map(order_of, waiting.items), *map(cross_order_of, orders.items)),
            cross=CrossWallet() if cross is None else wallet_of(cross),
            read_at=read_at,
            unreadable=tuple(unreadable),
        )

    async def send(
        self, action: Action, *, signed_at_ms: int, lane: Lane = Lane.COMMAND
    ) -> SendResult:
        """Carry out an action, signed for `signed_at_ms` (venue time, unix milliseconds), once.

        Never raises for a venue's answer or a broken line, and never retries. A caller that cancels
        it gets its cancellation and must count the outcome as unknown.
        """
        try:
            answer = await carry_out(self._rest, action, signed_at_ms=signed_at_ms, lane=lane)
        except OutcomeUnknown as error:
            return Unknown(error.message)
        except AxisorError as error:
            return Refused(error)
        return confirmed_of(answer)

    async def closed_position(self, id: str) -> ClosedPosition | None:
        """Return how a position ended, or None while it has not or is not listed yet.

        How it ended is told from its exit price. For `cross` it is the last order filled before it
        went flat, and the profit is the venue's running total. Raises VenueError.
        """
        await self._know_clock()
        if id == CROSS:
            return await self._closed_cross()
        running = await self._rest.isolated.running()
        if id in running.unreadable or any(trade.id == id for trade in running.items):
            return None
        closed = self._rest.isolated.closed
        async for trade in pages(lambda cursor: closed(PageQuery(cursor=cursor))):
            if trade.id == id:
                return closed_of(trade)
        return None

    async def find_order(self, client_id: str) -> tuple[Order | Position | ClosedPosition, ...]:
        """Return everything, open or done, that carries this client id. Raises VenueError.

        Of what is done it looks at the newest thousand of each kind: it is meant for orders whose
        outcome is unknown since a minute or so.
        """
        await self._know_clock()
        isolated, cross, lane = self._rest.isolated, self._rest.cross, Lane.RECONCILE
        running, waiting, closed, canceled, resting, filled = await _together(
            isolated.running(lane=lane),
            isolated.open(lane=lane),
            isolated.closed(lane=lane),
            isolated.canceled(lane=lane),
            cross.orders_open(lane=lane),
            cross.orders_filled(lane=lane),
        )
        unreadable = [*running.unreadable, *waiting.unreadable, *resting.unreadable]
        if unreadable:
            raise VenueAnswerInvalid(
                f"Whether {client_id} exists cannot be told: some items are unreadable.",
                unreadable=",".join(unreadable),
            )
        trades = (*running.items, *waiting.items, *closed.data, *canceled.data)
        found: list[Order | Position | ClosedPosition] = []
        for trade in trades:
            if trade.client_id != client_id:
                continue
            if trade.running:
                found.append(position_of(trade))
            elif trade.closed:
                found.append(closed_of(trade))
            else:
                found.append(order_of(trade))
        for order in (*resting.items, *filled.data):
            if order.client_id == client_id:
                found.append(cross_order_of(order))
        return tuple(found)

    async def funding_paid(self, position: str) -> tuple[Funding, ...]:
        """Return the funding payments of a position, newest first. Raises VenueError."""
        await self._know_clock()
        if position == CROSS:
            cross = self._rest.cross.funding_fees
            rows = pages(lambda cursor: cross(PageQuery(cursor=cursor)))
            return tuple([funding_of(row) async for row in rows])
        isolated = self._rest.isolated.funding_fees
        fees = pages(lambda cursor: isolated(PageQuery(cursor=cursor), trade=position))
        return tuple([funding_of(fee) async for fee in fees if fee.trade_id == position])

    async def transfers(self, *, after: str | None) -> tuple[Transfer, ...]:
        """Return cross transfers newer than the id given, newest first. Raises VenueError."""
        await self._know_clock()
        fetch = self._rest.cross.transfers
        found = []
        async for row in pages(lambda cursor: fetch(PageQuery(cursor=cursor), lane=Lane.RECONCILE)):
            if row.id == after:
                break
            found.append(transfer_of(row))
        return tuple(found)

    async def rights(self) -> KeyRights:
        """Return what the key may do; the venue tells it on the stream only. Raises VenueError."""
        await self._know_clock()
        async with open_stream(self._address.stream, clock=self._clock, rng=self._rng) as stream:
            answer = await stream.authenticate(
                self._signer, timestamp_ms=self._transport.venue_now_ms()
            )
        return rights_of(answer.permissions)

    def changes(self) -> AsyncIterator[str]:
        """Yield a word whenever the venue hints that something changed; a hint, never the truth.

        `connected` comes first and after every break: something may have been missed. Raises
        VenueAuth where the key does not suffice, and reconnects for every other reason.
        """
        return hints(
            self._address.stream,
            self._signer,
            clock=self._clock,
            rng=self._rng,
            venue_now_ms=self._transport.venue_now_ms,
        )

    async def warm(self) -> None:
        """Make the connection ready, so that the next call pays no handshake. Raises VenueError."""
        await self._transport.warm()

    def budget(self) -> RateBudget:
        """Return the present state of the rate limiter."""
        return self._limiter.budget()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _know_clock(self) -> None:
        """Measure the venue's clock before the first signed read, lest its stamp is refused."""
        if not self._transport.knows_time:
            await self._transport.warm()

    async def _cross_position(self, lane: Lane) -> CrossPosition | None:
        try:
            return await self._rest.cross.position(lane=lane)
        except VenueAnswerInvalid:
            return None  # told apart from a flat one: `read` names it unreadable

    async def _closed_cross(self) -> ClosedPosition | None:
        position = await self._rest.cross.position()
        if position.quantity != 0:
            return None
        filled = await self._rest.cross.orders_filled(PageQuery(limit=1))
        return cross_closed_of(filled.data[0], position) if filled.data else None


async def _together(*reads: Coroutine[Any, Any, Any]) -> list[Any]:  # each read has its own type
    """Run reads side by side and return what they bring; the first error ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read) for read in reads]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
