"""Runs, the market, the system: each service answers over the wire."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.duration_pb2 import Duration
from prometheus_client import generate_latest
from tests.server.rpc.serving import Served, bearer

from axisor.v1 import guard_pb2, market_pb2, orders_pb2, resources_pb2, strategies_pb2, system_pb2
from axisor.v1.guard_pb2_grpc import GuardServiceStub
from axisor.v1.market_pb2_grpc import MarketServiceStub
from axisor.v1.orders_pb2_grpc import OrderServiceStub
from axisor.v1.strategies_pb2_grpc import StrategyServiceStub
from axisor.v1.system_pb2_grpc import SystemServiceStub
from axisor.v1.types_pb2 import (
    COVERAGE_STATE_UNPROTECTED,
    INTENT_STATE_CONFIRMED,
    MARGIN_MODE_ISOLATED,
    ORDER_STATE_CANCELED,
    ORDER_STATE_OPEN,
    ORDER_TYPE_LIMIT,
    RUN_STATE_CREATED,
    RUN_STATE_PAUSED,
    RUN_STATE_RUNNING,
    RUN_STATE_STOPPED,
    SIDE_BUY,
)
from axisor.wire.status import from_call

ID = "0d9f3c7e-0000-4000-8000-0000000001{:02d}"


async def create(channel: grpc.aio.Channel, account: str, **fields: Any) -> resources_pb2.Run:
    """Create a run of the strategy that naps."""
    usual = {"request_id": ID.format(1), "strategy": "strategies/nap", "parent": account}
    answer = await StrategyServiceStub(channel).CreateRun(
        strategies_pb2.CreateRunRequest(**(usual | fields)), metadata=bearer()
    )
    return answer.run


async def test_a_run_goes_through_its_life(channel: grpc.aio.Channel, account: str) -> None:
    stub = StrategyServiceStub(channel)
    run = await create(channel, account)
    name = run.name

    started = await stub.StartRun(
        strategies_pb2.StartRunRequest(name=name, request_id=ID.format(2)), metadata=bearer()
    )
    paused = await stub.PauseRun(
        strategies_pb2.PauseRunRequest(name=name, request_id=ID.format(3)), metadata=bearer()
    )
    resumed = await stub.ResumeRun(
        strategies_pb2.ResumeRunRequest(name=name, request_id=ID.format(4)), metadata=bearer()
    )
    stopped = await stub.StopRun(
        strategies_pb2.StopRunRequest(name=name, request_id=ID.format(5)), metadata=bearer()
    )

    states = [run.state, started.run.state, paused.run.state, resumed.run.state]
    assert states == [RUN_STATE_CREATED, RUN_STATE_RUNNING, RUN_STATE_PAUSED, RUN_STATE_RUNNING]
    assert stopped.run.state == RUN_STATE_STOPPED


async def test_a_pause_for_a_time_says_when_it_ends(
    channel: grpc.aio.Channel, account: str
) -> None:
    stub = StrategyServiceStub(channel)
    name = (await create(channel, account)).name
    await stub.StartRun(
        strategies_pb2.StartRunRequest(name=name, request_id=ID.format(2)), metadata=bearer()
    )

    paused = await stub.PauseRun(
        strategies_pb2.PauseRunRequest(
            name=name, request_id=ID.format(3), reason="lunch", pause_for=Duration(seconds=900)
        ),
        metadata=bearer(),
    )
    found = await stub.GetRun(strategies_pb2.GetRunRequest(name=name), metadata=bearer())

    assert found.run == paused.run
    assert found.run.state_reason == "lunch"
    spans = found.run.resume_time.ToDatetime() - found.run.update_time.ToDatetime()
    assert spans.total_seconds() == 900


@pytest.mark.parametrize("span", [Duration(seconds=59), Duration(seconds=86_400, nanos=1)])
async def test_a_pause_is_a_minute_to_a_day(
    channel: grpc.aio.Channel, account: str, span: Duration
) -> None:
    name = (await create(channel, account)).name

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await StrategyServiceStub(channel).PauseRun(
            strategies_pb2.PauseRunRequest(name=name, request_id=ID.format(3), pause_for=span),
            metadata=bearer(),
        )

    error = from_call(refused.value)
    assert (error.reason, error.metadata["field"]) == ("FIELD_INVALID", "pause_for")


async def test_creating_a_run_twice_under_one_id_makes_one(
    channel: grpc.aio.Channel, account: str
) -> None:
    first = await create(channel, account)
    second = await create(channel, account)

    listed = await StrategyServiceStub(channel).ListRuns(
        strategies_pb2.ListRunsRequest(parent=account), metadata=bearer()
    )

    assert first == second
    assert [run.name for run in listed.runs] == [first.name]


async def test_validating_a_run_stores_nothing(channel: grpc.aio.Channel, account: str) -> None:
    await create(channel, account, validate_only=True)

    listed = await StrategyServiceStub(channel).ListRuns(
        strategies_pb2.ListRunsRequest(parent=account), metadata=bearer()
    )

    assert not listed.runs


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"config": '{"minutes": 0}'}, "CONFIG_INVALID"),
        ({"config": '{"hours": 1}'}, "CONFIG_INVALID"),
        ({"config": "{"}, "CONFIG_INVALID"),
        ({"strategy": "strategies/none"}, "STRATEGY_NOT_FOUND"),
        ({"parent": "accounts/none"}, "ACCOUNT_NOT_FOUND"),
    ],
)
async def test_a_run_that_does_not_fit_is_not_created(
    channel: grpc.aio.Channel, account: str, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await create(channel, account, **fields)

    assert from_call(refused.value).reason == reason


async def test_the_catalogue_has_words_and_a_schema(channel: grpc.aio.Channel) -> None:
    answer = await StrategyServiceStub(channel).GetStrategy(
        strategies_pb2.GetStrategyRequest(name="strategies/nap"), metadata=bearer()
    )

    assert answer.strategy.title == "Does nothing."
    assert "minutes" in json.dumps(json.loads(answer.strategy.config_schema))


async def test_an_order_is_placed_listed_and_canceled(
    channel: grpc.aio.Channel, account: str
) -> None:
    stub = OrderServiceStub(channel)
    placed = await stub.PlaceOrder(
        orders_pb2.PlaceOrderRequest(
            parent=account,
            request_id=ID.format(10),
            margin_mode=MARGIN_MODE_ISOLATED,
            type=ORDER_TYPE_LIMIT,
            side=SIDE_BUY,
            quantity_usd=100,
            leverage="10",
            limit_price_usd="50000.5",
        ),
        metadata=bearer(),
    )

    canceled = await stub.CancelOrder(
        orders_pb2.CancelOrderRequest(name=placed.order.name, request_id=ID.format(11)),
        metadata=bearer(),
    )

    assert placed.intent_state == INTENT_STATE_CONFIRMED
    assert placed.order.state == ORDER_STATE_OPEN
    assert canceled.order.state == ORDER_STATE_CANCELED


async def test_an_account_without_a_guard_says_so(channel: grpc.aio.Channel, account: str) -> None:
    answer = await GuardServiceStub(channel).ListCoverage(
        guard_pb2.ListCoverageRequest(parent=account), metadata=bearer()
    )

    assert [cover.state for cover in answer.coverages] == [COVERAGE_STATE_UNPROTECTED]


async def test_ticks_come_with_their_age(channel: grpc.aio.Channel, account: str) -> None:
    stub = MarketServiceStub(channel)
    watch = stub.WatchTicks(market_pb2.WatchTicksRequest(parent=account), metadata=bearer())

    frame: Any = await watch.read()
    watch.cancel()

    assert frame.tick.last_price_usd == "60000"
    assert frame.tick.HasField("age")


async def test_what_no_venue_offers_is_unimplemented(
    channel: grpc.aio.Channel, account: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await MarketServiceStub(channel).ListFundingSettlements(
            market_pb2.ListFundingSettlementsRequest(parent=account), metadata=bearer()
        )

    assert from_call(refused.value).reason == "NOT_SUPPORTED"


async def test_the_status_counts_what_is_there(channel: grpc.aio.Channel, account: str) -> None:
    answer = await SystemServiceStub(channel).GetStatus(
        system_pb2.GetStatusRequest(), metadata=bearer()
    )

    assert [(each.account, each.position_count) for each in answer.accounts] == [(account, 1)]
    assert answer.accounts[0].latest_sequence > 0
    assert [lease.owner for lease in answer.leases] == ["core"]


async def test_a_shutdown_is_asked_for_once(core: Served, channel: grpc.aio.Channel) -> None:
    stub = SystemServiceStub(channel)
    request = system_pb2.ShutdownRequest(request_id=ID.format(20), reason="tests")

    await stub.Shutdown(request, metadata=bearer())
    await stub.Shutdown(request, metadata=bearer())

    assert core.stops == [(timedelta(seconds=30), "tests")]


async def test_calls_and_accounts_are_measured(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    text = generate_latest(core.registry).decode()

    assert 'axisor_rpc_calls_total{code="OK",method="axisor.v1.AccountService/CreateAccount"}' in (
        text
    )
    assert "axisor_account_acting" in text
