"""Clocks of the tests: one that jumps when somebody sleeps, one that is moved by hand."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

START = datetime(2026, 10, 1, 12, 0, 0, tzinfo=UTC)


class JumpingClock:
    """Sleeping takes no time and moves the clock on."""

    def __init__(self) -> None:
        self.ms = 0

    def now(self) -> datetime:
        return START + timedelta(milliseconds=self.ms)

    def monotonic_ms(self) -> int:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += max(1, round(seconds * 1000))
        await asyncio.sleep(0)


class HandClock(JumpingClock):
    """Sleepers wake only when the test moves the clock past their time."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        due = self.ms + max(1, round(seconds * 1000))
        heapq.heappush(self._sleepers, (due, self._count, woken))
        await woken

    @property
    def slept(self) -> int:
        """Return how often anybody slept."""
        return self._count

    @property
    def next_ms(self) -> int | None:
        """Return when the next sleeper is due."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def move_to(self, ms: int) -> None:
        """Wake every sleeper due until then, in order, letting each run before the next."""
        while (due := self.next_ms) is not None and due <= ms:
            self.ms = max(self.ms, due)
            woken = heapq.heappop(self._sleepers)[2]
            woken.set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self.ms = max(self.ms, ms)
