"""RunnerService lets in who is waited for, and a run's token opens nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from tests.server.rpc.forms import fill
from tests.server.rpc.serving import Served, bearer
from tests.server.rpc.test_matrix import outcome

from axisor.errors import RunnerUnwanted
from axisor.model import Permission
from axisor.v1 import runners_pb2, strategies_pb2
from axisor.v1.runners_pb2_grpc import RunnerServiceStub
from axisor.v1.strategies_pb2_grpc import StrategyServiceStub
from axisor.wire.status import from_call
from axisor_server.rpc.rules import methods, services
from axisor_server.services.principals import Principal
from axisor_server.services.running.runners import RUN_METHOD

METHODS = methods(services())


async def test_a_runs_token_opens_nothing_else(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    id = account.removeprefix("accounts/")
    core.guests.known["run"] = Principal(
        name="runs/r",
        platform=Permission.NONE,
        accounts={id: Permission.READ | Permission.GUARD},
        methods=frozenset({RUN_METHOD}),
    )
    found: dict[str, str] = {}
    for path, method in METHODS.items():
        if not method.anonymous:
            body = fill(method, id).SerializeToString()
            found[path] = await outcome(channel, method, body, metadata=bearer("run"))

    assert found.pop(RUN_METHOD) == "let in"
    assert set(found.values()) == {"PERMISSION_DENIED"}


async def test_no_runner_is_let_in_for_a_run_that_decides_in_the_core(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    made = await StrategyServiceStub(channel).CreateRun(
        strategies_pb2.CreateRunRequest(
            parent=account,
            request_id="0d9f3c7e-0000-4000-8000-0000000000d1",
            strategy="strategies/nap",
        ),
        metadata=bearer(),
    )

    async def words() -> AsyncIterator[runners_pb2.RunRequest]:
        said = runners_pb2.RunRequest(name=made.run.name)
        said.hello.protocol = 1
        yield said

    call: Any = RunnerServiceStub(channel).Run(words(), metadata=bearer())
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call.read()

    assert isinstance(from_call(refused.value), RunnerUnwanted)
