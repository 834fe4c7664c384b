"""The venue's own SDK 2 drives the simulator's stream: every method, and what it pushes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from tests.e2e.venue_sdk import Sdk, sdk, skip_without_node

from axisor.exchange import NewTrade
from axisor.model import OrderType, Side
from axisor.ports import Secret
from axisor_lnmarkets.sim import Settings, Simulator, serve

pytestmark = pytest.mark.node

ROOT = "futures/inverse/btc_usd"
KEYS = {"key": "key", "secret": "secret", "passphrase": "phrase"}


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    skip_without_node()
    settings = Settings(
        key="key",
        secret=Secret("secret"),
        passphrase=Secret("phrase"),
        balance=1_000_000,
        rate_limit=False,
    )
    async with serve(settings) as simulator:
        yield simulator


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[Sdk]:
    async with sdk("stream", sim.url, {}) as made:
        yield made


async def test_every_method_answers(client: Sdk, sim: Simulator):
    hello = await client.call("hello", {"clientName": "test", "clientVersion": "1"})
    pong = await client.call("ping")
    time = await client.call("time")
    stranger = await client.refused("whoami")
    private = await client.refused("subscribe", {"topics": [f"{ROOT}/isolated/trades"]})
    known = await client.call("authenticate", KEYS)
    who = await client.call("whoami")
    topics = [f"{ROOT}/ticker", f"{ROOT}/ohlc/1m"]
    subscribed = await client.call("subscribe", {"topics": topics})
    gone = await client.call("unsubscribe", {"topics": topics[:1]})
    rest = await client.call("unsubscribeAll")

    assert hello == {"version": "1.0.0"}
    assert pong == "pong"
    assert isinstance(time["time"], int)
    assert stranger.code == private.code == -32001
    assert known["authenticated"] is True
    assert (who["apiKey"], who["userId"]) == ("key", sim.world.account.id)
    assert who["permissions"] == known["permissions"]
    assert subscribed == {"subscribed": topics}
    assert gone == {"unsubscribed": topics[:1]}
    assert rest == {"unsubscribed": topics[1:]}


async def test_wrong_credentials_are_refused(client: Sdk):
    refusal = await client.refused("authenticate", {**KEYS, "secret": "other"})

    assert refusal.code == -32001
    assert refusal.body == {"code": "UNAUTHORIZED"}


async def test_prices_and_account_events_are_pushed(client: Sdk, sim: Simulator):
    topics = [f"{ROOT}/{name}" for name in ("ticker", "isolated/trades", "cross/position")]
    await client.call("authenticate", KEYS)
    await client.call("on", *topics)
    await client.call("subscribe", {"topics": topics})
    world = sim.world
    order = NewTrade(type=OrderType.MARKET, side=Side.BUY, leverage=10, quantity=1000)

    world.account.isolated.new_trade(world.now(), world.quote, order)
    world.settle_request()
    filled = await client.event(topics[1])
    world.account.cross.deposit(world.now(), 5_000)
    world.settle_request()
    deposited = await client.event(topics[2])
    world.set_price(Decimal(90_000))
    liquidated = await client.event(topics[1])
    ticker = await client.event(topics[0])
    while ticker["lastPrice"] != 90_000:
        ticker = await client.event(topics[0])

    assert (filled["event"], filled["trade"]["margin"]) == ("filled", 100_000)
    assert isinstance(filled["trade"]["createdAt"], int)
    assert (deposited["event"], deposited["position"]["margin"]) == ("deposit", 5_000)
    assert liquidated["event"] == "liquidation"
    assert (liquidated["trade"]["exitPrice"], "pl" in liquidated["trade"]) == (90_909, False)
    assert ticker["funding"]["rate"] == Decimal("0.0001")
