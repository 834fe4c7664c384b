"""Every call of the REST interface: its method, path, query and body as they are on the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.plugins.lnmarkets.answers import (
    ACCOUNT,
    CANCELED,
    CLOSED,
    CROSS,
    CROSS_CANCELED,
    CROSS_FILLED,
    CROSS_OPEN,
    FLAT,
    OPEN,
    RUNNING,
    TICKER,
    TIME,
    TRADE_ID,
    page,
)
from tests.plugins.lnmarkets.links import SECRET
from tests.plugins.lnmarkets.server import Script

from axisor.errors import FieldInvalid, OutcomeUnknown
from axisor.model import Side
from axisor_lnmarkets.models.account import (
    AddressFormat,
    Asset,
    DepositStatus,
    LightningStatus,
    OnChainStatus,
)
from axisor_lnmarkets.models.futures import StopMode, TradeType
from axisor_lnmarkets.models.general import CandleRange
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.rest.cross import NewOrder
from axisor_lnmarkets.rest.isolated import NewTrade
from axisor_lnmarkets.rest.paging import PageQuery
from axisor_lnmarkets.signing import sign_rest

Call = Callable[[Rest], Awaitable[Any]]

WHEN = "2026-10-01T12:00:00.000Z"
LEADER = {"username": "a", "pl": 5, "direction": 1}
BOARD = {"daily": [LEADER], "weekly": [], "monthly": [], "all-time": [LEADER]}
CANDLE = {"time": WHEN, "open": 1, "high": 2, "low": 1, "close": 2, "volume": 0.5}
SETTLEMENT = {"id": "s1", "time": WHEN, "fundingRate": 0.0001, "fixingPrice": 100000}
PAYMENT = {"id": "x1", "amount": 10000, "maxFees": 100, "paymentHash": "9f"}
CHAIN = {"id": "x2", "amount": 7, "address": "bc1", "createdAt": WHEN, "status": "pending"}
SWAP = {"id": "w1", "inAmount": 1000000, "inAsset": "BTC", "outAmount": 199.95, "outAsset": "USD"}
LN_IN = {"id": "d", "createdAt": WHEN, "amount": 1, "paymentHash": "9f", "settledAt": None}
CHAIN_IN = {"id": "d", "createdAt": WHEN, "amount": 1, "txId": "t", "status": "MEMPOOL"} | {
    "confirmations": 0,
    "blockHeight": None,
}
LN_OUT = {"id": "d", "createdAt": WHEN, "amount": 1, "fee": 0, "paymentHash": "9f"} | {
    "status": "processed",
    "destination": None,
}
CHAIN_OUT = {"id": "d", "createdAt": WHEN, "address": "b", "amount": 1, "fee": None} | {
    "status": "rejected",
    "txId": None,
}
NOTE = {"id": "n", "createdAt": WHEN, "message": "m", "read": False, "type": "x"}
FEE = {"time": WHEN, "settlementId": "b1", "tradeId": TRADE_ID, "fee": 100}
TRANSFER = {"id": "t2", "amount": -10000, "time": WHEN}
A, ISO, C = "/v3/account", "/v3/futures/isolated", "/v3/futures/cross"

READS: list[tuple[Call, str, str, Any]] = [
    (lambda r: r.general.ping(), "/v3/ping", "", "pong"),
    (lambda r: r.general.time(), "/v3/time", "", TIME),
    (lambda r: r.general.ticker(), "/v3/futures/ticker", "", TICKER),
    (lambda r: r.general.leaderboard(), "/v3/futures/leaderboard", "", BOARD),
    (
        lambda r: r.general.candles(PageQuery(limit=2), range_=CandleRange.H4),
        "/v3/futures/candles",
        "limit=2&range=4h",
        page(CANDLE),
    ),
    (
        lambda r: r.general.funding_settlements(
            PageQuery(start=datetime(2026, 10, 1, tzinfo=UTC), cursor="2026-10-02T00:00:00.000Z")
        ),
        "/v3/futures/funding-settlements",
        "from=2026-10-01T00%3A00%3A00.000Z&cursor=2026-10-02T00%3A00%3A00.000Z",
        page(SETTLEMENT),
    ),
    (
        lambda r: r.general.best_price(),
        "/v3/synthetic-usd/best-price",
        "",
        {"askPrice": 20005, "bidPrice": 19995},
    ),
    (lambda r: r.account.account(), A, "", ACCOUNT),
    (lambda r: r.account.address(), f"{A}/address/bitcoin", "", {"address": "bc1"}),
    (
        lambda r: r.account.deposits_lightning(settled=True),
        f"{A}/deposits/lightning",
        "settled=true",
        page(LN_IN),
    ),
    (
        lambda r: r.account.deposits_on_chain(status=DepositStatus.ON_HOLD),
        f"{A}/deposits/on-chain",
        "status=on_hold",
        page(CHAIN_IN),
    ),
    (
        lambda r: r.account.withdrawals_lightning(status=LightningStatus.FAILED),
        f"{A}/withdrawals/lightning",
        "status=failed",
        page(LN_OUT),
    ),
    (
        lambda r: r.account.withdrawals_on_chain(status=OnChainStatus.PENDING),
        f"{A}/withdrawals/on-chain",
        "status=pending",
        page(CHAIN_OUT),
    ),
    (lambda r: r.account.notifications(read=False), f"{A}/notifications", "read=false", page(NOTE)),
    (lambda r: r.isolated.open(), f"{ISO}/trades/open", "", [OPEN]),
    (lambda r: r.isolated.running(), f"{ISO}/trades/running", "", [RUNNING]),
    (lambda r: r.isolated.closed(), f"{ISO}/trades/closed", "", page(CLOSED)),
    (lambda r: r.isolated.canceled(), f"{ISO}/trades/canceled", "", page(CANCELED)),
    (lambda r: r.isolated.funding_fees(trade="t"), f"{ISO}/funding-fees", "tradeId=t", page(FEE)),
    (lambda r: r.cross.orders_open(), f"{C}/orders/open", "", [CROSS_OPEN]),
    (lambda r: r.cross.orders_filled(), f"{C}/orders/filled", "", page(CROSS_FILLED)),
    (lambda r: r.cross.position(), f"{C}/position", "", FLAT),
    (lambda r: r.cross.transfers(), f"{C}/transfers", "", page(TRANSFER)),
    (
        lambda r: r.cross.funding_fees(),
        f"{C}/funding-fees",
        "",
        page({**FEE, "tradeId": None}),
    ),
    (lambda r: r.synthetic_usd.swaps(), "/v3/synthetic-usd/swaps", "", page(SWAP)),
]

ID = TRADE_ID
CHANGES: list[tuple[Call, str, str, Any]] = [
    (
        lambda r: r.account.new_address(AddressFormat.P2TR),
        f"POST {A}/address/bitcoin",
        '{"format":"p2tr"}',
        {"address": "bc1", "createdAt": WHEN},
    ),
    (
        lambda r: r.account.new_address(),
        f"POST {A}/address/bitcoin",
        "",
        {"address": "bc1", "createdAt": WHEN},
    ),
    (
        lambda r: r.account.deposit_lightning(5, comment="hi"),
        f"POST {A}/deposit/lightning",
        '{"amount":5,"comment":"hi"}',
        {"depositId": "d1", "paymentRequest": "lnbc1"},
    ),
    (
        lambda r: r.account.withdraw_lightning("lnbc1"),
        f"POST {A}/withdraw/lightning",
        '{"invoice":"lnbc1"}',
        PAYMENT,
    ),
    (
        lambda r: r.account.withdraw_on_chain("bc1", 7),
        f"POST {A}/withdraw/on-chain",
        '{"address":"bc1","amount":7}',
        CHAIN,
    ),
    (lambda r: r.account.read_notifications(), f"PUT {A}/notifications", "", None),
    (lambda r: r.account.read_notifications(), f"PUT {A}/notifications", "", {}),
    (
        lambda r: r.isolated.new_trade(
            NewTrade(side=Side.BUY, leverage=Decimal("10.0"), quantity=1000)
        ),
        f"POST {ISO}/trade",
        '{"type":"market","side":"buy","leverage":10,"quantity":1000}',
        RUNNING,
    ),
    (
        lambda r: r.isolated.new_trade(
            NewTrade(
                side=Side.BUY,
                leverage=100,
                type=TradeType.LIMIT,
                margin=10,
                price=Decimal("100000.5"),
                stoploss=Decimal("0.01"),
                stoploss_mode=StopMode.TRAILING,
                takeprofit=Decimal(120_000),
                client_id="test-client-id",
            )
        ),
        f"POST {ISO}/trade",
        '{"type":"limit","side":"buy","leverage":100,"margin":10,"price":100000.5,'
        '"stoploss":0.01,"stoplossMode":"trailing","takeprofit":120000,'
        '"clientId":"test-client-id"}',
        OPEN,
    ),
    (lambda r: r.isolated.close(ID), f"POST {ISO}/trade/close", f'{{"id":"{ID}"}}', CLOSED),
    (
        lambda r: r.isolated.cancel(CANCELED["id"]),
        f"POST {ISO}/trade/cancel",
        f'{{"id":"{CANCELED["id"]}"}}',
        CANCELED,
    ),
    (lambda r: r.isolated.cancel_all(), f"POST {ISO}/trades/cancel-all", "", [CANCELED]),
    (
        lambda r: r.isolated.add_margin(ID, 50_000),
        f"POST {ISO}/trade/add-margin",
        f'{{"id":"{ID}","amount":50000}}',
        RUNNING,
    ),
    (
        lambda r: r.isolated.cash_in(ID, 1),
        f"POST {ISO}/trade/cash-in",
        f'{{"id":"{ID}","amount":1}}',
        RUNNING,
    ),
    (
        lambda r: r.isolated.set_stoploss(ID, Decimal("95000.0")),
        f"PUT {ISO}/trade/stoploss",
        f'{{"id":"{ID}","value":95000,"mode":"fixed"}}',
        RUNNING,
    ),
    (
        lambda r: r.isolated.remove_stoploss(ID),
        f"DELETE {ISO}/trade/stoploss?id={ID}",
        "",
        {**RUNNING, "stoploss": 0},
    ),
    (
        lambda r: r.isolated.set_takeprofit(ID, Decimal(120_000)),
        f"PUT {ISO}/trade/takeprofit",
        f'{{"id":"{ID}","value":120000}}',
        {**RUNNING, "takeprofit": 120000},
    ),
    (
        lambda r: r.isolated.remove_takeprofit(ID),
        f"DELETE {ISO}/trade/takeprofit?id={ID}",
        "",
        RUNNING,
    ),
    (
        lambda r: r.cross.new_order(NewOrder(side=Side.BUY, quantity=1000)),
        f"POST {C}/order",
        '{"type":"market","side":"buy","quantity":1000}',
        CROSS_FILLED,
    ),
    (
        lambda r: r.cross.new_order(
            NewOrder(side=Side.BUY, quantity=100, type=TradeType.LIMIT, price=Decimal(95_000))
        ),
        f"POST {C}/order",
        '{"type":"limit","side":"buy","quantity":100,"price":95000}',
        CROSS_OPEN,
    ),
    (lambda r: r.cross.cancel("91c4"), f"POST {C}/order/cancel", '{"id":"91c4"}', CROSS_CANCELED),
    (lambda r: r.cross.cancel_all(), f"POST {C}/orders/cancel-all", "", [CROSS_CANCELED]),
    (lambda r: r.cross.close(), f"POST {C}/position/close", "", CROSS_FILLED),
    (lambda r: r.cross.set_leverage(10), f"PUT {C}/leverage", '{"leverage":10}', CROSS),
    (lambda r: r.cross.deposit(500_000), f"POST {C}/deposit", '{"amount":500000}', CROSS),
    (lambda r: r.cross.withdraw(10_000), f"POST {C}/withdraw", '{"amount":10000}', CROSS),
    (
        lambda r: r.synthetic_usd.swap(1_000_000, into=Asset.USD),
        "POST /v3/synthetic-usd/swap",
        '{"inAmount":1000000,"inAsset":"BTC","outAsset":"USD"}',
        SWAP,
    ),
]


def check_signature(request: Any) -> None:
    headers = request.headers
    data = request.body.decode() or (f"?{request.query}" if request.query else "")
    assert headers["lnm-access-signature"] == sign_rest(
        SECRET,
        timestamp_ms=int(headers["lnm-access-timestamp"]),
        method=request.method,
        path=request.path,
        data=data,
    )


@pytest.mark.parametrize(("call", "path", "query", "said"), READS, ids=[r[1] for r in READS])
async def test_a_read_asks_its_endpoint(venue: Script, rest: Rest, call, path, query, said):
    venue.on(f"GET {path}", said)

    assert await call(rest)

    (request,) = venue.seen
    assert (request.method, request.path, request.query) == ("GET", path, query)
    public = path in ("/v3/ping", "/v3/time", "/v3/synthetic-usd/best-price") or (
        path.startswith("/v3/futures/") and not path.startswith((ISO, C))
    )
    assert ("lnm-access-key" in request.headers) is not public
    if not public:
        check_signature(request)


@pytest.mark.parametrize(("call", "target", "body", "said"), CHANGES, ids=[c[1] for c in CHANGES])
async def test_a_change_is_sent_once_as_signed(venue: Script, rest: Rest, call, target, body, said):
    venue.on(target.split("?")[0], said)

    await call(rest)

    (request,) = venue.seen
    assert f"{request.method} {request.target}" == target
    assert request.body.decode() == body
    assert ("content-type" in request.headers) == bool(body)
    check_signature(request)


@pytest.mark.parametrize(
    ("call", "target", "said"),
    [
        (lambda r: r.isolated.add_margin("other", 1), f"POST {ISO}/trade/add-margin", RUNNING),
        (lambda r: r.isolated.close(ID), f"POST {ISO}/trade/close", RUNNING),
        (lambda r: r.isolated.cancel(OPEN["id"]), f"POST {ISO}/trade/cancel", OPEN),
        (
            lambda r: r.isolated.set_stoploss(ID, Decimal(1)),
            f"PUT {ISO}/trade/stoploss",
            RUNNING,
        ),
        (lambda r: r.isolated.remove_stoploss(ID), f"DELETE {ISO}/trade/stoploss", RUNNING),
        (lambda r: r.cross.cancel("91c4"), f"POST {C}/order/cancel", CROSS_OPEN),
        (lambda r: r.cross.close(), f"POST {C}/position/close", CROSS_OPEN),
        (lambda r: r.cross.set_leverage(9), f"PUT {C}/leverage", CROSS),
        (
            lambda r: r.isolated.new_trade(
                NewTrade(side=Side.BUY, leverage=1, quantity=1000, client_id="mine")
            ),
            f"POST {ISO}/trade",
            RUNNING,
        ),
        (
            lambda r: r.cross.new_order(NewOrder(side=Side.SELL, quantity=1000)),
            f"POST {C}/order",
            CROSS_FILLED,
        ),
        (
            lambda r: r.account.withdraw_on_chain("bc2", 7),
            f"POST {A}/withdraw/on-chain",
            CHAIN,
        ),
    ],
)
async def test_an_answer_about_something_else_leaves_the_outcome_unknown(
    venue: Script, rest: Rest, call, target, said
):
    venue.on(target, said)

    with pytest.raises(OutcomeUnknown):
        await call(rest)

    assert len(venue.seen) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: NewTrade(side=Side.BUY, leverage=1),
        lambda: NewTrade(side=Side.BUY, leverage=1, quantity=1, margin=1),
        lambda: NewTrade(side=Side.BUY, leverage=1, quantity=1, type=TradeType.LIMIT),
        lambda: NewTrade(side=Side.BUY, leverage=1, quantity=1, price=Decimal(1)),
        lambda: NewTrade(side=Side.BUY, leverage=1, quantity=1, client_id="x" * 65),
        lambda: NewOrder(side=Side.BUY, quantity=1, type=TradeType.LIMIT),
        lambda: NewOrder(side=Side.BUY, quantity=1, client_id=""),
    ],
)
def test_an_order_that_contradicts_itself_is_refused(make):
    with pytest.raises(FieldInvalid):
        make()


async def test_a_swap_of_nothing_is_refused(rest: Rest):
    with pytest.raises(FieldInvalid):
        await rest.synthetic_usd.swap(0, into=Asset.USD)
