"""Knows which rescues are on their way, so that nobody who can wait computes before they left."""

from __future__ import annotations

from collections.abc import Iterable

from axisor.ports import Clock, Lane
from axisor_server.domain.records import IntentRecord

GIVE_WAY_MS = 250
"""How long a rescue without an answer keeps others from computing."""


class Rescues:
    """The protective actions of all accounts of this core between their plan and their answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_ms: dict[str, int] = {}

    def begin(self, records: Iterable[IntentRecord]) -> None:
        """Note what was decided, before it is written down."""
        now_ms = self._clock.monotonic_ms()
        for record in records:
            if record.lane == Lane.GUARD:
                self._since_ms[record.id] = now_ms

    def end(self, records: Iterable[IntentRecord]) -> None:
        """Forget what has its answer, or was never written down."""
        for record in records:
            self._since_ms.pop(record.id, None)

    def wait_ms(self) -> int:
        """Return how long to give way at most; 0 where nothing is on its way."""
        now_ms = self._clock.monotonic_ms()
        while self._since_ms:
            first = next(iter(self._since_ms))
            left = self._since_ms[first] + GIVE_WAY_MS - now_ms
            if left > 0:
                break
            del self._since_ms[first]
        newest = next(reversed(self._since_ms.values()), None)
        return 0 if newest is None else newest + GIVE_WAY_MS - now_ms
