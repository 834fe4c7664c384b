"""OrderService."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from axisor.events import IntentState
from axisor.intents import Action, CancelOrder, CrossOrder, OpenPosition
from axisor.model import MarginMode, Order, OrderState, OrderType, Side
from axisor.v1 import orders_pb2 as pb
from axisor.v1 import resources_pb2
from axisor.wire.model import order_to_wire
from axisor.wire.names import account_id, intent_name, order_id
from axisor.wire.scalars import (
    decimal_from_wire,
    decimal_or_none,
    enum_asked,
    enum_asked_or_none,
    enum_to_wire,
)
from axisor_server.rpc.answers import acted, outcome
from axisor_server.rpc.calls import Call
from axisor_server.rpc.watches import ORDERS, Watches
from axisor_server.services import paging
from axisor_server.services.acting import Acting
from axisor_server.services.orders import Orders
from axisor_server.services.snapshots import Snapshots


class OrderServicer:
    """Places, shows and cancels orders."""

    def __init__(
        self, *, orders: Orders, acting: Acting, snapshots: Snapshots, watches: Watches
    ) -> None:
        self._orders = orders
        self._acting = acting
        self._snapshots = snapshots
        self._watches = watches

    async def PlaceOrder(self, request: pb.PlaceOrderRequest, call: Call) -> pb.PlaceOrderResponse:
        """Place an order."""
        account = account_id(request.parent, "parent")
        result = await self._acting.act(account, _action(request), call.request())
        view = self._snapshots.view(account)
        fields = acted(account, result.venue_id, result, view)
        order = result.order or next((o for o in view.orders if o.id == result.venue_id), None)
        if order is not None:
            fields["order"] = order_to_wire(account, order)
        return pb.PlaceOrderResponse(**fields)

    async def GetOrder(self, request: pb.GetOrderRequest, call: Call) -> pb.GetOrderResponse:
        """Answer with one order."""
        account, id = order_id(request.name)
        order = await self._orders.get(account, id)
        return pb.GetOrderResponse(order=order_to_wire(account, order))

    async def ListOrders(self, request: pb.ListOrdersRequest, call: Call) -> pb.ListOrdersResponse:
        """Answer with a page of orders, newest first."""
        account = account_id(request.parent, "parent")
        mode = enum_asked_or_none(MarginMode, request.margin_mode, "margin_mode")
        states = frozenset(enum_asked(OrderState, state, "states") for state in request.states)
        of = f"orders/{account}/{mode or ''}/{'+'.join(sorted(states))}"
        paging.place(of, request.page_token)
        found = await self._orders.list(account, states=states, margin_mode=mode)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListOrdersResponse(
            orders=[order_to_wire(account, order) for order in page], next_page_token=token
        )

    async def CancelOrder(
        self, request: pb.CancelOrderRequest, call: Call
    ) -> pb.CancelOrderResponse:
        """Cancel an order."""
        account, id = order_id(request.name)
        known = await self._orders.find(account, id)
        mode = MarginMode.ISOLATED if known is None else known.margin_mode
        action = CancelOrder(order=id, margin_mode=mode)
        result = await self._acting.act(account, action, call.request())
        fields = outcome(account, result, self._snapshots.view(account))
        order = result.order or known
        if order is not None:
            fields["order"] = order_to_wire(account, _canceled(order, result.state))
        return pb.CancelOrderResponse(**fields)

    async def CancelAllOrders(
        self, request: pb.CancelAllOrdersRequest, call: Call
    ) -> pb.CancelAllOrdersResponse:
        """Cancel every open order."""
        account = account_id(request.parent, "parent")
        mode = enum_asked_or_none(MarginMode, request.margin_mode, "margin_mode")
        before = await self._orders.list(
            account, states=frozenset({OrderState.OPEN}), margin_mode=mode
        )
        results = await self._acting.cancel_all(account, mode, call.request())
        return pb.CancelAllOrdersResponse(
            orders=[order_to_wire(account, order) for order in before],
            intents=[
                resources_pb2.Intent(
                    name=intent_name(account, result.intent), state=enum_to_wire(result.state)
                )
                for result in results
                if result.intent
            ],
            sequence=max((result.sequence for result in results), default=0),
        )

    def WatchOrders(self, request: pb.WatchOrdersRequest, call: Call) -> AsyncIterator[bytes]:
        """Stream what changes about orders."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        return self._watches.watch(account_id(request.parent, "parent"), after, ORDERS)


def _canceled(order: Order, state: IntentState) -> Order:
    if state is not IntentState.CONFIRMED:
        return order
    return msgspec.structs.replace(order, state=OrderState.CANCELED)


def _action(request: pb.PlaceOrderRequest) -> Action:
    side = enum_asked(Side, request.side, "side")
    kind = enum_asked(OrderType, request.type, "type")
    price = decimal_or_none(request.limit_price_usd, "limit_price_usd")
    if enum_asked(MarginMode, request.margin_mode, "margin_mode") is MarginMode.CROSS:
        return CrossOrder(
            side=side,
            quantity=request.quantity_usd,
            type=kind,
            price=price,
            client_id=request.client_id or None,
            reduce=request.reduce_only,
        )
    return OpenPosition(
        side=side,
        leverage=decimal_from_wire(request.leverage, "leverage"),
        quantity=request.quantity_usd if request.HasField("quantity_usd") else None,
        margin=request.margin_sats if request.HasField("margin_sats") else None,
        type=kind,
        price=price,
        stoploss=decimal_or_none(request.stop_loss_price_usd, "stop_loss_price_usd"),
        takeprofit=decimal_or_none(request.take_profit_price_usd, "take_profit_price_usd"),
        client_id=request.client_id or None,
    )
