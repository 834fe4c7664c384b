"""REST's own ways: refusals that change nothing, exact numbers, limits, unknown routes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from tests.plugins.lnmarkets.sim.kit import SETTINGS, Trader, trading

from axisor.exchange import Rules

UNKNOWN = "00000000-0000-4000-8000-000000000000"
MARKET = {"type": "market", "side": "buy", "leverage": 10, "quantity": 1000}
LIMIT = {**MARKET, "type": "limit", "price": 90_000}

BAD: list[tuple[str, str, Any]] = [
    ("POST", "/futures/isolated/trade", {**MARKET, "quantity": 0}),
    ("POST", "/futures/isolated/trade", {**MARKET, "quantity": 1.5}),
    ("POST", "/futures/isolated/trade", {**MARKET, "quantity": 500_001}),
    ("POST", "/futures/isolated/trade", {**MARKET, "quantity": 10**18}),
    ("POST", "/futures/isolated/trade", {**MARKET, "margin": 1000}),
    ("POST", "/futures/isolated/trade", {**MARKET, "leverage": 101}),
    ("POST", "/futures/isolated/trade", {**MARKET, "leverage": 0.5}),
    ("POST", "/futures/isolated/trade", {**MARKET, "leverage": "10"}),
    ("POST", "/futures/isolated/trade", {**MARKET, "leverage": True}),
    ("POST", "/futures/isolated/trade", {**MARKET, "side": "b"}),
    ("POST", "/futures/isolated/trade", {**MARKET, "price": 90_000}),
    ("POST", "/futures/isolated/trade", {**MARKET, "clientId": "x" * 65}),
    ("POST", "/futures/isolated/trade", {**LIMIT, "price": 90_000.25}),
    ("POST", "/futures/isolated/trade", {**LIMIT, "price": None}),
    ("POST", "/futures/isolated/trade", {**MARKET, "stoploss": 89_000}),
    ("POST", "/futures/isolated/trade", [1]),
    ("POST", "/futures/isolated/trade/add-margin", {"id": UNKNOWN, "amount": 0}),
    ("POST", "/futures/isolated/trade/add-margin", {"id": UNKNOWN, "amount": -5}),
    ("POST", "/futures/isolated/trade/add-margin", {"id": "nonsense", "amount": 5}),
    ("POST", "/futures/isolated/trade/add-margin", {"amount": 5}),
    ("PUT", "/futures/isolated/trade/stoploss", {"id": UNKNOWN, "value": "high"}),
    ("POST", "/futures/cross/deposit", {"amount": 1_000_001}),
    ("POST", "/futures/cross/withdraw", {"amount": 1}),
    ("PUT", "/futures/cross/leverage", {"leverage": 101}),
    ("PUT", "/futures/cross/leverage", {"leverage": 1.5}),
    ("POST", "/futures/cross/position/close", None),
    ("POST", "/account/deposit/lightning", {"amount": 5, "descriptionHash": "xyz"}),
    ("POST", "/synthetic-usd/swap", {"inAmount": 5, "inAsset": "BTC", "outAsset": "BTC"}),
]


@pytest.mark.parametrize(("method", "path", "body"), BAD)
async def test_a_bad_request_is_refused_and_changes_nothing(
    trader: Trader, method: str, path: str, body: Any
):
    before = trader.sim.world.account.digest()

    answer = await trader.send(method, path, body)

    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "BAD_REQUEST"
    assert trader.sim.world.account.digest() == before


async def test_a_trade_that_does_not_exist_is_refused(trader: Trader):
    answer = await trader.send(
        "POST", "/futures/isolated/trade/add-margin", {"id": UNKNOWN, "amount": 5}
    )

    assert answer.status_code in (400, 404)
    assert answer.json()["message"]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'"text"', b'{"amount":1e999999}'])
async def test_a_body_that_is_no_object_is_refused(trader: Trader, body: bytes):
    path = "/v3/futures/cross/deposit"

    answer = await trader.http.post(path, content=body, headers=trader.headers("POST", path, body))

    assert answer.status_code == 400


async def test_too_large_a_body_is_refused(trader: Trader):
    answer = await trader.http.post("/v3/futures/cross/deposit", content=b"x" * 70_000)

    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/v3/nothing", "/v3/oracle/index", "/", "/v2/futures"])
async def test_an_unknown_route_is_answered_in_plain_text(trader: Trader, path: str):
    answer = await trader.http.get(path)

    assert (answer.status_code, answer.text) == (404, "Not found")


async def test_whole_prices_have_no_fraction_and_halves_have_one(trader: Trader):
    trade = await trader.long()
    answer = await trader.send(
        "PUT", "/futures/isolated/trade/stoploss", {"id": trade["id"], "value": 99_500.5}
    )

    assert '"price":100000,' in answer.text
    assert '"stoploss":99500.5,' in answer.text
    assert '"leverage":10,' in answer.text


async def test_a_whole_cycle_ends_with_the_balance_of_the_worked_example(trader: Trader):
    trade = await trader.long()
    during = await trader.ok("GET", "/account")
    trader.sim.world.set_price(Decimal(110_000))

    closed = await trader.ok("POST", "/futures/isolated/trade/close", {"id": trade["id"]})
    after = await trader.ok("GET", "/account")

    assert during["balance"] == 897_900
    assert (closed["pl"], closed["closingFee"]) == (90_909, 909)
    assert after["balance"] == 1_089_000
    assert [closed[flag] for flag in ("open", "running", "closed", "canceled")] == [
        False,
        False,
        True,
        False,
    ]


async def test_anonymous_callers_have_one_request_a_second_and_keys_five():
    async with trading(replace(SETTINGS, rate_limit=True)) as trader:
        anonymous = [await trader.http.get("/v3/ping") for _ in range(2)]
        keyed = [await trader.send("GET", "/account") for _ in range(6)]
        trader.clock.move(1)
        later = await trader.http.get("/v3/ping")

        assert [a.status_code for a in anonymous] == [200, 429]
        assert [a.status_code for a in keyed] == [200] * 5 + [429]
        assert anonymous[1].headers["retry-after"] == keyed[5].headers["retry-after"] == "1"
        assert keyed[5].json()["code"] == "TOO_MANY_REQUESTS"
        assert later.status_code == 200


async def test_candles_and_funding_follow_market_time(trader: Trader):
    trade = await trader.long()
    trader.clock.move(60)

    ticker = await trader.ok("GET", "/futures/ticker")
    settled = await trader.ok("GET", "/futures/funding-settlements")
    fees = await trader.ok("GET", "/futures/isolated/funding-fees", query=f"tradeId={trade['id']}")
    candles = await trader.ok("GET", "/futures/candles", query="range=1m&limit=10")

    assert ticker["fundingTime"] == "2026-10-01T16:00:00.000Z"
    assert [row["time"] for row in settled["data"]] == ["2026-10-01T08:00:00.000Z"]
    assert [(row["fee"], row["tradeId"]) for row in fees["data"]] == [(100, trade["id"])]
    assert candles["data"][-1]["time"] == "2026-10-01T07:59:00.000Z"
    assert (await trader.ok("GET", "/futures/isolated/trades/running"))[0]["margin"] == 99_900


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "from=noon", "cursor="])
async def test_a_bad_page_is_refused(trader: Trader, query: str):
    answer = await trader.send("GET", "/futures/cross/transfers", query=query)

    assert answer.status_code == 400


async def test_pages_go_back_in_time_by_cursor(trader: Trader):
    for amount in (1, 2, 3):
        trader.clock.move(1)
        await trader.ok("POST", "/futures/cross/deposit", {"amount": amount})

    first = await trader.ok("GET", "/futures/cross/transfers", query="limit=2")
    cursor = first["nextCursor"].replace(":", "%3A")
    second = await trader.ok("GET", "/futures/cross/transfers", query=f"limit=2&cursor={cursor}")

    assert [row["amount"] for row in first["data"]] == [3, 2]
    assert first["nextCursor"] == "2026-10-01T07:59:02.000Z"
    assert [row["amount"] for row in second["data"]] == [1]
    assert second["nextCursor"] is None


async def test_fees_can_be_switched_off():
    async with trading(replace(SETTINGS, rules=Rules(fee_tier=None))) as trader:
        trade = await trader.long()

        assert (trade["openingFee"], trade["maintenanceMargin"]) == (0, 0)
