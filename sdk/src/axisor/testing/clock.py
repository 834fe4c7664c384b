"""A transport clock that moves only when told to."""

from __future__ import annotations

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
