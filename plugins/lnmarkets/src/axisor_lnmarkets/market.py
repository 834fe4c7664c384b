"""The public side of LN Markets: prices by stream or else by REST, candles, and its clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from random import Random

from axisor.model import Candle, Tick
from axisor.ports import Clock, ClockOffset, Lane
from axisor_lnmarkets.address import Address
from axisor_lnmarkets.breaker import Breaker, Breakers
from axisor_lnmarkets.convert import candle_of, tick_of
from axisor_lnmarkets.hour import VenueHour
from axisor_lnmarkets.limiter import Limiter
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.rest.paging import PageQuery, pages
from axisor_lnmarkets.ticking import Ticking
from axisor_lnmarkets.transport import Transport
from axisor_lnmarkets.watch import VenueWatch

MOST_IN_PAGE = 1_000


class LnMarketsFeed:
    """Prices of one network. One feed serves a whole core: the public limit is by address."""

    def __init__(
        self,
        address: Address,
        *,
        clock: Clock,
        public: Limiter,
        rng: Random,
        breaker: Breaker | None = None,
        hour: VenueHour | None = None,
    ) -> None:
        self._address = address
        self._clock = clock
        self._rng = rng
        breakers = Breakers(clock, breaker)
        self._rest = Rest(
            Transport(address, clock=clock, public=public, breakers=breakers, hour=hour)
        )
        self._watch = VenueWatch(self._rest.transport)
        self._running: set[Ticking] = set()
        self._closed = False

    async def ticker(self) -> Tick:
        """Read the present tick. Raises VenueError."""
        ticker = await self._rest.general.ticker(lane=Lane.GUARD)
        return tick_of(ticker, received=self._clock.now(), source="rest")

    async def ticks(self) -> AsyncGenerator[Tick, None]:
        """Yield ticks as they come, reconnecting by itself, until closed.

        Stream ticks are held back after each connection until the picture is whole again. While the
        stream is silent for 5 s, REST is read once a second at most. A reader that falls a thousand
        ticks behind loses the oldest. While nothing can be had it yields nothing.
        """
        if self._closed:
            return
        ticking = Ticking(
            self._rest.general,
            self._address.stream,
            clock=self._clock,
            rng=self._rng,
            proxy=self._address.proxy,
        )
        self._running.add(ticking)
        work = asyncio.create_task(ticking.work())
        work.add_done_callback(lambda _: ticking.end())
        try:
            while (tick := await ticking.next()) is not None:
                yield tick
            if work.done() and not work.cancelled():
                work.result()  # a fault of ours ends the feed loudly
        finally:
            self._running.discard(ticking)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def candles(self, start: datetime, end: datetime, *, limit: int) -> tuple[Candle, ...]:
        """Return one-minute candles, oldest first; of more than `limit`, the newest.

        Raises VenueError.
        """
        found: dict[datetime, Candle] = {}
        if limit < 1:
            return ()
        size = min(limit, MOST_IN_PAGE)
        candles = self._rest.general.candles
        async for candle in pages(
            lambda cursor: candles(PageQuery(start=start, end=end, limit=size, cursor=cursor)),
            key=lambda candle: candle.time.isoformat(),
            time=lambda candle: candle.time,
        ):
            found.setdefault(candle.time, candle_of(candle))
            if len(found) == limit:
                break
        return tuple(found[time] for time in sorted(found))

    async def clock_offset(self) -> ClockOffset:
        """Measure the venue's clock against ours. Raises VenueError.

        Of at most five samples the quickest counts (Cristian's method); one that is quick enough
        ends the measuring, which at the public rate takes a second a sample. A clock that has
        jumped since it was measured last must say so three times.
        """
        return await self._watch.measure()

    async def aclose(self) -> None:
        """Close every connection; readers of `ticks` come to an end."""
        self._closed = True
        for ticking in list(self._running):
            ticking.end()
        await self._rest.transport.aclose()
