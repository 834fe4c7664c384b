"""Knows which rescues are on their way, so that nobody who can wait computes before they left."""

from __future__ import annotations

from collections.abc import Iterable

from axisor.ports import Clock, Lane
from axisor_server.domain.records import IntentRecord
from axisor_server.engine.hosts import NOWHERE, RunHost

GIVE_WAY_MS = 250
"""How long a rescue without an answer keeps others from computing."""


class Rescues:
    """The protective actions of all accounts of this core between their plan and their answer.

    From the moment a price wakes a guard until nothing is on its way, runners stand still.
    """

    def __init__(self, clock: Clock, host: RunHost = NOWHERE) -> None:
        self._clock = clock
        self._host = host
        self._since_ms: dict[str, int] = {}
        self._woken: dict[str, None] = {}

    def woken(self, account: str) -> None:
        """Note that a price reached what a guard of this account waits for."""
        self._woken[account] = None
        self._host.stand_still()

    def decided(self, account: str) -> None:
        """Note that all of an account's guards that were woken have decided."""
        if account in self._woken:
            del self._woken[account]
            self._go_on()

    def begin(self, records: Iterable[IntentRecord]) -> None:
        """Note what was decided, before it is written down."""
        now_ms = self._clock.monotonic_ms()
        for record in records:
            if record.lane == Lane.GUARD:
                self._since_ms[record.id] = now_ms
                self._host.stand_still()

    def end(self, records: Iterable[IntentRecord]) -> None:
        """Forget what has its answer, or was never written down."""
        ended = [self._since_ms.pop(record.id, None) for record in records]
        if ended and any(each is not None for each in ended):
            self._go_on()

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

    def _go_on(self) -> None:
        if not self._woken and not self.wait_ms():
            self._host.go_on()
