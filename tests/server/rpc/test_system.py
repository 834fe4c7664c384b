"""The contract of halts, standings and of the answer to whether all is protected."""

from __future__ import annotations

from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from msgspec.structs import replace
from prometheus_client import generate_latest
from tests.server.rpc.serving import READER, Served, bearer
from tests.support import records

from axisor.v1 import events_pb2, permissions_pb2, system_pb2, types_pb2
from axisor.v1.events_pb2_grpc import EventServiceStub
from axisor.v1.system_pb2_grpc import SystemServiceStub

ONE = "0d9f3c7e-0000-4000-8000-0000000000a1"
TWO = "0d9f3c7e-0000-4000-8000-0000000000a2"
RISK, ALL, NONE = (
    types_pb2.HALT_LEVEL_RISK,
    types_pb2.HALT_LEVEL_ALL,
    types_pb2.HALT_LEVEL_NONE,
)

READ, TRADE, ADMIN = (
    permissions_pb2.PERMISSION_READ,
    permissions_pb2.PERMISSION_TRADE,
    permissions_pb2.PERMISSION_ADMIN,
)


def halt(level: Any = ALL, request_id: str = ONE) -> system_pb2.HaltRequest:
    return system_pb2.HaltRequest(request_id=request_id, level=level, reason="storm")


async def test_a_halt_is_answered_shown_and_ended(
    channel: grpc.aio.Channel, account: str, core: Served
) -> None:
    stub: Any = SystemServiceStub(channel)

    answer = await stub.Halt(halt(), metadata=bearer())
    status = await stub.GetStatus(system_pb2.GetStatusRequest(), metadata=bearer())
    resumed = await stub.Resume(system_pb2.ResumeRequest(request_id=TWO), metadata=bearer())

    assert (answer.halt.level, answer.halt.principal, answer.halt.durable) == (ALL, "owner", True)
    assert (status.halt.level, status.halt.reason) == (ALL, "storm")
    assert status.halt.HasField("start_time")
    [found] = status.accounts
    assert found.halt_level == NONE  # its own
    assert found.standing == types_pb2.STANDING_HALTED
    assert "halt_all" in [cause.code for cause in found.standing_causes]
    assert resumed.halt.level == NONE


async def test_the_status_says_what_its_caller_may_do(
    channel: grpc.aio.Channel, account: str, core: Served
) -> None:
    stub: Any = SystemServiceStub(channel)

    owner = await stub.GetStatus(system_pb2.GetStatusRequest(), metadata=bearer())
    reader = await stub.GetStatus(system_pb2.GetStatusRequest(), metadata=bearer(READER))

    assert {ADMIN, TRADE} <= set(owner.permissions)
    assert TRADE in owner.accounts[0].permissions
    assert (list(reader.permissions), list(reader.accounts[0].permissions)) == ([READ], [READ])


async def test_a_watcher_sees_the_halt_of_all_apart_from_the_accounts_own(
    channel: grpc.aio.Channel, account: str, core: Served
) -> None:
    await SystemServiceStub(channel).Halt(halt(RISK), metadata=bearer())

    watch: Any = EventServiceStub(channel).WatchEvents(
        events_pb2.WatchEventsRequest(parent=account), metadata=bearer()
    )
    snapshot = (await watch.read()).snapshot
    watch.cancel()

    assert (snapshot.halt_level, snapshot.platform_halt_level) == (NONE, RISK)
    assert snapshot.standing == types_pb2.STANDING_REDUCE_ONLY


async def test_the_status_is_answered_though_an_account_could_not_be_opened(
    channel: grpc.aio.Channel, account: str, core: Served
) -> None:
    lost = replace(records.account("lost"), venue="gone")
    await core.store.write(lambda tx: tx.put_account(lost, revision=None))
    await core.engine.catch_up("lost")

    stub: Any = SystemServiceStub(channel)
    status = await stub.GetStatus(system_pb2.GetStatusRequest(), metadata=bearer())

    found = {each.account: each for each in status.accounts}
    assert found[account].position_count == 1
    shut = found["accounts/lost"]
    assert (shut.position_count, shut.protected_count) == (0, 0)
    assert shut.standing == types_pb2.STANDING_DEGRADED
    [cause] = shut.standing_causes
    assert cause.code == "not_acting"
    assert "gone" in cause.text


@pytest.mark.parametrize("level", [0, NONE, 99])
async def test_a_halt_at_no_level_is_refused(channel: grpc.aio.Channel, level: int) -> None:
    request = halt()
    request.level = level  # type: ignore[assignment]

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await SystemServiceStub(channel).Halt(request, metadata=bearer())

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_whoever_may_only_read_halts_nothing(channel: grpc.aio.Channel, core: Served) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await SystemServiceStub(channel).Halt(halt(), metadata=bearer(READER))

    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert core.engine.status().halt.level.value == "none"


async def test_protection_is_answered_by_the_health_service(
    channel: grpc.aio.Channel, core: Served
) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    asked = health_pb2.HealthCheckRequest(service="axisor.protection")

    for holds in (True, False):
        await core.server.announce_protection(holds=holds)
        answer = await stub.Check(asked)
        serving = health_pb2.HealthCheckResponse.SERVING
        assert (answer.status == serving) is holds


async def test_standing_and_halt_are_figures_for_prometheus(
    channel: grpc.aio.Channel, account: str, core: Served
) -> None:
    await SystemServiceStub(channel).Halt(halt(ALL), metadata=bearer())

    text = generate_latest(core.registry).decode()

    assert "axisor_halt 3.0" in text
    id = account.removeprefix("accounts/")
    gauge = f'axisor_account_standing{{account="{id}",mode="sim",standing='
    assert f'{gauge}"halted"}} 1.0' in text
    assert f'{gauge}"active"}} 0.0' in text
