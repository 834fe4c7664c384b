"""The public calls of the REST interface."""

from __future__ import annotations

from axisor.ports import Lane
from axisor_lnmarkets.models.general import (
    BestPrice,
    Candle,
    CandleRange,
    FundingSettlement,
    Leaderboard,
    ServerTime,
    Ticker,
)
from axisor_lnmarkets.rest.paging import FIRST, Page, PageQuery, read_page
from axisor_lnmarkets.transport import Transport


class General:
    """Time and market data; none of it needs a key. Every method raises VenueError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def ping(self) -> str:
        """Return `pong`."""
        return await self._transport.get(str, "/v3/ping", signed=False)

    async def time(self, *, lane: Lane = Lane.READ) -> ServerTime:
        """Return the venue's clock."""
        return await self._transport.get(ServerTime, "/v3/time", signed=False, lane=lane)

    async def ticker(self, *, lane: Lane = Lane.READ) -> Ticker:
        """Return prices by size, the index and the next funding."""
        return await self._transport.get(Ticker, "/v3/futures/ticker", signed=False, lane=lane)

    async def leaderboard(self) -> Leaderboard:
        """Return who earned most."""
        return await self._transport.get(Leaderboard, "/v3/futures/leaderboard", signed=False)

    async def candles(
        self, page: PageQuery = FIRST, *, range_: CandleRange = CandleRange.M1
    ) -> Page[Candle]:
        """Return candles, newest first."""
        return await read_page(
            self._transport,
            Candle,
            "/v3/futures/candles",
            [*page.fields(), ("range", range_.value)],
            signed=False,
        )

    async def funding_settlements(self, page: PageQuery = FIRST) -> Page[FundingSettlement]:
        """Return past settlements of funding, newest first."""
        return await read_page(
            self._transport,
            FundingSettlement,
            "/v3/futures/funding-settlements",
            page.fields(),
            signed=False,
        )

    async def best_price(self) -> BestPrice:
        """Return what a swap would be done at now."""
        return await self._transport.get(BestPrice, "/v3/synthetic-usd/best-price", signed=False)
