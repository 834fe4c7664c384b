"""BacktestService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from axisor.v1 import backtests_pb2 as pb
from axisor.v1 import types_pb2
from axisor.wire.names import account_id, top_id
from axisor.wire.scalars import time_to_wire
from axisor_server.domain.backtesting import Advanced, Reported, Told, Wish
from axisor_server.ports import Clock
from axisor_server.rpc.calls import Call
from axisor_server.services.backtesting import Backtests

HEARTBEAT_S = 15.0


class BacktestServicer:
    """Makes back-tests."""

    def __init__(self, backtests: Backtests, clock: Clock) -> None:
        self._backtests = backtests
        self._clock = clock

    async def WatchBacktest(
        self, request: pb.WatchBacktestRequest, call: Call
    ) -> AsyncIterator[bytes]:
        """Stream how far a back-test is, and its report."""
        wish = Wish(
            strategy="",
            config=request.config,
            balance=request.balance_sats,
            positions=tuple(request.positions),
            scenario=request.scenario,
            candles=request.candles,
        )
        account = account_id(request.parent, "parent")
        strategy = top_id(request.strategy, "strategies", "strategy")
        told = self._backtests.watch(account, strategy, wish)
        upcoming = asyncio.ensure_future(anext(told))
        try:
            while True:
                silence = asyncio.ensure_future(self._clock.sleep(HEARTBEAT_S))
                await asyncio.wait((upcoming, silence), return_when=asyncio.FIRST_COMPLETED)
                silence.cancel()
                if not upcoming.done():
                    yield self._beat()
                    continue
                try:
                    item = upcoming.result()
                except StopAsyncIteration:
                    return
                yield _frame(item)
                upcoming = asyncio.ensure_future(anext(told))
        finally:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)  # it was read, or is not wanted
            await told.aclose()

    def _beat(self) -> bytes:
        heartbeat = types_pb2.Heartbeat(heartbeat_time=time_to_wire(self._clock.now()))
        return pb.WatchBacktestResponse(heartbeat=heartbeat).SerializeToString()


def _frame(told: Told) -> bytes:
    if isinstance(told, Advanced):
        progress = pb.BacktestProgress(done_count=told.done, total_count=told.of)
        return pb.WatchBacktestResponse(progress=progress).SerializeToString()
    assert isinstance(told, Reported), "whatever else is told was raised"
    return pb.WatchBacktestResponse(report=told.part).SerializeToString()
