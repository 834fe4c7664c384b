"""The calls of the REST interface about the cross position, its orders and its wallet."""

from __future__ import annotations

from msgspec import Struct

from axisor.errors import FieldInvalid
from axisor.model import Price, Sats, Side
from axisor.ports import Lane
from axisor_lnmarkets.models.futures import (
    CrossFunding,
    CrossOrder,
    CrossPosition,
    CrossTransfer,
    TradeType,
    echoes,
)
from axisor_lnmarkets.request import Request
from axisor_lnmarkets.rest.paging import FIRST, Page, PageQuery, read_page
from axisor_lnmarkets.transport import Transport
from axisor_lnmarkets.wire import Listing, encode_body

_CROSS = "/v3/futures/cross"


class NewOrder(Struct, frozen=True, kw_only=True):
    """A new cross order; a price for a limit order only. Raises FieldInvalid."""

    side: Side
    quantity: int
    type: TradeType = TradeType.MARKET
    price: Price | None = None
    client_id: str | None = None

    def __post_init__(self) -> None:
        if (self.price is None) == (self.type is TradeType.LIMIT):
            raise FieldInvalid("A limit order needs a price, and a market order has none.")
        if self.client_id is not None and not 1 <= len(self.client_id) <= 64:
            raise FieldInvalid("A client id has 1 to 64 characters.")

    def body(self) -> bytes:
        """Return the request's body."""
        return encode_body(
            {
                "type": self.type.value,
                "side": self.side.value,
                "quantity": self.quantity,
                "price": self.price,
                "clientId": self.client_id,
            }
        )


class Cross:
    """The cross position. Every method raises VenueError; those that change something may raise
    OutcomeUnknown and are never repeated. `signed_at_ms` is venue time; None is the present.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def new_order(
        self, order: NewOrder, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> CrossOrder:
        """Trade at the market, or place a limit order."""
        return await self._transport.change(
            CrossOrder,
            Request(method="POST", path=f"{_CROSS}/order", body=order.body()),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda made: (
                made.side is order.side
                and made.quantity == order.quantity
                and echoes(order.client_id, made.client_id)
            ),
        )

    async def orders_open(self, *, lane: Lane = Lane.READ) -> Listing[CrossOrder]:
        """Return orders that wait for their price."""
        return await self._transport.get_each(CrossOrder, f"{_CROSS}/orders/open", lane=lane)

    async def orders_filled(
        self, page: PageQuery = FIRST, *, lane: Lane = Lane.READ
    ) -> Page[CrossOrder]:
        """Return orders that were filled, newest first, the venue's liquidations among them."""
        return await read_page(
            self._transport, CrossOrder, f"{_CROSS}/orders/filled", page.fields(), lane=lane
        )

    async def cancel(
        self, id: str, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> CrossOrder:
        """Cancel an order that waits."""
        return await self._transport.change(
            CrossOrder,
            Request(method="POST", path=f"{_CROSS}/order/cancel", body=encode_body({"id": id})),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda order: order.id == id and order.canceled,
        )

    async def cancel_all(
        self, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> tuple[CrossOrder, ...]:
        """Cancel every order that waits, and return them."""
        return await self._transport.change(
            tuple[CrossOrder, ...],
            Request(method="POST", path=f"{_CROSS}/orders/cancel-all"),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda orders: all(order.canceled for order in orders),
        )

    async def position(self, *, lane: Lane = Lane.READ) -> CrossPosition:
        """Return the position, which is there even when flat."""
        return await self._transport.get(CrossPosition, f"{_CROSS}/position", lane=lane)

    async def close(
        self, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> CrossOrder:
        """Close the position at the market, and return the order that did it."""
        return await self._transport.change(
            CrossOrder,
            Request(method="POST", path=f"{_CROSS}/position/close"),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda order: order.filled,
        )

    async def set_leverage(
        self, leverage: int, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> CrossPosition:
        """Set the leverage, 1 to 100."""
        body = encode_body({"leverage": leverage})
        return await self._transport.change(
            CrossPosition,
            Request(method="PUT", path=f"{_CROSS}/leverage", body=body),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda position: position.leverage == leverage,
        )

    async def deposit(
        self, amount: Sats, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> CrossPosition:
        """Move sats from the balance into the cross wallet."""
        return await self._transport.change(
            CrossPosition,
            Request(method="POST", path=f"{_CROSS}/deposit", body=encode_body({"amount": amount})),
            signed_at_ms=signed_at_ms,
            lane=lane,
        )

    async def withdraw(
        self, amount: Sats, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> CrossPosition:
        """Move free sats from the cross wallet to the balance."""
        body = encode_body({"amount": amount})
        return await self._transport.change(
            CrossPosition,
            Request(method="POST", path=f"{_CROSS}/withdraw", body=body),
            signed_at_ms=signed_at_ms,
            lane=lane,
        )

    async def transfers(
        self, page: PageQuery = FIRST, *, lane: Lane = Lane.READ
    ) -> Page[CrossTransfer]:
        """Return moves in and out of the cross wallet, newest first."""
        return await read_page(
            self._transport, CrossTransfer, f"{_CROSS}/transfers", page.fields(), lane=lane
        )

    async def funding_fees(
        self, page: PageQuery = FIRST, *, lane: Lane = Lane.READ
    ) -> Page[CrossFunding]:
        """Return funding fees of the position, newest first."""
        return await read_page(
            self._transport, CrossFunding, f"{_CROSS}/funding-fees", page.fields(), lane=lane
        )
