"""The simulator's two clocks: transport time for the protocol, market time for prices."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from axisor.ports import Clock

HELD_S = 0.02
"""What a held clock says instead of for ever: it may be let go, and is soon looked at again."""


class SystemClock:
    """Transport time from the operating system."""

    def now(self) -> datetime:
        """Return wall time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic_ms(self) -> int:
        """Return milliseconds from an arbitrary start, never going backwards."""
        return time.monotonic_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)


class MarketClock:
    """Market time: starts at a moment and runs `speed` times as fast as transport time.

    A speed of None is as fast as prices can be had: then time is wherever the last price put it.
    Time never goes back. A clock that is held stands at its start until `go`.
    """

    def __init__(
        self, transport: Clock, *, start: datetime, speed: Decimal | None, held: bool = False
    ) -> None:
        if speed is not None and speed <= 0:
            raise ValueError("the speed of market time must be above zero")
        self._transport = transport
        self._anchor_ms = transport.monotonic_ms()
        self.start = start
        self.speed = speed
        self._reached = start
        self.held = held

    def go(self) -> None:
        """Let a held clock run from its start; one that runs goes on."""
        if self.held:
            self._anchor_ms = self._transport.monotonic_ms()
            self.held = False

    def now(self) -> datetime:
        """Return the present market time, aware, UTC."""
        if self.speed is not None and not self.held:
            gone = (self._transport.monotonic_ms() - self._anchor_ms) * self.speed
            moment = self.start + timedelta(microseconds=int(gone * 1000))
            self._reached = max(self._reached, moment)
        return self._reached

    def reach(self, moment: datetime) -> None:
        """Put market time forward to a moment; a moment gone by changes nothing."""
        self._reached = max(self._reached, moment)

    def wait_s(self, moment: datetime) -> float:
        """Return how long the transport clock must run until market time is there, in seconds."""
        if self.held:
            return HELD_S
        if self.speed is None:
            return 0.0
        ahead = (moment - self.now()).total_seconds()
        return max(0.0, ahead / float(self.speed))
