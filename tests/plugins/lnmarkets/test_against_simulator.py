"""The client and the simulator speak the same protocol: every call, over real connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from tests.plugins.lnmarkets.links import KEY, PASSPHRASE, SECRET, SEED, credentials

from axisor.errors import VenueAuth, VenueClockSkew, VenueRefused
from axisor.intents import (
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.model import CROSS, MarginMode, OrderType, Position, Side
from axisor.ports import Confirmed, Credentials, Refused, Secret, Unknown
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.address import address_of
from axisor_lnmarkets.limiter import Limiter, Rate
from axisor_lnmarkets.market import LnMarketsFeed
from axisor_lnmarkets.models.account import Asset
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.sim import Settings, Simulator, serve
from axisor_lnmarkets.sim.clock import SystemClock
from axisor_lnmarkets.sim.faults import parse_mode
from axisor_lnmarkets.transport import Transport

FAST = Rate(requests=1_000, reserve=0)
SETTINGS = Settings(
    key=KEY,
    secret=Secret(SECRET),
    passphrase=Secret(PASSPHRASE),
    balance=10_000_000,
    rate_limit=False,
)


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """Serve a simulator whose price stands at 100,000."""
    async with serve(SETTINGS) as simulator:
        yield simulator


def account_of(sim: Simulator, keys: Credentials | None = None) -> LnMarketsAccount:
    clock = SystemClock()
    return LnMarketsAccount(
        address_of("sim", sim.url),
        keys or credentials(),
        clock=clock,
        public=Limiter(clock, FAST),
        rng=Random(SEED),
        rate=FAST,
    )


@pytest.fixture
async def account(sim: Simulator) -> AsyncIterator[LnMarketsAccount]:
    """Return the simulator's account."""
    client = account_of(sim)
    yield client
    await client.aclose()


@pytest.fixture
async def rest(sim: Simulator) -> AsyncIterator[Rest]:
    """Return a client of every call of the simulator."""
    clock = SystemClock()
    transport = Transport(
        address_of("sim", sim.url),
        clock=clock,
        public=Limiter(clock, FAST),
        signer=Signer(credentials()),
    )
    yield Rest(transport)
    await transport.aclose()


def now_ms(account: LnMarketsAccount) -> int:
    """Return the stamp that an action is signed with."""
    return int(SystemClock().now().timestamp() * 1000)


async def done(account: LnMarketsAccount, action: object) -> Confirmed:
    result = await account.send(action, signed_at_ms=now_ms(account))  # type: ignore[arg-type]
    assert isinstance(result, Confirmed), result
    return result


async def opened(account: LnMarketsAccount, **changed: object) -> Position:
    fields: dict[str, object] = {"side": Side.BUY, "leverage": 10, "quantity": 1000, **changed}
    position = (await done(account, OpenPosition(**fields))).position  # type: ignore[arg-type]
    assert position is not None
    return position


async def test_public_reads_agree(rest: Rest):
    general = rest.general

    assert await general.ping() == "pong"
    assert (await general.time()).time.tzinfo is not None
    assert (await general.ticker()).last_price == 100_000
    assert isinstance((await general.leaderboard()).all_time, tuple)
    assert isinstance((await general.candles()).data, tuple)
    assert isinstance((await general.funding_settlements()).data, tuple)
    best = await general.best_price()
    assert best.bid_price <= best.ask_price


async def test_account_calls_agree(rest: Rest):
    calls = rest.account

    assert (await calls.account()).balance == 10_000_000
    await calls.address()
    await calls.new_address()
    await calls.deposit_lightning(1_000)
    for read in (
        calls.deposits_lightning,
        calls.deposits_on_chain,
        calls.withdrawals_lightning,
        calls.withdrawals_on_chain,
        calls.notifications,
    ):
        assert isinstance((await read()).data, tuple)
    await calls.read_notifications()
    with pytest.raises(VenueRefused):
        await calls.withdraw_lightning("garbage")
    with pytest.raises(VenueRefused):
        await calls.withdraw_on_chain("garbage", 10_000)


async def test_swaps_agree(rest: Rest):
    swap = await rest.synthetic_usd.swap(1_000_000, into=Asset.USD)

    assert swap.out_asset is Asset.USD
    assert (await rest.synthetic_usd.swaps()).data[0].id == swap.id


async def test_an_isolated_position_lives_its_life(account: LnMarketsAccount):
    position = await opened(account, client_id="mine")
    id = position.id
    added = await done(account, AddMargin(position=id, amount=50_000))
    cashed = await done(account, CashIn(position=id, amount=10_000))
    stopped = await done(account, SetStop(position=id, price=Decimal(95_000)))
    taking = await done(account, SetTakeProfit(position=id, price=Decimal("120000.5")))
    state = await account.read()
    await done(account, SetStop(position=id, price=None))
    await done(account, SetTakeProfit(position=id, price=None))
    mine = await account.find_order("mine")
    running = await account.closed_position(id)
    closed = await done(account, ClosePosition(position=id))
    ended = await account.closed_position(id)

    assert (position.margin, position.liquidation) == (100_000, Decimal(90_909))
    assert added.position is not None
    assert added.position.margin == 150_000
    assert cashed.position is not None
    assert cashed.position.margin == 140_000
    assert stopped.position is not None
    assert stopped.position.stoploss == 95_000
    assert taking.position is not None
    assert [p.id for p in state.positions] == [id]
    assert state.positions[0].takeprofit == Decimal("120000.5")
    assert [item.id for item in mine] == [id]
    assert running is None
    assert closed.closed == ended
    assert ended is not None
    assert ended.end == "closed"
    assert await account.funding_paid(id) == ()
    assert (await account.read()).positions == ()


