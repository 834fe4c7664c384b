"""Says how long to wait before connecting again: longer each time, and never two clients alike."""

from __future__ import annotations

from random import Random

from axisor.ports import Clock

FIRST_S = 0.5
MOST_S = 30.0
STEADY_MS = 30_000
"""How long a connection must last to count as good. The venue allows 500 new ones an hour and 20
logins a minute by address, which one that breaks after each push would use up."""


class Backoff:
    """Waits of half to all of 0.5 s, 1 s, 2 s … 30 s, by a generator passed in."""

    def __init__(self, rng: Random, clock: Clock) -> None:
        self._rng = rng
        self._clock = clock
        self._tries = 0
        self._good_since_ms: int | None = None

    def next_s(self) -> float:
        """Return the next wait in seconds, the first again after a connection that was steady."""
        good, self._good_since_ms = self._good_since_ms, None
        if good is not None and self._clock.monotonic_ms() - good >= STEADY_MS:
            self._tries = 0
        top = min(MOST_S, FIRST_S * float(1 << min(self._tries, 10)))
        self._tries += 1
        return top * (0.5 + self._rng.random() / 2)

    def good(self) -> None:
        """Learn that the connection is of use now."""
        if self._good_since_ms is None:
            self._good_since_ms = self._clock.monotonic_ms()
