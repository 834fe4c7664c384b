"""REST's endpoints for the cross position, its wallet and its orders."""

from __future__ import annotations

from datetime import datetime

from axisor.exchange.records import CrossOrder, CrossPosition
from axisor.model import OrderType, Side
from axisor_lnmarkets.sim.requests import Endpoint, Request
from axisor_lnmarkets.sim.views import view
from axisor_lnmarkets.sim.wire import Json

READ = "futures:cross:read"
WRITE = "futures:cross:write"


def _shown(request: Request, position: CrossPosition) -> Json:
    return view(request.account.cross.position(request.quote) if position.quantity else position)


def _order(request: Request) -> Json:
    body = request.body
    order = request.account.cross.order(
        request.now,
        request.quote,
        type=OrderType(body.one_of("type", tuple(OrderType))),
        side=Side(body.one_of("side", tuple(Side))),
        quantity=body.integer("quantity", least=1),
        price=body.number_or("price", None),
        client_id=body.text_or_none("clientId", most=64),
    )
    return view(order)


def _open(request: Request) -> Json:
    return [view(order) for order in reversed(request.account.cross.open_orders())]


def _filled(request: Request) -> Json:
    return request.paged(request.account.cross.filled_orders(), _filled_at, view)


def _filled_at(order: CrossOrder) -> datetime:
    assert order.filled_at is not None, "a filled order has the time of its fill"
    return order.filled_at


def _cancel(request: Request) -> Json:
    return view(request.account.cross.cancel(request.now, request.body.id()))


def _cancel_all(request: Request) -> Json:
    return [view(order) for order in request.account.cross.cancel_all(request.now)]


def _position(request: Request) -> Json:
    return view(request.account.cross.position(request.quote))


def _close(request: Request) -> Json:
    return view(request.account.cross.close_position(request.now, request.quote))


def _leverage(request: Request) -> Json:
    leverage = request.body.integer("leverage", least=1, most=100)
    return _shown(request, request.account.cross.set_leverage(request.now, leverage))


def _deposit(request: Request) -> Json:
    amount = request.body.integer("amount", least=1)
    return _shown(request, request.account.cross.deposit(request.now, amount))


def _withdraw(request: Request) -> Json:
    amount = request.body.integer("amount", least=1)
    cross = request.account.cross
    return _shown(request, cross.withdraw(request.now, request.quote, amount))


def _transfers(request: Request) -> Json:
    return request.paged(request.account.books.transfers, lambda row: row.time, view)


def _funding_fees(request: Request) -> Json:
    fees = [row for row in request.account.books.funding_fees if row.trade_id is None]
    return request.paged(fees, lambda row: row.time, view)


_CROSS = "/futures/cross"

ENDPOINTS = (
    Endpoint("POST", f"{_CROSS}/order", "cross-order", WRITE, _order, True),
    Endpoint("GET", f"{_CROSS}/orders/open", "cross-orders-open", READ, _open),
    Endpoint("GET", f"{_CROSS}/orders/filled", "cross-orders-filled", READ, _filled),
    Endpoint("POST", f"{_CROSS}/order/cancel", "cross-cancel", WRITE, _cancel, True),
    Endpoint("POST", f"{_CROSS}/orders/cancel-all", "cross-cancel-all", WRITE, _cancel_all, True),
    Endpoint("GET", f"{_CROSS}/position", "cross-position", READ, _position),
    Endpoint("POST", f"{_CROSS}/position/close", "cross-close", WRITE, _close, True),
    Endpoint("PUT", f"{_CROSS}/leverage", "cross-leverage", WRITE, _leverage, True),
    Endpoint("POST", f"{_CROSS}/deposit", "cross-deposit", WRITE, _deposit, True),
    Endpoint("POST", f"{_CROSS}/withdraw", "cross-withdraw", WRITE, _withdraw, True),
    Endpoint("GET", f"{_CROSS}/transfers", "cross-transfers", READ, _transfers),
    Endpoint("GET", f"{_CROSS}/funding-fees", "cross-funding-fees", READ, _funding_fees),
)
