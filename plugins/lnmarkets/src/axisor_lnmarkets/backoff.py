"""Says how long to wait before connecting again: longer each time, and never two clients alike."""

from __future__ import annotations

from random import Random

FIRST_S = 0.5
MOST_S = 30.0


class Backoff:
    """Waits of half to all of 0.5 s, 1 s, 2 s … 30 s, by a generator passed in."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._tries = 0

    def next_s(self) -> float:
        """Return the next wait in seconds."""
        top = min(MOST_S, FIRST_S * float(1 << min(self._tries, 10)))
        self._tries += 1
        return top * (0.5 + self._rng.random() / 2)

    def reset(self) -> None:
        """Begin anew: the connection proved good."""
        self._tries = 0
