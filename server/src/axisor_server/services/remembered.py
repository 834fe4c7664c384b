"""Remembers what was found out, for a while and up to a number."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from axisor.ports import Clock

T = TypeVar("T")

MOST = 4_096


class Remembered(Generic[T]):
    """Values by a text, each forgotten after a time, the oldest sooner where there are too many."""

    def __init__(self, clock: Clock, kept_ms: int, *, most: int = MOST) -> None:
        self._clock = clock
        self._kept_ms = kept_ms
        self._most = most
        self._found: OrderedDict[str, tuple[int, T]] = OrderedDict()

    def get(self, key: str) -> T | None:
        """Return a value that is not too old, or None."""
        found = self._found.get(key)
        if found is None or self._clock.monotonic_ms() - found[0] >= self._kept_ms:
            return None
        return found[1]

    def put(self, key: str, value: T) -> None:
        """Remember a value from now on."""
        self._found[key] = self._clock.monotonic_ms(), value
        self._found.move_to_end(key)
        while len(self._found) > self._most:
            self._found.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget a value."""
        self._found.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._found.clear()
