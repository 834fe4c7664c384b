"""Back-tests over the wire: progress, the report, what is refused, and the end of who waits."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import msgspec
import pytest
from tests.server.rpc.serving import TOKEN, Nap, Served, bearer

from axisor.backtest import Sheet, back_test, parse_scenario, plan, play, sheet
from axisor.errors import ConfigInvalid, FieldInvalid, RateLimited
from axisor.intents import Intent
from axisor.model import Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor.v1 import backtests_pb2 as pb
from axisor.v1.backtests_pb2_grpc import BacktestServiceStub
from axisor.wire.status import from_call
from axisor_server.adapters.backtesting import surroundings

LONG = "sideways duration=1d tick=1s"
CANDLES = (
    b"time,open,high,low,close,volume\n"
    b"2026-01-01T00:00:00,100000,100100,99900,100050,1\n"
    b"2026-01-01T00:01:00,100050,100100,90000,99000,1\n"
)


def watch(channel: grpc.aio.Channel, account: str, **more: Any) -> Any:
    given: dict[str, Any] = {
        "parent": account,
        "strategy": "strategies/nap",
        "config": '{"minutes": 3}',
        "balance_sats": 1_000_000,
        "positions": ["long 25x 2500"],
    } | more
    stub = BacktestServiceStub(channel)
    return stub.WatchBacktest(pb.WatchBacktestRequest(**given), metadata=bearer(TOKEN))


async def frames(stream: Any) -> tuple[list[pb.BacktestProgress], bytes]:
    """Return the progress and the report of a stream. Raises AxisorError."""
    told, report = [], b""
    try:
        async for frame in stream:
            if frame.HasField("progress"):
                told.append(frame.progress)
            report += frame.report
    except grpc.aio.AioRpcError as error:
        raise from_call(error) from error
    return told, report


async def test_a_back_test_by_the_core_is_the_one_made_here(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    told, report = await frames(watch(channel, account, scenario="volatile tick=1s"))

    market = play(parse_scenario("volatile tick=1s"))
    mine = plan(
        name="account-1",
        balance=1_000_000,
        strategy=Nap,
        config='{"minutes": 3}',
        openings=("long 25x 2500",),
    )
    assert msgspec.json.decode(report, type=Sheet) == sheet(back_test(market, [mine]))
    done = [each.done_count for each in told]
    assert done == sorted(done)
    assert done[-1] == told[-1].total_count


async def test_recorded_candles_are_a_market_too(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    _, report = await frames(watch(channel, account, candles=CANDLES))

    read = msgspec.json.decode(report, type=Sheet)
    assert read.market.candles == 2
    assert read.metrics.liquidations == 1


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ({"scenario": "moon"}, FieldInvalid),
        ({"scenario": "gap speed=2"}, ConfigInvalid),
        ({"scenario": "gap", "positions": ["up"]}, ConfigInvalid),
        ({"scenario": "gap", "config": "{"}, ConfigInvalid),
        ({}, FieldInvalid),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_in_words(
    core: Served, channel: grpc.aio.Channel, account: str, wish: dict[str, Any], kind: type
) -> None:
    with pytest.raises(kind):
        await frames(watch(channel, account, **wish))


class Busy(Strategy[Config, Memory]):
    """Has something to do at each print."""

    name = "busy"

    def on_tick(self, tick: Tick, view: View) -> list[Intent]:
        """Look, and do nothing."""
        return []


async def test_no_more_run_than_there_is_room_for_and_hanging_up_makes_room(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    core.engine.strategies = {Nap.name: Nap, Busy.name: Busy}
    first = watch(channel, account, strategy="strategies/busy", config="{}", scenario=LONG)
    await first.read()

    with pytest.raises(RateLimited):
        await frames(watch(channel, account, scenario="gap"))
    first.cancel()

    async with asyncio.timeout(30):
        while True:  # the core learns a moment later that somebody hung up
            try:
                _, report = await frames(watch(channel, account, scenario="gap"))
                break
            except RateLimited:
                continue
    assert report


def test_a_worker_gets_no_setting_and_no_secret_of_the_core() -> None:
    given = {"AXISOR_VAULT__KEY": "s", "HOME": "/nowhere", "PATH": "/bin", "LD_PRELOAD": "x"}

    assert set(surroundings(given)) == {"PATH", "PYTHONPATH"}
