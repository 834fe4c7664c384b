"""Calls about orders: placed, seen and canceled."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from axisor.client.calls import Caller, Page, new_request_id
from axisor.client.results import result
from axisor.errors import FieldInvalid
from axisor.model import MarginMode, Order, OrderState, OrderType, Price, Sats, Side
from axisor.v1 import orders_pb2 as pb
from axisor.v1.orders_pb2_grpc import OrderServiceStub
from axisor.watch import WatchItem
from axisor.wire.actions import effect_from_wire
from axisor.wire.model import order_from_wire
from axisor.wire.names import account_name, order_name
from axisor.wire.records import ActionResult, Effect
from axisor.wire.scalars import decimal_to_wire, enum_to_wire, time_to_wire


class Cancellations(Struct, frozen=True, kw_only=True):
    """The orders that were (or, only validated, would be) canceled, and the effects of that."""

    orders: tuple[Order, ...]
    effects: tuple[Effect, ...] = ()
    sequence: int = 0


class Orders:
    """The methods of OrderService; those that reach the venue are as in `Margin`."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = OrderServiceStub(caller.channel)

    async def place(  # noqa: PLR0913 - an order has that many parts
        self,
        account: str,
        side: Side,
        *,
        quantity: int | None = None,
        margin: Sats | None = None,
        leverage: Decimal | int | None = None,
        margin_mode: MarginMode = MarginMode.ISOLATED,
        type: OrderType = OrderType.MARKET,
        price: Price | None = None,
        stoploss: Price | None = None,
        takeprofit: Price | None = None,
        reduce_only: bool = False,
        client_id: str = "",
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Place an order of `quantity` dollars or, isolated, with `margin` sats; give one of them.

        Raises FieldInvalid, PriceOffStep, LeverageOutOfRange, QuantityOutOfRange, StalePrice,
        InsufficientBalance.
        """
        if (quantity is None) == (margin is None):
            raise FieldInvalid("Give either a quantity or a margin.", field="size")
        request = pb.PlaceOrderRequest(
            parent=account_name(account),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            margin_mode=enum_to_wire(margin_mode),
            type=enum_to_wire(type),
            side=enum_to_wire(side),
            leverage=decimal_to_wire(leverage, "leverage"),
            limit_price_usd=decimal_to_wire(price, "limit_price_usd"),
            stop_loss_price_usd=decimal_to_wire(stoploss, "stop_loss_price_usd"),
            take_profit_price_usd=decimal_to_wire(takeprofit, "take_profit_price_usd"),
            reduce_only=reduce_only,
            client_id=client_id,
        )
        if quantity is not None:
            request.quantity_usd = quantity
        if margin is not None:
            request.margin_sats = margin
        return result(await self._call.unary(self._stub.PlaceOrder, request))

    async def get(self, account: str, order: str) -> Order:
        """Return one order, open or done. Raises OrderNotFound."""
        request = pb.GetOrderRequest(name=order_name(account, order))
        return order_from_wire((await self._call.unary(self._stub.GetOrder, request)).order)

    async def list(
        self,
        account: str,
        *,
        states: Iterable[OrderState] = (),
        margin_mode: MarginMode | None = None,
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[Order]:
        """Return orders, newest first. Raises AccountNotFound, PageTokenInvalid."""
        request = pb.ListOrdersRequest(
            parent=account_name(account),
            page_size=page_size,
            page_token=page_token,
            states=map(enum_to_wire, states),
            margin_mode=enum_to_wire(margin_mode),
        )
        answer = await self._call.unary(self._stub.ListOrders, request)
        return Page(tuple(map(order_from_wire, answer.orders)), answer.next_page_token)

    async def cancel(
        self,
        account: str,
        order: str,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Cancel one open order. Raises OrderNotFound."""
        request = pb.CancelOrderRequest(
            name=order_name(account, order),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
        )
        return result(await self._call.unary(self._stub.CancelOrder, request))

    async def cancel_all(
        self,
        account: str,
        *,
        margin_mode: MarginMode | None = None,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> Cancellations:
        """Cancel every open order, of one margin mode or both. Raises AccountNotFound."""
        request = pb.CancelAllOrdersRequest(
            parent=account_name(account),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            margin_mode=enum_to_wire(margin_mode),
        )
        answer = await self._call.unary(self._stub.CancelAllOrders, request)
        return Cancellations(
            orders=tuple(map(order_from_wire, answer.orders)),
            effects=tuple(map(effect_from_wire, answer.intents)),
            sequence=answer.sequence,
        )

    def watch(self, account: str, *, after: int | None = None) -> AsyncGenerator[WatchItem, None]:
        """Follow orders; see `axisor.watch.watch`."""
        parent = account_name(account)
        return self._call.watch(
            lambda after: self._stub.WatchOrders(
                pb.WatchOrdersRequest(parent=parent, after_sequence=after),
                metadata=self._call.headers(),
            ),
            after=after,
            gapless=False,
        )
