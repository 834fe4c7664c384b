"""Who must be called at a tick: all price bounds sorted, so that a quiet tick costs two looks.

A bound stays until it is replaced: whoever is woken beyond it is woken at every tick there, as long
as it does not ask for another. Times fire once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from axisor.intents import Wake
from axisor.model import Price, Tick


class _Held(Struct, frozen=True, gc=False):
    below: Price | None
    above: Price | None
    at: datetime | None


class WakeIndex:
    """Sorted bounds of many keys. `crossed` costs O(log n + crossings).

    Setting a bound moves part of a list of pointers, which is quick up to some 100,000 keys.
    """

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._below: list[tuple[Price, str]] = []
        self._above: list[tuple[Price, str]] = []
        self._at: list[tuple[datetime, str]] = []
        self._every: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._held.keys() | self._every.keys())

    def set(self, key: str, wake: Wake | None, *, every_tick: bool = False) -> None:
        """Replace what a key waits for. None waits for nothing but, if asked, every tick."""
        self.drop(key)
        if every_tick:
            self._every[key] = None
        if wake is None or (wake.below is None and wake.above is None and wake.at is None):
            return
        self._held[key] = _Held(wake.below, wake.above, wake.at)
        if wake.below is not None:
            insort(self._below, (wake.below, key))
        if wake.above is not None:
            insort(self._above, (wake.above, key))
        if wake.at is not None:
            insort(self._at, (wake.at, key))

    def drop(self, key: str) -> None:
        """Forget a key; one that is not held is no error."""
        self._every.pop(key, None)
        held = self._held.pop(key, None)
        if held is None:
            return
        if held.below is not None:
            del self._below[bisect_left(self._below, (held.below, key))]
        if held.above is not None:
            del self._above[bisect_left(self._above, (held.above, key))]
        if held.at is not None:
            del self._at[bisect_left(self._at, (held.at, key))]

    def crossed(self, tick: Tick) -> list[str]:
        """Return keys whose bound the tick reached, the deepest crossed first, ties by key.

        `below` is compared with the tick's low, `above` with its high, both inclusive.
        """
        low, high = tick.low, tick.high
        first = bisect_left(self._below, (low, ""))
        last = bisect_right(self._above, (high, "\U0010ffff"))
        if first == len(self._below) and last == 0:
            return []
        depth: dict[str, Decimal] = {}
        for bound, key in self._below[first:]:
            depth[key] = bound / low
        for bound, key in self._above[:last]:
            # A bound of zero asks for every tick: it is as deep as can be, and not divided by.
            over = high / bound if bound > 0 else Decimal("Infinity")
            depth[key] = max(depth.get(key, Decimal(0)), over)
        return sorted(depth, key=lambda key: (-depth[key], key))

    def due(self, now: datetime) -> list[tuple[str, datetime]]:
        """Take out and return the times that have come, earliest first, each with its key."""
        count = bisect_right(self._at, (now, "\U0010ffff"))
        if count == 0:
            return []
        ready = [(key, at) for at, key in self._at[:count]]
        del self._at[:count]
        for key, _ in ready:
            held = self._held[key]
            if held.below is None and held.above is None:
                del self._held[key]
            else:
                self._held[key] = _Held(held.below, held.above, None)
        return ready

    def every(self) -> tuple[str, ...]:
        """Return keys that want each tick, in the order they asked."""
        return tuple(self._every)

    def nearest(self) -> tuple[Price | None, Price | None]:
        """Return the highest bound below and the lowest above, None where there is none."""
        return (
            self._below[-1][0] if self._below else None,
            self._above[0][0] if self._above else None,
        )