async def test_limit_orders_are_placed_and_canceled(account: LnMarketsAccount):
    low = {"type": OrderType.LIMIT, "price": Decimal(70_000), "leverage": 5, "quantity": 10}
    first = await done(account, OpenPosition(side=Side.BUY, client_id="a", **low))  # type: ignore[arg-type]
    await done(account, OpenPosition(side=Side.BUY, **low))  # type: ignore[arg-type]
    state = await account.read()
    await done(account, CancelOrder(order=first.venue_id))
    await done(account, CancelAllOrders())

    assert len(state.orders) == 2
    assert (await account.read()).orders == ()
    assert [item.id for item in await account.find_order("a")] == [first.venue_id]


async def test_the_cross_position_lives_its_life(account: LnMarketsAccount):
    await done(account, DepositCross(amount=500_000))
    await done(account, SetCrossLeverage(leverage=10))
    bought = await done(account, CrossOrder(side=Side.BUY, quantity=1000, client_id="x"))
    limit = CrossOrder(side=Side.BUY, quantity=10, type=OrderType.LIMIT, price=Decimal(70_000))
    waiting = await done(account, limit)
    state = await account.read()
    await done(account, CancelOrder(order=waiting.venue_id, margin_mode=MarginMode.CROSS))
    await done(account, limit)
    await done(account, CancelAllOrders(margin_mode=MarginMode.CROSS))
    still = await account.closed_position(CROSS)
    await done(account, ClosePosition(position=CROSS))
    ended = await account.closed_position(CROSS)
    await done(account, WithdrawCross(amount=10_000))
    transfers = await account.transfers(after=None)

    position = state.position(CROSS)
    assert position is not None
    assert (position.quantity, position.margin) == (1000, 499_000)
    assert state.cross.leverage == 10
    assert [order.id for order in state.orders] == [waiting.venue_id]
    assert [item.id for item in await account.find_order("x")] == [bought.venue_id]
    assert still is None
    assert ended is not None
    assert ended.end == "closed"
    assert [transfer.amount for transfer in transfers] == [-10_000, 500_000]
    assert await account.transfers(after=transfers[0].id) == ()
    assert await account.funding_paid(CROSS) == ()


async def test_a_wrong_key_is_refused(sim: Simulator):
    wrong = Credentials(Secret(KEY), Secret("wrong"), Secret(PASSPHRASE))
    client = account_of(sim, wrong)

    with pytest.raises(VenueAuth):
        await client.read()
    result = await client.send(AddMargin(position="x", amount=1), signed_at_ms=now_ms(client))
    with pytest.raises(VenueAuth):
        await client.rights()

    assert isinstance(result, Refused)
    await client.aclose()


async def test_a_stamp_out_of_the_window_is_refused_by_the_venue(
    account: LnMarketsAccount,
):
    result = await account.send(
        AddMargin(position="x", amount=1), signed_at_ms=now_ms(account) - 31_000
    )

    assert isinstance(result, Refused)
    assert isinstance(result.error, VenueClockSkew)


@pytest.mark.parametrize(
    ("mode", "happened"),
    [
        ("lose-response", True),
        ("lose-request", False),
        ("status:502", False),
        ("status-after:502", True),
        ("status:503", False),
    ],
)
async def test_what_the_line_hides_is_unknown_and_a_read_tells(
    sim: Simulator, account: LnMarketsAccount, mode: str, happened: bool
):
    position = await opened(account)
    sim.faults.add("add-margin", parse_mode(mode), times=1)

    result = await account.send(
        AddMargin(position=position.id, amount=50_000), signed_at_ms=now_ms(account)
    )

    assert isinstance(result, Unknown)
    after = (await account.read()).position(position.id)
    assert after is not None
    assert after.margin == (150_000 if happened else 100_000)


async def test_hints_and_rights_come_by_the_stream(account: LnMarketsAccount):
    rights = await account.rights()
    changes = account.changes()
    async with asyncio.timeout(60):
        first = await anext(changes)
        await opened(account)
        second = await anext(changes)

    assert "futures:isolated:write" in rights.scopes
    assert (first, second) == ("connected", "isolated/trades:filled")


async def test_ticks_follow_the_simulators_price(sim: Simulator):
    clock = SystemClock()
    feed = LnMarketsFeed(
        address_of("sim", sim.url),
        clock=clock,
        public=Limiter(clock, FAST),
        rng=Random(SEED),
    )
    seen = []
    async with asyncio.timeout(60):
        async for tick in feed.ticks():
            seen.append(tick)
            if tick.source == "stream":
                break
    offset = await feed.clock_offset()
    candles = await feed.candles(clock.now() - timedelta(hours=1), clock.now(), limit=5)
    await feed.aclose()

    assert seen[-1].last == 100_000
    assert seen[-1].bid is not None
    assert abs(offset.offset_ms) <= offset.uncertainty_ms + 5
    assert len(candles) <= 5
