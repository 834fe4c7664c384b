"""How the core itself is: its store, its loop, its disk; what ails it concerns every account."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from axisor.errors import StoreUnavailable
from axisor.events import Cause
from axisor.ports import Clock
from axisor_server.ports import Reader, Store, Transaction

T = TypeVar("T")

STALL_MS = 2_000
"""A loop that stood still this long may have lost its leases without noticing."""

STALL_SHOWN_MS = 30_000
"""How long a stall is shown after the loop runs again."""

LOW_PERCENT = 10
LOW_BYTES = 1024**3
"""A disk with less free than both of these is nearly full; a small disk is by the first alone."""


class Vitals:
    """Gathers what watchers find out about this core, and says it as causes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._store = ""
        self._disk = ""
        self._stalled: tuple[int, int] | None = None

    def store_failed(self, message: str) -> None:
        """Learn that a write failed."""
        self._store = message

    def store_worked(self) -> None:
        """Learn that a write became durable."""
        self._store = ""

    def lagged(self, lag_ms: int) -> None:
        """Learn how long the loop just stood still."""
        if lag_ms > STALL_MS:
            self._stalled = (lag_ms, self._clock.monotonic_ms())

    def disk(self, free: int, total: int) -> None:
        """Learn how many bytes of the disk are free, of how many; of 0 where nobody can tell."""
        if total <= 0:
            self._disk = "How full the disk of the data directory is cannot be told."
            return
        low = free < LOW_BYTES and free * 100 < total * LOW_PERCENT
        percent = free * 100 // total
        told = f"The disk of the data directory has {free // 1024**2} MiB free ({percent} %)."
        self._disk = told if low else ""

    def causes(self) -> tuple[Cause, ...]:
        """Return what ails the core now."""
        if not self._store and not self._disk and self._stalled is None:
            return ()
        found = []
        if self._store:
            found.append(Cause("store_failing", f"The store takes no writes: {self._store}"))
        if self._disk:
            found.append(Cause("disk_low", self._disk))
        if self._stalled is not None:
            lag_ms, at = self._stalled
            if self._clock.monotonic_ms() - at < STALL_SHOWN_MS:
                found.append(
                    Cause("loop_stalled", f"The core stood still for {lag_ms / 1000:.1f} s.")
                )
        return tuple(found)


class WatchedStore:
    """A store whose failures and successes of writing are told to the vitals."""

    def __init__(self, store: Store, vitals: Vitals) -> None:
        self._store = store
        self._vitals = vitals

    async def open(self) -> None:
        """Open the store behind."""
        await self._store.open()

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Write, and note whether the store took it."""
        try:
            result = await self._store.write(unit)
        except StoreUnavailable as error:
            self._vitals.store_failed(error.message)
            raise
        self._vitals.store_worked()
        return result

    def read(self, unit: Callable[[Reader], T]) -> Coroutine[Any, Any, T]:
        """Read from the store behind."""
        return self._store.read(unit)

    async def close(self) -> None:
        """Close the store behind."""
        await self._store.close()
