"""Keeps ticks coming: follows the stream, reads REST while it is silent, and reconnects."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from datetime import timedelta
from random import Random

from msgspec.structs import replace

from axisor.errors import VenueAnswerInvalid, VenueError, VenueRateLimited, VenueUnavailable
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
POLITE = 4
"""Every so manieth price that REST brings in a row lets others go first, lest they never do."""

HEAD_START_S = 0.25
"""How long pushes wait for the picture from REST; the rate limit may hold it back for longer."""
BUCKETS_BEHIND = timedelta(seconds=15)
"""How far executable prices may lag the newest figure before REST is asked for them."""
MOST_WAITING = 1_000
AGAIN_MS = 10_000
"""The least time between two connections that are opened early because the venue is back. It allows
500 new ones an hour."""


class Return:
    """Notices that a venue which did not answer is back, so that nobody waits any longer for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._away = False
        self._back = asyncio.Event()
        self._told_ms: int | None = None

    def failed(self, error: VenueError) -> None:
        """Learn that a read failed; a venue that wants fewer requests is there."""
        if isinstance(error, VenueRateLimited):
            self.heard()
        else:
            self._away = True

    def heard(self) -> None:
        """Learn that a read was answered."""
        if self._away:
            self._away = False
            self._back.set()

    async def within(self, seconds: float) -> None:
        """Wait that long, or until the venue is back; of a venue that flickers not each time."""
        now_ms = self._clock.monotonic_ms()
        if self._told_ms is not None and now_ms - self._told_ms < AGAIN_MS:
            await self._clock.sleep(seconds)
            return
        self._back.clear()
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        timer.add_done_callback(lambda _: self._back.set())
        try:
            await self._back.wait()
            if not timer.done():
                self._told_ms = self._clock.monotonic_ms()
        finally:
            timer.cancel()


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
        self._return = Return(clock)

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
                    await self._listen(stream, backoff)
            except VenueError as error:
                log.info("market stream: %s", error.message)
            self._pushed_ms = None
            self._picture = Picture()  # what this connection said binds nobody after it
            await self._return.within(backoff.next_s())

    async def _begin(self, stream: Stream) -> None:
        """Subscribe, and forget what an earlier connection said."""
        granted = set((await stream.subscribe(MARKET_TOPICS)).subscribed)
        if BUCKETS not in granted or granted.isdisjoint({LAST_PRICE, TICKER}):
            raise VenueAnswerInvalid("The stream does not offer the prices that a guard needs.")
        self._picture = Picture()
        self._pushed_ms = self._clock.monotonic_ms()

    async def _listen(self, stream: Stream, backoff: Backoff) -> None:
        """Take a whole picture from REST, then pushes; a slow answer does not hold them up."""
        try:
            async with asyncio.TaskGroup() as group:
                first = group.create_task(self._complete())
                pause = group.create_task(self._clock.sleep(HEAD_START_S))
                await asyncio.wait((first, pause), return_when=asyncio.FIRST_COMPLETED)
                pause.cancel()
                await self._take_pushes(stream, backoff)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _complete(self) -> None:
        try:
            ticker = await self._general.ticker(lane=Lane.GUARD)
            if self._picture.apply_rest(ticker):
                self._offer("rest")
        except VenueError as error:
            # Then the picture is whole, and trusted, once the stream itself has brought every
            # price.
            log.info("market snapshot: %s", error.message)

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
        answered = 0
        while True:
            behind = self._picture.buckets_behind() > BUCKETS_BEHIND
            silent = self._quiet_ms() > SILENT_MS
            if silent or behind:
                try:
                    # Asked first: another picture may have begun by the time of the answer.
                    polite = answered % POLITE == POLITE - 1
                    ticker = await self._general.ticker(lane=Lane.READ if polite else Lane.GUARD)
                    answered += 1
                    self._return.heard()
                    if self._picture.apply_rest(ticker):
                        self._offer("rest" if silent else "stream")
                except VenueError as error:
                    answered = 0
                    self._return.failed(error)
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
