"""The stream: frames, refusals, limits, and who is told what."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from tests.plugins.lnmarkets.sim.kit import SETTINGS, Trader, trading
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from axisor_lnmarkets.sim.auth import signature

ROOT = "futures/inverse/btc_usd"
TRADES, ORDERS, POSITION = (
    f"{ROOT}/isolated/trades",
    f"{ROOT}/cross/orders",
    f"{ROOT}/cross/position",
)


class Line:
    """One connection to the stream."""

    def __init__(self, trader: Trader, socket: ClientConnection) -> None:
        self.trader = trader
        self.socket = socket

    async def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        """Send a request and return its whole answer, skipping pushes."""
        frame = {"jsonrpc": "2.0", "id": "7", "method": method, "params": params}
        await self.socket.send(json.dumps(frame))
        while "id" not in (answer := await self.next()):
            pass
        return answer

    async def next(self) -> dict[str, Any]:
        """Return the next frame."""
        found = json.loads(await self.socket.recv(), parse_float=Decimal)
        assert isinstance(found, dict)
        return found

    async def push(self, topic: str) -> Any:
        """Return the payload of the next push of a topic, skipping others."""
        while True:
            frame = await self.next()
            if frame.get("params", {}).get("topic") == topic:
                return frame["params"]["data"]

    async def authenticate(self, **changed: Any) -> dict[str, Any]:
        """Authenticate; keywords replace parameters after signing."""
        stamp = int(self.trader.clock.now().timestamp() * 1000)
        params: dict[str, Any] = {
            "key": "key",
            "passphrase": "phrase",
            "timestamp": stamp,
            "nonce": "00ff",
            "signature": signature(SETTINGS.secret, f"{stamp}00ff".encode()),
        }
        return await self.ask("authenticate", {**params, **changed})


@asynccontextmanager
async def line(trader: Trader) -> AsyncIterator[Line]:
    async with connect(trader.sim.stream_url, proxy=None) as socket:
        yield Line(trader, socket)


async def test_an_answer_has_timings_and_what_may_still_be_sent(trader: Trader):
    async with line(trader) as made:
        answer = await made.ask("time")

    now_ms = int(trader.clock.now().timestamp() * 1000)
    assert answer == {
        "jsonrpc": "2.0",
        "id": "7",
        "result": {"time": now_ms},
        "usIn": now_ms * 1000,
        "usOut": now_ms * 1000,
        "usDiff": 0,
        "rateLimit": {"remaining": 9, "limit": 10},
    }


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("{", -32700),
        ("[]", -32600),
        ('{"jsonrpc":"2.0","method":"ping"}', -32600),
        ('{"jsonrpc":"1.0","id":"1","method":"ping"}', -32600),
        ('{"jsonrpc":"2.0","id":"1","method":"ping","params":[]}', -32602),
        ('{"jsonrpc":"2.0","id":"1","method":"nothing"}', -32601),
        ('{"jsonrpc":"2.0","id":"1","method":"subscribe"}', -32602),
        ('{"jsonrpc":"2.0","id":"1","method":"subscribe","params":{"topics":["x"]}}', -32602),
        ('{"jsonrpc":"2.0","id":"1","method":"subscribe","params":{"topics":[[]]}}', -32602),
        ('{"jsonrpc":"2.0","id":"1","method":"hello","params":{}}', -32602),
        ('{"jsonrpc":"2.0","id":"1","method":"authenticate","params":{"key":1}}', -32602),
        ('{"jsonrpc":"2.0","id":"1","method":"whoami"}', -32001),
    ],
)
async def test_a_bad_request_is_refused_and_the_line_stays(trader: Trader, text: str, number: int):
    async with line(trader) as made:
        await made.socket.send(text)
        refusal = await made.next()

        assert refusal["error"]["code"] == number
        assert refusal["error"]["data"]["code"] in ("BAD_REQUEST", "NOT_FOUND", "UNAUTHORIZED")
        assert (await made.ask("ping"))["result"] == "pong"


@pytest.mark.parametrize(
    "changed",
    [{"key": "x"}, {"passphrase": "x"}, {"nonce": "00"}, {"signature": "x"}, {"timestamp": 1}],
)
async def test_wrong_credentials_do_not_open_private_topics(
    trader: Trader, changed: dict[str, Any]
):
    async with line(trader) as made:
        refusal = await made.authenticate(**changed)
        private = await made.ask("subscribe", {"topics": [TRADES]})

    assert refusal["error"]["data"]["code"] == "UNAUTHORIZED"
    assert private["error"]["data"]["code"] == "UNAUTHORIZED"


async def test_a_private_topic_needs_its_scope():
    settings = replace(SETTINGS, scopes=("futures:isolated:read",))
    async with trading(settings) as trader, line(trader) as made:
        await made.authenticate()

        allowed = await made.ask("subscribe", {"topics": [TRADES]})
        refused = await made.ask("subscribe", {"topics": [TRADES, ORDERS]})

        assert allowed["result"] == {"subscribed": [TRADES]}
        assert refused["error"]["data"]["code"] == "UNAUTHORIZED"


async def test_the_life_of_trades_is_told(trader: Trader):
    async with line(trader) as made:
        await made.authenticate()
        await made.ask("subscribe", {"topics": [TRADES]})
        waiting = await trader.long(type="limit", price=90_000, clientId="mine")
        opened = await made.push(TRADES)
        await trader.ok("POST", "/futures/isolated/trade/cancel", {"id": waiting["id"]})
        canceled = await made.push(TRADES)
        trade = await trader.long(takeprofit=101_000)
        filled = await made.push(TRADES)
        trader.clock.move(60)
        trader.sim.world.now()
        funded = await made.push(TRADES)
        trader.sim.world.set_price(Decimal(101_000))
        taken = await made.push(TRADES)

    assert (opened["event"], opened["trade"]["clientId"]) == ("open", "mine")
    assert set(canceled["trade"]) == {"id", "closedAt", "clientId"}
    assert (filled["event"], filled["trade"]["openingFee"]) == ("filled", 1000)
    assert funded["trade"] == {
        "id": trade["id"],
        "margin": 99_900,
        "liquidationPrice": Decimal("90917.5"),
        "fundingFee": 100,
        "fundedAt": 1_790_841_600_000,
        "clientId": None,
    }
    assert (taken["event"], taken["trade"]["exitPrice"]) == ("takeprofit", 101_000)
    assert set(taken["trade"]) == {"id", "closedAt", "closingFee", "pl", "exitPrice", "clientId"}


async def test_the_life_of_the_cross_position_is_told(trader: Trader):
    async with line(trader) as made:
        await made.authenticate()
        await made.ask("subscribe", {"topics": [ORDERS, POSITION]})
        await trader.ok("POST", "/futures/cross/deposit", {"amount": 500_000})
        deposit = await made.push(POSITION)
        await trader.ok("PUT", "/futures/cross/leverage", {"leverage": 10})
        leverage = await made.push(POSITION)
        order = {"side": "buy", "quantity": 1000}
        await trader.ok("POST", "/futures/cross/order", {**order, "type": "market"})
        new = await made.push(ORDERS)
        position = await made.push(POSITION)
        limit = {**order, "side": "sell", "type": "limit", "price": 110_000}
        await trader.ok("POST", "/futures/cross/order", limit)
        opened = await made.push(ORDERS)
        trader.sim.world.set_price(Decimal(110_000))
        met = await made.push(ORDERS)

    assert (deposit["event"], deposit["position"]["margin"]) == ("deposit", 500_000)
    assert (leverage["event"], leverage["position"]["leverage"]) == ("leverage", 10)
    assert (new["event"], new["order"]["tradingFee"]) == ("new", 1000)
    assert isinstance(new["order"]["filledAt"], int)
    assert (position["event"], position["position"]["liquidation"]) == ("new", 66_778)
    assert "id" not in position["position"]
    assert (opened["event"], "filledAt" in opened["order"]) == ("new", False)
    assert (met["event"], met["order"]["price"]) == ("limit", 110_000)


async def test_wallet_and_announcements_are_told(trader: Trader):
    async with line(trader) as made:
        await made.authenticate()
        topics = ["wallet/deposit", "wallet/withdrawal", "announcements"]
        await made.ask("subscribe", {"topics": topics})
        body = {"amount": 5_000}
        invoice = await trader.ok("POST", "/account/deposit/lightning", body)
        await trader.control("POST", "settle", {"id": invoice["depositId"]})
        deposit = await made.push("wallet/deposit")
        payment = {"invoice": "lntbs100u1p" + "q" * 100}
        await trader.ok("POST", "/account/withdraw/lightning", payment)
        withdrawal = await made.push("wallet/withdrawal")
        notice = {"id": "1", "title": "Soon", "message": "Later"}
        await trader.control("POST", "announce", notice)
        announced = await made.push("announcements")

    assert (deposit["amount"], deposit["balance"]) == (5_000, 1_005_000)
    assert (withdrawal["status"], withdrawal["balance"]) == ("processing", 994_900)
    assert announced == {**notice, "link": None}


async def test_price_topics_show_the_newest_price(trader: Trader):
    names = ("ticker", "lastPrice", "index", "buckets", "funding", "ohlc/1m", "ohlc/3months")
    topics = [f"{ROOT}/{name}" for name in names]
    async with line(trader) as made:
        await made.ask("subscribe", {"topics": topics})
        trader.sim.world.set_price(Decimal("101000.5"))
        pushed = {topic: await made.push(topic) for topic in sorted(topics)}

    assert pushed[f"{ROOT}/lastPrice"]["lastPrice"] == Decimal("101000.5")
    assert pushed[f"{ROOT}/index"]["index"] == Decimal("101000.5")
    assert pushed[f"{ROOT}/buckets"]["buckets"][1]["maxSize"] == 500_000
    assert pushed[f"{ROOT}/funding"]["current"]["rate"] == Decimal("0.0001")
    assert pushed[f"{ROOT}/ohlc/1m"]["high"] == Decimal("101000.5")
    assert pushed[f"{ROOT}/ticker"]["funding"]["time"] == 1_790_841_600_000


async def test_what_is_not_subscribed_to_is_not_pushed(trader: Trader):
    async with line(trader) as made:
        await made.ask("subscribe", {"topics": [f"{ROOT}/index"]})
        await made.ask("unsubscribeAll")
        trader.sim.world.set_price(Decimal(99_000))

        assert "result" in await made.ask("ping")


async def test_the_eleventh_message_of_a_second_is_refused():
    async with trading(replace(SETTINGS, rate_limit=True)) as trader, line(trader) as made:
        answers = [await made.ask("ping") for _ in range(11)]
        trader.clock.move(1)
        later = await made.ask("ping")

        assert [a.get("result") for a in answers[:10]] == ["pong"] * 10
        assert answers[9]["rateLimit"] == {"remaining": 0, "limit": 10}
        assert answers[10]["error"]["data"]["code"] == "TOO_MANY_REQUESTS"
        assert later["result"] == "pong"


async def test_guessing_credentials_is_slowed_down():
    async with trading(replace(SETTINGS, rate_limit=True)) as trader, line(trader) as made:
        codes = []
        for _ in range(21):
            trader.clock.move(0.2)
            codes.append((await made.authenticate(passphrase="x"))["error"]["data"]["code"])

        assert codes == ["UNAUTHORIZED"] * 20 + ["TOO_MANY_REQUESTS"]


async def test_too_long_a_message_ends_the_line(trader: Trader):
    async with line(trader) as made:
        await made.socket.send("x" * (16 * 1024 + 1))

        with pytest.raises(ConnectionClosed) as caught:
            await made.next()

    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009


async def test_a_silent_line_is_ended_after_two_minutes(trader: Trader):
    async with line(trader) as made:
        await trader.clock.until_asleep(120)
        trader.clock.move(120)

        with pytest.raises(ConnectionClosed):
            await made.next()


async def test_an_address_has_at_most_thirty_two_lines():
    async with trading(replace(SETTINGS, rate_limit=True)) as trader:
        lines = [await connect(trader.sim.stream_url, proxy=None) for _ in range(32)]

        with pytest.raises(Exception, match="HTTP 403"):
            await connect(trader.sim.stream_url, proxy=None)

        for made in lines:
            await made.close()
