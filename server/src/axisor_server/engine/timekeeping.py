"""Knows the venue's clock: measures it in time, and anew when our own clock was stepped."""

from __future__ import annotations

import asyncio

from axisor.errors import AxisorError
from axisor.ports import Clock, ClockOffset, MarketFeed
from axisor_server.domain.fence import VenueClock
from axisor_server.domain.journal import to_us
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.waiting import Poke

STEP_MS = 250
"""Our wall clock and the clock that never steps may part by this much before it counts as a step.

What they part by until then is added to the doubt.
"""

AGAIN_S = 5
"""How soon a failed or vague measure is tried again, and how far apart two are at least."""


class Timekeeper:
    """Keeps one venue's clock for all who sign or read by it."""

    def __init__(self, feed: MarketFeed, *, clock: Clock, settings: EngineSettings) -> None:
        self._feed = feed
        self._clock = clock
        self._settings = settings
        self._offset: ClockOffset | None = None
        self._at_ms = 0
        self._apart_ms = 0
        self._before: tuple[ClockOffset, int] | None = None
        self.stood_ms: int | None = None
        """When it was last found, by the clock that never steps, that all our clocks had stood."""
        self._near: set[str] = set()
        self._known = asyncio.Event()
        self._distrusted_ms: int | None = None
        self._poke = Poke()

    def _apart(self) -> int:
        """Return how far our wall clock is ahead of the one that never steps, from any start."""
        return to_us(self._clock.now()) // 1000 - self._clock.monotonic_ms()

    async def run(self) -> None:
        """Measure again and again, until cancelled."""
        while True:
            try:
                await self.measure()
                pause = self._pause_ms() / 1000 if self._is_exact() else AGAIN_S
            except AxisorError:
                pause = AGAIN_S  # without a measure nothing is signed
            await self._poke.wait(self._clock, pause)

    def _is_exact(self) -> bool:
        limit = self._settings.uncertainty_limit_ms
        return self._offset is not None and self._offset.uncertainty_ms <= limit

    def _pause_ms(self) -> int:
        settings = self._settings
        return settings.offset_near_ms if self._near else settings.offset_every_ms

    async def measure(self) -> None:
        """Measure the venue's clock now. Raises VenueError."""
        started, apart = self._clock.monotonic_ms(), self._apart()
        offset = await self._feed.clock_offset()
        if abs(self._apart() - apart) > STEP_MS:
            self._poke.set()  # our clock was stepped meanwhile: what was measured means nothing
            return
        self._notice_standstill(offset, apart)
        self._offset, self._at_ms, self._apart_ms = offset, started, apart
        self._known.set()

    def _notice_standstill(self, offset: ClockOffset, apart: int) -> None:
        """Find out from two measures whether all our clocks stood still between them.

        The venue's went on then, and ours did not part: nothing here could tell by itself.
        """
        before, self._before = self._before, (offset, apart)
        if before is None:
            return
        last, was_apart = before
        lost_ms = offset.offset_ms - (last.offset_ms - (apart - was_apart))
        if lost_ms > STEP_MS + offset.uncertainty_ms + last.uncertainty_ms:
            self.stood_ms = self._clock.monotonic_ms()

    async def known(self) -> None:
        """Wait until the venue's clock is known."""
        await self._known.wait()

    def near(self, account: str, *, danger: bool) -> None:
        """Learn whether danger is near for an account: then the clock is measured more often."""
        if not danger:
            self._near.discard(account)
            return
        self._near.add(account)
        if self._age_ms() > self._settings.offset_near_ms:
            self._poke.set()

    def distrust(self) -> None:
        """Forget what was measured and measure anew; nothing is signed before that.

        At most once in a few seconds: a venue that refuses every stamp is not asked without end.
        """
        now_ms, before_ms = self._clock.monotonic_ms(), self._distrusted_ms
        if self._offset is None or (before_ms is not None and now_ms - before_ms < AGAIN_S * 1000):
            return
        self._distrusted_ms = now_ms
        self._forget()

    def _forget(self) -> None:
        self._offset = None
        self._known.clear()
        self._poke.set()

    def _age_ms(self) -> int:
        return self._clock.monotonic_ms() - self._at_ms

    def venue_clock(self) -> VenueClock | None:
        """Return the venue's clock as last measured; None before that, and after a step of ours."""
        if self._offset is None:
            return None
        steady_ms = self._clock.monotonic_ms()
        stepped = abs(to_us(self._clock.now()) // 1000 - steady_ms - self._apart_ms)
        if stepped > STEP_MS:
            self._forget()
            return None
        offset = ClockOffset(self._offset.offset_ms, self._offset.uncertainty_ms + stepped)
        return VenueClock(offset, steady_ms - self._at_ms)
