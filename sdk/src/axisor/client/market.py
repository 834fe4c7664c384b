"""Calls about the market as an account sees it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from axisor.client.calls import Caller, Page
from axisor.model import Candle, Price
from axisor.v1 import market_pb2 as pb
from axisor.v1.market_pb2_grpc import MarketServiceStub
from axisor.watch import TickItem
from axisor.wire.model import candle_from_wire, tick_from_wire
from axisor.wire.names import account_name
from axisor.wire.records import TickReport
from axisor.wire.scalars import decimal_from_wire, decimal_or_none, time_from_wire, time_to_wire


class FundingSettlement(Struct, frozen=True, kw_only=True):
    """A settled funding of the market; a positive rate (a fraction) was paid by longs."""

    id: str
    time: datetime
    rate: Decimal
    fixing_price: Price | None = None


class Market:
    """The methods of MarketService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = MarketServiceStub(caller.channel)

    async def ticker(self, account: str) -> TickReport | None:
        """Return the latest tick, None before the first one. Raises AccountNotFound."""
        request = pb.GetTickerRequest(parent=account_name(account))
        answer = await self._call.unary(self._stub.GetTicker, request)
        return tick_from_wire(answer.tick) if answer.HasField("tick") else None

    async def list_candles(
        self,
        account: str,
        range: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[Candle]:
        """Return candles such as of `1m`, oldest first. Raises NotSupported, VenueUnavailable."""
        request = pb.ListCandlesRequest(
            parent=account_name(account),
            page_size=page_size,
            page_token=page_token,
            range=range,
            start_time=time_to_wire(start, "start_time"),
            end_time=time_to_wire(end, "end_time"),
        )
        answer = await self._call.unary(self._stub.ListCandles, request)
        return Page(tuple(map(candle_from_wire, answer.candles)), answer.next_page_token)

    async def list_funding_settlements(
        self,
        account: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[FundingSettlement]:
        """Return settled fundings, newest first. Raises NotSupported, VenueUnavailable."""
        request = pb.ListFundingSettlementsRequest(
            parent=account_name(account),
            page_size=page_size,
            page_token=page_token,
            start_time=time_to_wire(start, "start_time"),
            end_time=time_to_wire(end, "end_time"),
        )
        answer = await self._call.unary(self._stub.ListFundingSettlements, request)
        found = tuple(map(_settlement, answer.funding_settlements))
        return Page(found, answer.next_page_token)

    def watch_ticks(self, account: str) -> AsyncGenerator[TickItem, None]:
        """Follow prices; see `axisor.watch.watch_ticks`."""
        request = pb.WatchTicksRequest(parent=account_name(account))
        return self._call.watch_ticks(
            lambda _: self._stub.WatchTicks(request, metadata=self._call.headers())
        )


def _settlement(message: pb.FundingSettlement) -> FundingSettlement:
    return FundingSettlement(
        id=message.id,
        time=time_from_wire(message.settle_time, "settle_time"),
        rate=decimal_from_wire(message.funding_rate, "funding_rate", signed=True),
        fixing_price=decimal_or_none(message.fixing_price_usd, "fixing_price_usd"),
    )
