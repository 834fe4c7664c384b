"""A clock that moves only when told to."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)

SETTLE = 20
"""How many turns of the loop a woken task gets before time moves on, at the most."""


class VirtualClock:
    """The Clock port in virtual time: sleepers wake by their time, then by who called first.

    `is_idle` may tell that nobody has anything left to do, where nothing comes from outside the
    loop: time then moves on at once.
    """

    def __init__(
        self, start: datetime = START, *, is_idle: Callable[[], bool] | None = None
    ) -> None:
        self._wall = start
        self._is_idle = is_idle
        self._elapsed = timedelta()
        self._sleepers: list[tuple[timedelta, int, asyncio.Future[None]]] = []
        self._calls = 0

    def now(self) -> datetime:
        """Return the virtual wall time."""
        return self._wall

    def monotonic_ms(self) -> int:
        """Return virtual milliseconds since the clock was made."""
        return self._elapsed // timedelta(milliseconds=1)

    @property
    def sleepers(self) -> int:
        """Return how many tasks are asleep."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced that far; zero or less gives way once."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._calls += 1
        due = self._elapsed + timedelta(seconds=seconds)
        heapq.heappush(self._sleepers, (due, self._calls, future))
        await future

    def set(self, time: datetime) -> None:
        """Step the wall time, backwards too, as a time server would; nobody wakes."""
        self._wall = time

    async def advance(self, seconds: float) -> None:
        """Move time on, waking each sleeper at its own time and letting it run first."""
        await self._settle()
        end = self._elapsed + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue  # its task was cancelled
            self._move(due)
            future.set_result(None)
            await self._settle()
        self._move(end)
        await self._settle()

    def _move(self, elapsed: timedelta) -> None:
        self._wall += elapsed - self._elapsed
        self._elapsed = elapsed

    async def _settle(self) -> None:
        for _ in range(SETTLE):
            await asyncio.sleep(0)
            if self._is_idle is not None and self._is_idle():
                return
