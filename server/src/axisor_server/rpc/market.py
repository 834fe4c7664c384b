"""MarketService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from axisor.model import Tick
from axisor.ports import Clock
from axisor.v1 import market_pb2 as pb
from axisor.v1 import types_pb2
from axisor.wire.model import candle_to_wire, tick_to_wire
from axisor.wire.names import account_id
from axisor.wire.records import TickReport
from axisor.wire.scalars import time_or_none, time_to_wire
from axisor_server.rpc.calls import Call
from axisor_server.rpc.reports import tick_of
from axisor_server.services.market import Market

HEARTBEAT_S = 15.0


class MarketServicer:
    """Shows the market."""

    def __init__(self, market: Market, clock: Clock) -> None:
        self._market = market
        self._clock = clock

    async def GetTicker(self, request: pb.GetTickerRequest, call: Call) -> pb.GetTickerResponse:
        """Answer with the latest tick."""
        report = tick_of(await self._market.ticker(account_id(request.parent, "parent")))
        return pb.GetTickerResponse(tick=None if report is None else tick_to_wire(report))

    async def ListCandles(
        self, request: pb.ListCandlesRequest, call: Call
    ) -> pb.ListCandlesResponse:
        """Answer with a page of candles."""
        page, token = await self._market.candles(
            account_id(request.parent, "parent"),
            range_=request.range,
            start=time_or_none(request, "start_time"),
            end=time_or_none(request, "end_time"),
            size=request.page_size,
            page_token=request.page_token,
        )
        return pb.ListCandlesResponse(
            candles=[candle_to_wire(candle) for candle in page], next_page_token=token
        )

    async def ListFundingSettlements(
        self, request: pb.ListFundingSettlementsRequest, call: Call
    ) -> pb.ListFundingSettlementsResponse:
        """Refuse, as venues do not offer them through the core yet."""
        await self._market.settlements(account_id(request.parent, "parent"))
        return pb.ListFundingSettlementsResponse()

    async def WatchTicks(self, request: pb.WatchTicksRequest, call: Call) -> AsyncIterator[bytes]:
        """Stream ticks, the latest only."""
        record, ticks = await self._market.watch(account_id(request.parent, "parent"))
        first = await self._market.ticker(record.id)
        if first.tick is not None:
            yield self._frame(tick_of(first))
        upcoming = asyncio.ensure_future(anext(ticks))
        try:
            while True:
                silence = asyncio.ensure_future(self._clock.sleep(HEARTBEAT_S))
                await asyncio.wait((upcoming, silence), return_when=asyncio.FIRST_COMPLETED)
                silence.cancel()
                if not upcoming.done():
                    yield self._beat()
                    continue
                try:
                    tick: Tick = upcoming.result()
                except StopAsyncIteration:
                    return
                upcoming = asyncio.ensure_future(anext(ticks))
                yield self._frame(tick_of(self._market.price(record, tick)))
        finally:
            upcoming.cancel()

    def _beat(self) -> bytes:
        heartbeat = types_pb2.Heartbeat(heartbeat_time=time_to_wire(self._clock.now()))
        return pb.WatchTicksResponse(heartbeat=heartbeat).SerializeToString()

    @staticmethod
    def _frame(report: TickReport | None) -> bytes:
        assert report is not None, "there is a tick"
        return pb.WatchTicksResponse(tick=tick_to_wire(report)).SerializeToString()
