"""Transport clocks: one that moves only when told to, and that of this machine."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class FixedClock:
    """Implements the `Clock` port. Sleeping moves it and returns at once."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._monotonic_ms = 0

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def monotonic_ms(self) -> int:
        """Return the milliseconds it has been moved by."""
        return self._monotonic_ms

    def move(self, by: timedelta) -> None:
        """Move it forward. Raises ValueError for a step back."""
        if by < timedelta(0):
            raise ValueError("a clock does not go back")
        self._now += by
        self._monotonic_ms += by // timedelta(milliseconds=1)

    async def sleep(self, seconds: float) -> None:
        """Move by that long."""
        self.move(timedelta(seconds=seconds))


class SystemClock:
    """Implements the `Clock` port by the clocks of this machine."""

    def now(self) -> datetime:
        """Return wall time."""
        return datetime.now(UTC)

    def monotonic_ms(self) -> int:
        """Return milliseconds since some moment of the past."""
        return time.monotonic_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)
