"""The venue's own SDKs drive the simulator over REST: every method, by its values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from tests.e2e.venue_sdk import Sdk, sdk, skip_without_node

from axisor.ports import Secret
from axisor_lnmarkets.sim import Settings, Simulator, serve

pytestmark = pytest.mark.node

KEYS = {"SDK_KEY": "key", "SDK_SECRET": "secret", "SDK_PASSPHRASE": "phrase"}
REMOVED = {
    "oracle.getIndex",
    "oracle.getLastPrice",
    "account.getInternalDeposits",
    "account.getInternalWithdrawals",
    "account.withdrawInternal",
}
"""Methods whose endpoints the venue has taken away."""


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    skip_without_node()
    settings = Settings(
        key="key",
        secret=Secret("secret"),
        passphrase=Secret("phrase"),
        balance=3_000_000,
        rate_limit=False,
    )
    async with serve(settings) as simulator:
        yield simulator


@pytest.fixture(params=["v1", "v2"])
async def client(request: pytest.FixtureRequest, sim: Simulator) -> AsyncIterator[Sdk]:
    async with sdk(request.param, sim.url, KEYS) as made:
        yield made


async def test_every_method_of_the_sdk_is_called_here_and_answers(client: Sdk, sim: Simulator):
    called: set[str] = set()
    call = client.call

    async def noted(path: str, *args: object) -> object:
        called.add(path)
        return await call(path, *args)

    client.call = noted  # type: ignore[method-assign]

    await _public(client)
    await _wallet(client, sim)
    await _isolated(client, sim)
    await _cross(client, sim)
    for path in sorted(REMOVED & set(client.methods)):
        refusal = await client.refused(path, {"amount": 1, "toUsername": "x"})
        assert (refusal.status, refusal.body) == (404, "Not found")

    assert set(client.methods) == called


async def _public(client: Sdk) -> None:
    assert await client.call("ping") == "pong"
    assert set(await client.call("time")) == {"time"}

    # SDK 1 misspells it.
    ticker_name = "futures.getTicke" + ("r" if "futures.getTicker" in client.methods else "t")
    ticker = await client.call(ticker_name)
    leaders = await client.call("futures.getLeaderboard")
    candles = await client.call("futures.getCandles", {"from": "2020-01-01T00:00:00.000Z"})
    settlements = await client.call("futures.getFundingSettlements")
    best = await client.call("syntheticUsd.getBestPrice")

    assert ticker["lastPrice"] == ticker["index"] == 100_000
    assert ticker["fundingRate"] == Decimal("0.0001")
    assert set(ticker["exchangesWeights"]) == {"bybit", "binance", "okx"}
    assert ticker["prices"][0] == {
        "minSize": 0,
        "maxSize": 100_000,
        "askPrice": 100_000,
        "bidPrice": 100_000,
    }
    assert set(leaders) == {"daily", "weekly", "monthly", "all-time"}
    assert candles["nextCursor"] is None
    assert candles["data"][0]["open"] == candles["data"][0]["close"] == 100_000
    assert settlements == {"data": [], "nextCursor": None}
    assert best == {"askPrice": 100_000, "bidPrice": 100_000}


async def _wallet(client: Sdk, sim: Simulator) -> None:
    account = await client.call("account.get")
    first = await client.call("account.getBitcoinAddress")
    made = await client.call("account.addBitcoinAddress", {"format": "p2tr"})
    other = await client.call("account.addBitcoinAddress")
    deposit = await client.call("account.depositLightning", {"amount": 100_000, "comment": "hi"})
    deposits = await client.call("account.getLightningDeposits", {"settled": False})
    settled = await client.call("account.getLightningDeposits", {"settled": True, "limit": 5})
    on_chain = await client.call("account.getOnChainDeposits", {"status": "CONFIRMED"})

    assert account["balance"] == 3_000_000
    assert account["email"] is None
    assert account["feeTier"] == 0
    assert len({first["address"], made["address"], other["address"]}) == 3
    assert deposit["paymentRequest"].startswith("ln")
    assert [(row["id"], row["settledAt"], row["comment"]) for row in deposits["data"]] == [
        (deposit["depositId"], None, "hi")
    ]
    assert settled["data"] == on_chain["data"] == []

    await _payments(client)
    assert sim.world.account.books.balance == 2_969_900


async def _payments(client: Sdk) -> None:
    invoice = "lntbs100u1p" + "q" * 100
    sent = await client.call("account.withdrawLightning", {"invoice": invoice})
    address = "tb1q" + "q" * 38
    paid = await client.call("account.withdrawOnChain", {"address": address, "amount": 20_000})
    lightning = await client.call("account.getLightningWithdrawals", {"status": "processing"})
    chain = await client.call("account.getOnChainWithdrawals")
    bad_invoice = await client.refused("account.withdrawLightning", {"invoice": "garbage"})
    bad_address = await client.refused(
        "account.withdrawOnChain", {"address": "garbage", "amount": 1}
    )

    assert (sent["amount"], sent["maxFees"]) == (10_000, 100)
    assert (paid["amount"], paid["status"], paid["address"]) == (20_000, "pending", address)
    assert [row["id"] for row in lightning["data"]] == [sent["id"]]
    assert [(row["id"], row["txId"]) for row in chain["data"]] == [(paid["id"], None)]
    assert bad_invoice.body["message"] == "Send a correct BOLT 11 invoice"
    assert bad_address.body["message"] == "Invalid address"
    assert (await client.call("account.get"))["balance"] == 3_000_000 - 10_100 - 20_000

    assert (await client.call("account.getNotifications"))["data"] == []
    assert await client.call("account.readNotifications") is None

    swap = await client.call(
        "syntheticUsd.newSwap", {"inAmount": 1_000_000, "inAsset": "BTC", "outAsset": "USD"}
    )
    assert (swap["outAmount"], swap["outAsset"]) == (1000, "USD")
    back = await client.call(
        "syntheticUsd.newSwap", {"inAmount": 1000, "inAsset": "USD", "outAsset": "BTC"}
    )
    swaps = await client.call("syntheticUsd.getSwaps")
    assert back["outAmount"] == 1_000_000
    assert [row["id"] for row in swaps["data"]] == [back["id"], swap["id"]]


async def _isolated(client: Sdk, sim: Simulator) -> None:
    waiting = await client.call(
        "futures.isolated.newTrade",
        {
            "type": "limit",
            "side": "buy",
            "price": 100_000,
            "quantity": 1,
            "leverage": 100,
            "clientId": "test-client-id",
        },
    )
    # The values of the venue's own live test.
    assert waiting["entryMargin"] == waiting["margin"] == 10
    assert (waiting["liquidation"], waiting["maintenanceMargin"]) == (99_010, 2)
    assert (waiting["open"], waiting["running"], waiting["clientId"]) == (
        True,
        False,
        "test-client-id",
    )
    listed = await client.call("futures.isolated.getOpenTrades")
    assert [trade["id"] for trade in listed] == [waiting["id"]]
    canceled = await client.call("futures.isolated.cancel", {"id": waiting["id"]})
    assert (canceled["canceled"], canceled["filledAt"]) == (True, None)
    assert await client.call("futures.isolated.cancelAll") == []
    await _running(client, sim)


async def _running(client: Sdk, sim: Simulator) -> None:
    trade = await client.call(
        "futures.isolated.newTrade",
        {"type": "market", "side": "buy", "quantity": 1000, "leverage": 10},
    )
    id_ = trade["id"]
    assert (trade["margin"], trade["maintenanceMargin"], trade["openingFee"]) == (
        100_000,
        1_100,
        1_000,
    )
    added = await client.call("futures.isolated.addMargin", {"id": id_, "amount": 50_000})
    assert (added["margin"], added["liquidation"]) == (150_000, Decimal("86956.5"))
    sim.world.set_price(Decimal(110_000))
    cashed = await client.call("futures.isolated.cashIn", {"id": id_, "amount": 40_000})
    assert (cashed["price"], cashed["sumCashInPl"]) == (Decimal("104166.5"), 40_000)
    stop = await client.call("futures.isolated.updateStoploss", {"id": id_, "value": 99_500.5})
    assert stop["stoploss"] == Decimal("99500.5")
    again = await client.refused("futures.isolated.updateStoploss", {"id": id_, "value": 99_500.5})
    assert again.status == 400
    assert again.body["message"].endswith("same as the previous one")
    target = await client.call("futures.isolated.updateTakeprofit", {"id": id_, "value": 120_000})
    assert target["takeprofit"] == 120_000
    if "futures.isolated.removeStoploss" in client.methods:
        bare = await client.call("futures.isolated.removeStoploss", {"id": id_})
        assert bare["stoploss"] == 0
        bare = await client.call("futures.isolated.removeTakeprofit", {"id": id_})
        assert bare["takeprofit"] == 0
    running = await client.call("futures.isolated.getRunningTrades")
    assert [(t["id"], t["pl"]) for t in running] == [(id_, 50_911)]
    closed = await client.call("futures.isolated.close", {"id": id_})
    assert (closed["closed"], closed["exitPrice"], closed["pl"]) == (True, 110_000, 50_911)
    past = await client.call("futures.isolated.getClosedTrades", {"limit": 1})
    assert [t["id"] for t in past["data"]] == [id_]
    assert await client.call("futures.isolated.getFundingFees") == {"data": [], "nextCursor": None}


async def _cross(client: Sdk, sim: Simulator) -> None:
    sim.world.set_price(Decimal(100_000))
    assert (await client.call("futures.cross.getPosition"))["quantity"] == 0
    assert (await client.call("futures.cross.deposit", {"amount": 510_000}))["margin"] == 510_000
    assert (await client.call("futures.cross.withdraw", {"amount": 10_000}))["margin"] == 500_000
    moves = await client.call("futures.cross.getTransfers")
    assert [row["amount"] for row in moves["data"]] == [-10_000, 510_000]
    assert (await client.call("futures.cross.setLeverage", {"leverage": 10}))["leverage"] == 10

    off_step = await client.refused(
        "futures.cross.newOrder", {"type": "limit", "side": "buy", "price": 1.7, "quantity": 1}
    )
    assert (off_step.status, off_step.body["code"]) == (400, "BAD_REQUEST")
    limit = {"type": "limit", "side": "buy", "price": 95_000, "quantity": 100}
    order = await client.call("futures.cross.newOrder", limit)
    assert (order["open"], order["tradingFee"]) == (True, 0)
    waiting = await client.call("futures.cross.getOpenOrders")
    assert [row["id"] for row in waiting] == [order["id"]]
    assert (await client.call("futures.cross.cancel", {"id": order["id"]}))["canceled"] is True
    second = await client.call("futures.cross.newOrder", limit)
    gone = await client.call("futures.cross.cancelAll")
    assert [row["id"] for row in gone] == [second["id"]]

    filled = await client.call(
        "futures.cross.newOrder", {"type": "market", "side": "buy", "quantity": 1000}
    )
    assert (filled["filled"], filled["price"], filled["tradingFee"]) == (True, 100_000, 1_000)
    sim.world.set_price(Decimal(101_000))
    position = await client.call("futures.cross.getPosition")
    assert (position["margin"], position["liquidation"], position["deltaPl"]) == (
        499_000,
        66_778,
        9_901,
    )
    closed = await client.call("futures.cross.close")
    assert (closed["quantity"], closed["side"], closed["filled"]) == (1000, "sell", True)
    orders = await client.call("futures.cross.getFilledOrders")
    assert [row["id"] for row in orders["data"]] == [closed["id"], filled["id"]]
    assert await client.call("futures.cross.getFundingFees") == {"data": [], "nextCursor": None}
