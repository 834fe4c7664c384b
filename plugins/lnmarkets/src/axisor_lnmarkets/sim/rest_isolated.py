"""REST's endpoints for isolated trades."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from axisor.exchange import NewTrade, Trade
from axisor.model import OrderType, Side
from axisor_lnmarkets.sim.requests import Endpoint, Request
from axisor_lnmarkets.sim.views import view
from axisor_lnmarkets.sim.wire import Json

READ = "futures:isolated:read"
WRITE = "futures:isolated:write"
_ZERO = Decimal(0)
_MODES = ("fixed", "trailing")


def _shown(request: Request, trade: Trade) -> Json:
    quote = request.quote
    return view(trade.marked(quote.closing(trade.side, trade.quantity)))


def _list(request: Request, trades: Iterable[Trade]) -> Json:
    return [_shown(request, trade) for trade in trades]


def _new_trade(request: Request) -> Json:
    body = request.body
    type_ = OrderType(body.one_of("type", tuple(OrderType)))
    mode = body.one_of("stoplossMode", _MODES, "fixed")
    order = NewTrade(
        type=type_,
        side=Side(body.one_of("side", tuple(Side))),
        leverage=body.number("leverage"),
        quantity=body.integer_or_none("quantity", least=1),
        margin=body.integer_or_none("margin", least=1),
        price=body.number_or("price", None),
        stoploss=body.number_or("stoploss", None),
        stoploss_mode="trailing" if mode == "trailing" else "fixed",
        takeprofit=body.number_or("takeprofit", None),
        client_id=body.text_or_none("clientId", most=64),
    )
    return _shown(request, request.account.isolated.new_trade(request.now, request.quote, order))


def _open(request: Request) -> Json:
    return _list(request, reversed(request.account.isolated.open()))


def _running(request: Request) -> Json:
    return _list(request, reversed(request.account.isolated.running()))


def _closed(request: Request) -> Json:
    return request.paged(request.account.isolated.closed(), _ended, view)


def _canceled(request: Request) -> Json:
    return request.paged(request.account.isolated.canceled(), _ended, view)


def _ended(trade: Trade) -> datetime:
    assert trade.closed_at is not None, "a trade that is over has a time of its end"
    return trade.closed_at


def _close(request: Request) -> Json:
    isolated = request.account.isolated
    return view(isolated.close(request.now, request.quote, request.body.id()))


def _cancel(request: Request) -> Json:
    return view(request.account.isolated.cancel(request.now, request.body.id()))


def _cancel_all(request: Request) -> Json:
    return [view(trade) for trade in request.account.isolated.cancel_all(request.now)]


def _add_margin(request: Request) -> Json:
    id_, amount = request.body.id(), request.body.integer("amount", least=1)
    return _shown(request, request.account.isolated.add_margin(request.now, id_, amount))


def _cash_in(request: Request) -> Json:
    id_, amount = request.body.id(), request.body.integer("amount", least=1)
    isolated = request.account.isolated
    return _shown(request, isolated.cash_in(request.now, request.quote, id_, amount))


def _stoploss(request: Request) -> Json:
    id_, value = request.body.id(), request.body.number("value")
    mode = request.body.one_of("mode", _MODES, "fixed")
    trade = request.account.isolated.set_stoploss(
        request.now, request.quote, id_, value, "trailing" if mode == "trailing" else "fixed"
    )
    return _shown(request, trade)


def _remove_stoploss(request: Request) -> Json:
    id_ = request.fields.id()
    isolated = request.account.isolated
    return _shown(request, isolated.set_stoploss(request.now, request.quote, id_, _ZERO))


def _takeprofit(request: Request) -> Json:
    id_, value = request.body.id(), request.body.number("value")
    isolated = request.account.isolated
    return _shown(request, isolated.set_takeprofit(request.now, request.quote, id_, value))


def _remove_takeprofit(request: Request) -> Json:
    id_ = request.fields.id()
    isolated = request.account.isolated
    return _shown(request, isolated.set_takeprofit(request.now, request.quote, id_, _ZERO))


def _funding_fees(request: Request) -> Json:
    fees = [row for row in request.account.books.funding_fees if row.trade_id is not None]
    if "tradeId" in request.query:
        wanted = request.fields.id("tradeId")
        fees = [row for row in fees if row.trade_id == wanted]
    return request.paged(fees, lambda row: row.time, view)


_TRADE = "/futures/isolated/trade"
_TRADES = "/futures/isolated/trades"

ENDPOINTS = (
    Endpoint("POST", _TRADE, "trade", WRITE, _new_trade, True),
    Endpoint("GET", f"{_TRADES}/open", "trades-open", READ, _open),
    Endpoint("GET", f"{_TRADES}/running", "trades-running", READ, _running),
    Endpoint("GET", f"{_TRADES}/closed", "trades-closed", READ, _closed),
    Endpoint("GET", f"{_TRADES}/canceled", "trades-canceled", READ, _canceled),
    Endpoint("POST", f"{_TRADE}/close", "close", WRITE, _close, True),
    Endpoint("POST", f"{_TRADE}/cancel", "cancel", WRITE, _cancel, True),
    Endpoint("POST", f"{_TRADES}/cancel-all", "cancel-all", WRITE, _cancel_all, True),
    Endpoint("POST", f"{_TRADE}/add-margin", "add-margin", WRITE, _add_margin, True),
    Endpoint("POST", f"{_TRADE}/cash-in", "cash-in", WRITE, _cash_in, True),
    Endpoint("PUT", f"{_TRADE}/stoploss", "stoploss", WRITE, _stoploss, True),
    Endpoint("DELETE", f"{_TRADE}/stoploss", "stoploss", WRITE, _remove_stoploss, True),
    Endpoint("PUT", f"{_TRADE}/takeprofit", "takeprofit", WRITE, _takeprofit, True),
    Endpoint("DELETE", f"{_TRADE}/takeprofit", "takeprofit", WRITE, _remove_takeprofit, True),
    Endpoint("GET", "/futures/isolated/funding-fees", "funding-fees", READ, _funding_fees),
)
