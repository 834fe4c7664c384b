"""How long runners stand still for rescues: never so long that they come to nothing."""

from __future__ import annotations

from axisor.ports import Clock
from axisor_server.services.running.launching import Spawner

LEAST_MS = 10
"""Less is not worth a word."""


class Stillness:
    """Has runners stand still, at most so long at once, and no longer than they went on before.

    So whatever comes they have half of the time, and of any second at least three eighths where
    they may stand for 250 ms at once.
    """

    def __init__(self, clock: Clock, spawner: Spawner, *, most_ms: int) -> None:
        """Take for how many milliseconds at once; 0 is never."""
        self._clock = clock
        self._spawner = spawner
        self._most_ms = most_ms
        self._left_ms = most_ms
        self._since_ms: int | None = None
        self._until_ms = 0
        self._ended_ms = clock.monotonic_ms()

    def begin(self) -> None:
        """Have them stand still, where they may."""
        now_ms = self._clock.monotonic_ms()
        if self._since_ms is not None:
            if now_ms < self._until_ms:
                return
            self._settle(self._until_ms)  # they went on by themselves
        left_ms = min(self._most_ms, self._left_ms + now_ms - self._ended_ms)
        if left_ms >= LEAST_MS and self._spawner.hush(left_ms):
            self._left_ms = left_ms
            self._since_ms, self._until_ms = now_ms, now_ms + left_ms

    def end(self) -> None:
        """Let them go on."""
        if self._since_ms is None:
            return
        now_ms = self._clock.monotonic_ms()
        if now_ms < self._until_ms:
            self._spawner.go_on()
        self._settle(min(now_ms, self._until_ms))

    def _settle(self, ended_ms: int) -> None:
        assert self._since_ms is not None
        self._left_ms -= ended_ms - self._since_ms
        self._since_ms, self._ended_ms = None, ended_ms
