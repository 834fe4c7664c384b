"""How an account fared, over the wire."""

from __future__ import annotations

import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from tests.server.rpc.serving import READER, Served, bearer

from axisor.v1 import performance_pb2 as pb
from axisor.v1.performance_pb2_grpc import PerformanceServiceStub


async def ask(channel: grpc.aio.Channel, account: str, **bounds: Timestamp) -> pb.Performance:
    stub = PerformanceServiceStub(channel)
    answer = await stub.GetPerformance(
        pb.GetPerformanceRequest(parent=account, **bounds), metadata=bearer(READER)
    )
    found: pb.Performance = answer.performance
    return found


async def test_an_account_is_judged_by_its_journal(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    first = await ask(channel, account)
    again = await ask(channel, account)

    assert first.name == f"{account}/performance"
    assert first.start_equity_sats > 0
    assert first.sequence > 0
    assert again.net_pl_sats == first.net_pl_sats == 0
    assert again.sharpe_ratio == "", "a ratio that cannot be formed is empty"


async def test_a_time_without_anything_in_it_is_empty_and_no_error(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    found = await ask(
        channel, account, start_time=Timestamp(seconds=4_000_000_000), end_time=Timestamp(seconds=1)
    )

    assert found.closed_count == 0
    assert found.start_time == found.end_time
