"""BacktestService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TypeVar

from axisor.v1 import backtests_pb2 as pb
from axisor.v1 import types_pb2
from axisor.wire.backtests import Backtest, backtest_to_wire
from axisor.wire.names import account_id, backtest_id, top_id
from axisor.wire.scalars import time_to_wire
from axisor_server.domain.backtesting import Advanced, Reported, Told, Wish
from axisor_server.domain.journal import from_us
from axisor_server.domain.kept_backtests import Kept
from axisor_server.ports import Clock
from axisor_server.rpc.calls import Call
from axisor_server.services import paging
from axisor_server.services.backtesting import Backtests
from axisor_server.services.kept_backtests import KeptBacktests

Response = TypeVar("Response", pb.WatchBacktestResponse, pb.WatchStartedBacktestResponse)

HEARTBEAT_S = 15.0


class BacktestServicer:
    """Makes back-tests, while they are watched or by themselves."""

    def __init__(self, backtests: Backtests, kept: KeptBacktests, clock: Clock) -> None:
        self._backtests = backtests
        self._kept = kept
        self._clock = clock

    async def WatchBacktest(
        self, request: pb.WatchBacktestRequest, call: Call
    ) -> AsyncIterator[bytes]:
        """Stream how far a back-test is, and its report."""
        account = account_id(request.parent, "parent")
        strategy = top_id(request.strategy, "strategies", "strategy")
        told = self._backtests.watch(account, strategy, _wish(request))
        async with aclosing(self._stream(told, pb.WatchBacktestResponse)) as frames:
            async for frame in frames:
                yield frame

    async def StartBacktest(
        self, request: pb.StartBacktestRequest, call: Call
    ) -> pb.StartBacktestResponse:
        """Start a back-test that goes on by itself."""
        account = account_id(request.parent, "parent")
        strategy = top_id(request.strategy, "strategies", "strategy")
        kept = await self._kept.start(account, strategy, _wish(request), request=call.request())
        return pb.StartBacktestResponse(backtest=_to_wire(kept))

    async def GetBacktest(
        self, request: pb.GetBacktestRequest, call: Call
    ) -> pb.GetBacktestResponse:
        """Answer with a started back-test."""
        kept = await self._kept.get(*backtest_id(request.name))
        return pb.GetBacktestResponse(backtest=_to_wire(kept))

    async def ListBacktests(
        self, request: pb.ListBacktestsRequest, call: Call
    ) -> pb.ListBacktestsResponse:
        """Answer with a page of started back-tests, the newest first."""
        account = account_id(request.parent, "parent")
        of = f"backtests/{account}"
        paging.place(of, request.page_token)
        found = await self._kept.of(account)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListBacktestsResponse(
            backtests=[_to_wire(kept) for kept in page], next_page_token=token
        )

    async def CancelBacktest(
        self, request: pb.CancelBacktestRequest, call: Call
    ) -> pb.CancelBacktestResponse:
        """Cancel a started back-test."""
        kept = await self._kept.cancel(*backtest_id(request.name), request=call.request())
        return pb.CancelBacktestResponse(backtest=_to_wire(kept))

    async def WatchStartedBacktest(
        self, request: pb.WatchStartedBacktestRequest, call: Call
    ) -> AsyncIterator[bytes]:
        """Stream how far a started back-test is, and its report."""
        told = self._kept.follow(*backtest_id(request.name), request.report_offset_bytes)
        async with aclosing(self._stream(told, pb.WatchStartedBacktestResponse)) as frames:
            async for frame in frames:
                yield frame

    async def _stream(
        self, told: AsyncGenerator[Told, None], kind: type[Response]
    ) -> AsyncGenerator[bytes, None]:
        """Yield what is told as frames, and heartbeats in silence."""
        upcoming = asyncio.ensure_future(anext(told))
        try:
            while True:
                silence = asyncio.ensure_future(self._clock.sleep(HEARTBEAT_S))
                await asyncio.wait((upcoming, silence), return_when=asyncio.FIRST_COMPLETED)
                silence.cancel()
                if not upcoming.done():
                    now = time_to_wire(self._clock.now())
                    beat = types_pb2.Heartbeat(heartbeat_time=now)
                    yield kind(heartbeat=beat).SerializeToString()
                    continue
                try:
                    item = upcoming.result()
                except StopAsyncIteration:
                    return
                yield _frame(item, kind)
                upcoming = asyncio.ensure_future(anext(told))
        finally:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)  # it was read, or is not wanted
            await told.aclose()


def _wish(request: pb.WatchBacktestRequest | pb.StartBacktestRequest) -> Wish:
    return Wish(
        strategy="",
        config=request.config,
        balance=request.balance_sats,
        positions=tuple(request.positions),
        scenario=request.scenario,
        candles=request.candles,
    )


def _to_wire(kept: Kept) -> pb.Backtest:
    return backtest_to_wire(
        Backtest(
            account=kept.account,
            id=kept.id,
            strategy=kept.strategy,
            market=kept.market,
            balance=kept.balance,
            state=kept.state,
            done=kept.done,
            of=kept.of,
            created_at=from_us(kept.made_us),
            ended_at=None if kept.ended_us is None else from_us(kept.ended_us),
            reason=kept.reason,
            text=kept.text,
            report_bytes=kept.report_bytes,
        )
    )


def _frame(told: Told, kind: type[Response]) -> bytes:
    if isinstance(told, Advanced):
        progress = pb.BacktestProgress(done_count=told.done, total_count=told.of)
        return kind(progress=progress).SerializeToString()
    assert isinstance(told, Reported), "whatever else is told was raised"
    return kind(report=told.part).SerializeToString()
