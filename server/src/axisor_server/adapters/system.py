"""The Clock and Ids ports from the operating system."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime

from axisor_server.adapters.ids import RisingUuids

TOKEN_BYTES = 32
STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The clock that leases and signatures are measured by: it goes on while a machine sleeps."""


def system_now_us() -> int:
    """Return microseconds since 1970 by this machine, for databases without a clock."""
    return time.time_ns() // 1_000


class SystemClock:
    """Wall time and monotonic time of this machine."""

    def now(self) -> datetime:
        """Return the wall time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic_ms(self) -> int:
        """Return milliseconds that never go backwards, those of a sleeping machine among them."""
        return time.clock_gettime_ns(STEADY) // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)


class SystemIds:
    """Ids and tokens from the operating system's chance."""

    def __init__(self) -> None:
        self._uuids = RisingUuids(lambda: time.time_ns() // 1_000_000, secrets.randbits)

    def new(self) -> str:
        """Return a new UUIDv7, larger than every one before it in this process."""
        return self._uuids.new()

    def token(self) -> str:
        """Return 256 random bits as URL-safe text."""
        return secrets.token_urlsafe(TOKEN_BYTES)
