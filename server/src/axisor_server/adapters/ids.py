"""UUIDs of version 7 that rise strictly, whatever the clock does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

_TAIL_BITS = 74
_STEP_BITS = 32


class RisingUuids:
    """Makes UUIDv7: 48 bits of milliseconds, then 74 bits of chance (RFC 9562 §5.7, §6.2 method 2).

    Within a millisecond, or while the clock is behind, the chance part grows by a random step
    instead, so each id is larger than every one before it.
    """

    def __init__(self, now_ms: Callable[[], int], bits: Callable[[int], int]) -> None:
        self._now_ms = now_ms
        self._bits = bits
        self._last = (-1, 0)
        self._lock = threading.Lock()

    def new(self) -> str:
        """Return the next id."""
        with self._lock:
            ms, tail = self._last
            now = self._now_ms()
            if now > ms:
                ms, tail = now, self._bits(_TAIL_BITS - 1)  # the free top bit leaves room to grow
            else:
                tail += 1 + self._bits(_STEP_BITS)
                if tail >> _TAIL_BITS:
                    ms, tail = ms + 1, self._bits(_TAIL_BITS - 1)
            self._last = (ms, tail)
        high, low = tail >> 62, tail & ((1 << 62) - 1)
        return str(UUID(int=(ms << 80) | (7 << 76) | (high << 64) | (2 << 62) | low))
