"""Keeps ticks coming: follows the stream, reads REST while it is silent, and reconnects."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from datetime import timedelta
from random import Random

from msgspec.structs import replace

from axisor.errors import VenueAnswerInvalid, VenueError, VenueUnavailable
from axisor.model import Tick
from axisor.ports import Clock, Lane
from axisor_lnmarkets.backoff import Backoff
from axisor_lnmarkets.models.stream import BUCKETS, LAST_PRICE, MARKET_TOPICS, TICKER
from axisor_lnmarkets.picture import Picture
from axisor_lnmarkets.rest.general import General
from axisor_lnmarkets.stream import Stream, open_stream

log = logging.getLogger(__name__)

SILENT_MS = 5_000
"""How long without a push before REST is read."""
DEAD_MS = 30_000
"""How long without a push before the stream is given up and opened anew."""
POLL_S = 1.0
BUCKETS_BEHIND = timedelta(seconds=15)
"""How far executable prices may lag the newest figure before REST is asked for them."""
MOST_WAITING = 1_000


class Ticking:
    """Ticks for one reader: `work` runs until canceled and fills what `next` takes from."""

    def __init__(
        self, general: General, url: str, *, clock: Clock, rng: Random, proxy: str = ""
    ) -> None:
        self._general = general
        self._url = url
        self._proxy = proxy
        self._clock = clock
        self._rng = rng
        self._picture = Picture()
        self._ready: deque[Tick] = deque(maxlen=MOST_WAITING)
        self._wake = asyncio.Event()
        self._ended = False
        self._newest: Tick | None = None
        self._newest_ms = 0
        self._pushed_ms: int | None = None

    async def next(self) -> Tick | None:
        """Return the next tick, or None once ended."""
        while not self._ready:
            if self._ended:
                return None
            self._wake.clear()
            await self._wake.wait()
        return self._ready.popleft()

    def end(self) -> None:
        """Let the reader come to its end."""
        self._ended = True
        self._ready.clear()
        self._wake.set()

    async def work(self) -> None:
        """Follow the stream and poll beside it, until canceled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._poll())

    async def _follow(self) -> None:
        backoff = Backoff(self._rng, self._clock)
        while True:
            try:
                opened = open_stream(self._url, clock=self._clock, rng=self._rng, proxy=self._proxy)
                async with opened as stream:
                    await self._begin(stream)
                    await self._take_pushes(stream, backoff)
            except VenueError as error:
                log.info("market stream: %s", error.message)
            self._pushed_ms = None
            self._picture = Picture()  # what this connection said binds nobody after it
            await self._clock.sleep(backoff.next_s())

    async def _begin(self, stream: Stream) -> None:
        """Subscribe, forget what an earlier connection said, and take a whole picture from REST."""
        granted = set((await stream.subscribe(MARKET_TOPICS)).subscribed)
        if BUCKETS not in granted or granted.isdisjoint({LAST_PRICE, TICKER}):
            raise VenueAnswerInvalid("The stream does not offer the prices that a guard needs.")
        self._picture = Picture()
        try:
            ticker = await self._general.ticker(lane=Lane.GUARD)
            if self._picture.apply_rest(ticker):
                self._offer("rest")
        except VenueError as error:
            # Then the picture is whole, and trusted, once the stream itself has brought every
            # price.
            log.info("market snapshot: %s", error.message)
        self._pushed_ms = self._clock.monotonic_ms()

    async def _take_pushes(self, stream: Stream, backoff: Backoff) -> None:
        while True:
            push = await stream.push(timeout_s=SILENT_MS / 1000)
            if push is None:
                await stream.ping()
            elif self._picture.apply(push):
                self._pushed_ms = self._clock.monotonic_ms()
                backoff.good()
                self._offer("stream")
            if self._quiet_ms() > DEAD_MS:
                raise VenueUnavailable("The stream answers but brings no prices.")

    async def _poll(self) -> None:
        while True:
            behind = self._picture.buckets_behind() > BUCKETS_BEHIND
            silent = self._quiet_ms() > SILENT_MS
            if silent or behind:
                try:
                    # Asked first: another picture may have begun by the time of the answer.
                    ticker = await self._general.ticker(lane=Lane.GUARD)
                    if self._picture.apply_rest(ticker):
                        self._offer("rest" if silent else "stream")
                except VenueError as error:
                    log.info("market ticker: %s", error.message)
            await self._clock.sleep(POLL_S)

    def _quiet_ms(self) -> int:
        """Return how long no push has come; very long where there is no stream."""
        if self._pushed_ms is None:
            return DEAD_MS + 1
        return self._clock.monotonic_ms() - self._pushed_ms

    def _offer(self, source: str) -> None:
        tick = self._picture.tick(received=self._clock.now(), source=source)
        if tick is None or not self._is_news(tick):
            return
        self._newest, self._newest_ms = tick, self._clock.monotonic_ms()
        self._ready.append(tick)
        self._wake.set()

    def _is_news(self, tick: Tick) -> bool:
        """Return whether a tick is not older than the last one, nor that one again.

        Long after the last one any tick is news: its stamp may have been absurd, and one absurd
        stamp must not end all prices.
        """
        known = self._newest
        if known is None or self._clock.monotonic_ms() - self._newest_ms > DEAD_MS:
            return True
        same = replace(tick, received=known.received, source=known.source) == known
        return tick.time >= known.time and not same
