"""RunnerService."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from axisor.errors import RunnerUnwanted
from axisor.v1 import runners_pb2 as pb
from axisor.wire.names import run_id
from axisor.wire.runners import Said, said_from_wire, told_to_wire
from axisor_server.domain.hosting import Hosted
from axisor_server.rpc.calls import Call
from axisor_server.services.running import Runners
from axisor_server.services.runs import Runs


class RunnerServicer:
    """Lets runners decide for runs."""

    def __init__(self, runs: Runs, runners: Runners | None) -> None:
        """Take the runs, and the runners of this core, None where it keeps none."""
        self._runs = runs
        self._runners = runners

    async def Run(
        self, request: pb.RunRequest, call: Call, rest: AsyncIterator[pb.RunRequest]
    ) -> AsyncIterator[bytes]:
        """Hold the conversation about one run."""
        account, run = run_id(request.name)
        of = run if self._runners is None else self._runners.run_of(run)
        strategy = self._runs.strategies.get((await self._runs.get(account, of)).strategy)
        if self._runners is None or strategy is None or not issubclass(strategy, Hosted):
            raise RunnerUnwanted("The run decides in the core.", run=run)
        talk = self._runners.converse(
            run,
            account=account,
            plugin=strategy.offer.plugin,
            caller=call.principal.name,
            hello=said_from_wire(request),
            words=_said(rest),
        )
        async with aclosing(talk) as told:
            async for each in told:
                yield told_to_wire(request.name, each).SerializeToString()


async def _said(rest: AsyncIterator[pb.RunRequest]) -> AsyncIterator[Said | None]:
    async for message in rest:
        yield said_from_wire(message)
