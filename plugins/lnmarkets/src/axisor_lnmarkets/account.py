"""One account at LN Markets: reads the truth about it, and acts on it at most once a call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from axisor.errors import (
    AxisorError,
    OutcomeUnknown,
    VenueAnswerInvalid,
    VenueClockSkew,
    VenueRateLimited,
)
from axisor.intents import Action
from axisor.model import CROSS, AccountState, CrossWallet, Funding, Order, Position
from axisor.ports import (
    Clock,
    ClosedPosition,
    Credentials,
    KeyRights,
    Lane,
    Leave,
    RateBudget,
    Refused,
    SendResult,
    Transfer,
    Unknown,
    free_to_leave,
)
from axisor_lnmarkets.actions import PATHS, carry_out, confirmed_of
from axisor_lnmarkets.address import Address
from axisor_lnmarkets.breaker import Breaker, Breakers
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
from axisor_lnmarkets.hour import VenueHour
from axisor_lnmarkets.leaving import on_condition
from axisor_lnmarkets.limiter import AUTHENTICATED, Limiter, Rate
from axisor_lnmarkets.models.futures import CrossOrder, CrossPosition, Trade
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.rest.paging import PageQuery, newest, pages
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.stream import open_stream
from axisor_lnmarkets.transport import SIGNATURE_WINDOW_MS, Transport

T = TypeVar("T")
log = logging.getLogger(__name__)

MOST_LOOKED_AT = 1_000
"""Rows of each kind that are looked through for a client id, newest first."""


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
        breaker: Breaker | None = None,
        hour: VenueHour | None = None,
    ) -> None:
        self._address = address
        self._clock = clock
        self._rng = rng
        self._signer = Signer(credentials, allowed=PATHS)
        self._limiter = Limiter(clock, rate)
        self._breakers = Breakers(clock, breaker)
        self._transport = Transport(
            address,
            clock=clock,
            public=public,
            private=self._limiter,
            signer=self._signer,
            breakers=self._breakers,
            hour=hour,
        )
        self._rest = Rest(self._transport)
        self._shaky = False

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read balance, positions, open orders and cross wallet. Raises VenueError.

        The venue has no one call for it: these are five reads side by side, so a change between
        them shows in one and not yet in another. Whoever compares figures across them reads twice.
        `read_at` is our time before the first was sent. What the venue lists but in figures that
        make no sense is named in `unreadable` and hides nothing else. After a reading that failed
        one of the five goes ahead: a venue that does not answer costs one request of the budget.
        One that it had too many requests for is asked again, when the rate limit lets it: a venue
        that was away may count what nobody waits for any more.
        """
        await self._know_clock()
        read_at = self._clock.now()
        rest = self._rest
        shaky, self._shaky = self._shaky, True
        ahead = await rest.account.account(lane=lane) if shaky else None
        account, running, waiting, cross, orders = await _together(
            _twice(rest.account.account, lane) if ahead is None else _known(ahead),
            _twice(rest.isolated.running, lane),
            _twice(rest.isolated.open, lane),
            _twice(self._cross_position, lane),
            _twice(rest.cross.orders_open, lane),
        )
        self._shaky = False
        unreadable = [*running.unreadable, *waiting.unreadable, *orders.unreadable]
        positions: list[Position] = []
        for trade in running.items:
            try:
                positions.append(position_of(trade))
            except VenueAnswerInvalid:
                unreadable.append(trade.id)
        try:
            position = None if cross is None else cross_position_of(cross)
        except VenueAnswerInvalid:
            cross = None
        else:
            positions += [] if position is None else [position]
        if cross is None:
            unreadable.append(CROSS)
        return AccountState(
            balance=balance_of(account),
            positions=tuple(positions),
            orders=(*map(order_of, waiting.items), *map(cross_order_of, orders.items)),
            cross=CrossWallet() if cross is None else wallet_of(cross),
            read_at=read_at,
            unreadable=tuple(unreadable),
        )

    async def send(
        self,
        action: Action,
        *,
        signed_at_ms: int,
        lane: Lane = Lane.COMMAND,
        leave: Leave = free_to_leave,
    ) -> SendResult:
        """Carry out an action, signed for `signed_at_ms` (venue time, unix milliseconds), once.

        `leave` is put before the first byte, and before the body once more; what it raises there
        leaves the outcome unknown. Never raises for a venue's answer or a broken line, and never
        retries. A caller that cancels it gets its cancellation and must count the outcome as
        unknown.
        """
        try:
            with on_condition(leave):
                answer = await carry_out(self._rest, action, signed_at_ms=signed_at_ms, lane=lane)
        except OutcomeUnknown as error:
            return Unknown(error.message)
        except AxisorError as error:
            if isinstance(error, VenueClockSkew):
                self._transport.forget_time()
            return Refused(error)
        try:
            return confirmed_of(answer)
        except VenueAnswerInvalid as error:
            return Unknown(f"The venue says it is done, but {error.message}")

    async def closed_position(self, id: str) -> ClosedPosition | None:
        """Return how a position ended, or None while it has not or is not listed yet.

        How it ended is told from its exit price. For `cross` it is the last order filled before it
        went flat, and the profit is the venue's running total. A history that cannot be understood
        tells nothing, which hides no position that runs. Raises VenueError.
        """
        await self._know_clock()
        if id == CROSS:
            return await self._closed_cross()
        lane = Lane.RECONCILE
        running = await self._rest.isolated.running(lane=lane)
        if id in running.unreadable or any(trade.id == id for trade in running.items):
            return None
        closed = self._rest.isolated.closed
        rows = pages(
            lambda cursor: closed(PageQuery(cursor=cursor), lane=lane),
            key=_id,
            skip_unreadable=True,
        )
        try:
            async for trade in rows:
                if trade.id == id:
                    return closed_of(trade)
        except VenueAnswerInvalid as error:
            log.error("how %s ended cannot be read: %s", id, error.message)
        return None

    async def find_order(self, client_id: str) -> tuple[Order | Position | ClosedPosition, ...]:
        """Return everything, open or done, that carries this client id. Raises VenueError.

        The lists are read in the order in which an order lives, waiting, running, done: one that
        moves on meanwhile is in one of them. Of what is done it looks at the newest thousand of
        each kind: it is meant for orders whose outcome is unknown since a minute or so. A list that
        is not whole, or does not tell client ids, proves no absence and is an error.
        """
        await self._know_clock()
        isolated, cross, lane = self._rest.isolated, self._rest.cross, Lane.RECONCILE
        waiting, resting = await _together(isolated.open(lane=lane), cross.orders_open(lane=lane))
        running = await isolated.running(lane=lane)
        most = MOST_LOOKED_AT
        closed, canceled, filled = await _together(
            newest(lambda c: isolated.closed(_big(c), lane=lane), key=_id, most=most),
            newest(lambda c: isolated.canceled(_big(c), lane=lane), key=_id, most=most),
            newest(lambda c: cross.orders_filled(_big(c), lane=lane), key=_id, most=most),
        )
        unreadable = [*running.unreadable, *waiting.unreadable, *resting.unreadable]
        trades: list[Trade] = [*running.items, *waiting.items, *closed, *canceled]
        orders: list[CrossOrder] = [*resting.items, *filled]
        both: list[Trade | CrossOrder] = [*trades, *orders]
        unreadable += [item.id for item in both if item.client_id is UNSET]
        if unreadable:
            raise VenueAnswerInvalid(
                f"Whether {client_id} exists cannot be told: some items are unreadable.",
                unreadable=",".join(unreadable[:10]),
            )
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
        found += [cross_order_of(order) for order in orders if order.client_id == client_id]
        return tuple(found)

    async def funding_paid(self, position: str) -> tuple[Funding, ...]:
        """Return the funding payments of a position, newest first. Raises VenueError."""
        await self._know_clock()
        lane = Lane.RECONCILE
        if position == CROSS:
            cross = self._rest.cross.funding_fees
            rows = pages(
                lambda cursor: cross(PageQuery(cursor=cursor), lane=lane),
                key=lambda row: row.settlement_id,
                time=lambda row: row.time,
            )
            return tuple([funding_of(row) async for row in rows])
        isolated = self._rest.isolated.funding_fees
        fees = pages(
            lambda cursor: isolated(PageQuery(cursor=cursor), trade=position, lane=lane),
            key=lambda fee: f"{fee.settlement_id}/{fee.trade_id}",
            time=lambda fee: fee.time,
        )
        return tuple([funding_of(fee) async for fee in fees if fee.trade_id == position])

    async def transfers(self, *, after: str | None) -> tuple[Transfer, ...]:
        """Return cross transfers newer than the id given, newest first.

        Raises VenueError, also where the ledger does not hold the row `after`, which it held once:
        then what it shows is a part, and a part proves nothing about what is absent.
        """
        await self._know_clock()
        fetch = self._rest.cross.transfers
        found: list[Transfer] = []
        async for row in pages(
            lambda cursor: fetch(PageQuery(cursor=cursor), lane=Lane.RECONCILE),
            key=_id,
            time=lambda row: row.time,
        ):
            if row.id == after:
                return tuple(found)
            found.append(transfer_of(row))
        if after is not None:
            raise VenueAnswerInvalid(
                f"The ledger of transfers does not hold {after} any more, so it is not whole.",
                field="data",
            )
        return tuple(found)

    async def rights(self) -> KeyRights:
        """Return what the key may do; the venue tells it on the stream only. Raises VenueError."""
        await self._know_clock()
        try:
            return await self._log_in()
        except VenueClockSkew:
            await self._transport.resync()
            return await self._log_in()

    async def _log_in(self) -> KeyRights:
        opened = open_stream(
            self._address.stream, clock=self._clock, rng=self._rng, proxy=self._address.proxy
        )
        async with opened as stream:
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
            resync=self._transport.resync,
            proxy=self._address.proxy,
        )

    async def warm(self) -> None:
        """Make the connection ready, so that the next call pays no handshake. Raises VenueError."""
        await self._transport.warm()

    def budget(self) -> RateBudget:
        """Return the present state of the rate limiter and of the breakers."""
        return replace(self._limiter.budget(), circuits=self._breakers.circuits())

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _know_clock(self) -> None:
        """Measure the venue's clock before the first signed read, lest its stamp is refused."""
        await self._transport.know_time()

    async def _cross_position(self, *, lane: Lane) -> CrossPosition | None:
        try:
            return await self._rest.cross.position(lane=lane)
        except VenueAnswerInvalid:
            return None  # told apart from a flat one: `read` names it unreadable

    async def _closed_cross(self) -> ClosedPosition | None:
        lane = Lane.RECONCILE
        position = await self._rest.cross.position(lane=lane)
        if position.quantity != 0:
            return None
        filled = await self._rest.cross.orders_filled(PageQuery(limit=1), lane=lane)
        return cross_closed_of(filled.data[0], position) if filled.data else None


async def _twice(read: Callable[..., Awaitable[T]], lane: Lane) -> T:
    try:
        return await read(lane=lane)
    except VenueRateLimited:
        return await read(lane=lane)


async def _known(answer: T) -> T:
    return answer


def _id(row: Any) -> str:  # any row of the venue's that has an id
    return str(row.id)


def _big(cursor: str | None) -> PageQuery:
    return PageQuery(cursor=cursor, limit=MOST_LOOKED_AT)


async def _together(*reads: Coroutine[Any, Any, Any]) -> list[Any]:  # each read has its own type
    """Run reads side by side and return what they bring; the first error ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read) for read in reads]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
