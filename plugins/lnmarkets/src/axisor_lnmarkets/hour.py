"""The time at one host as this process knows it: measured by whoever asks first, for all.

Feed and accounts of a host share it, as the venue allows one unsigned request a second and whoever
starts must know the time before anything can be signed.
"""

from __future__ import annotations

import asyncio

FRESH_MS = 60_000
"""A measure that is older is taken again by whoever needs one."""


class VenueHour:
    """How far the venue's clock is ahead of the clock that never steps, when last measured."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self._ahead_ms: int | None = None
        self._at_ms = 0

    @property
    def is_known(self) -> bool:
        """Return whether there is a measure at all, however old."""
        return self._ahead_ms is not None

    def ahead_ms(self, now_ms: int) -> int | None:
        """Return the measure where it is fresh, else None; `now_ms` never steps."""
        if self._ahead_ms is None or now_ms - self._at_ms > FRESH_MS:
            return None
        return self._ahead_ms

    def measured(self, ahead_ms: int, now_ms: int) -> None:
        """Take a measure that can be trusted."""
        self._ahead_ms, self._at_ms = ahead_ms, now_ms

    def forget(self) -> None:
        """Drop the measure: the venue refused a stamp."""
        self._ahead_ms = None
