"""Follows journals off the path of decisions, and shows each event at least once, in order.

One core of a database does it at a time, under a lease of its own. How far each journal was shown
is stored, so that whoever goes on begins where the last one ended. What is made of events may be
written in the unit that stores how far they were shown: then it is made exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

import structlog
from msgspec import Struct

from axisor.errors import StoreError
from axisor.events import Event
from axisor.ports import Clock
from axisor_server.domain.journal import Entry, to_event
from axisor_server.ports import Conflict, Reader, Store, Transaction

LEASE, MARK = "notifier", "notified"
"""Under which name the lease of observers is taken, no account is called so; and under which how
far each journal was shown is stored."""

PAGE = 200

Write: TypeAlias = Callable[[Transaction], None]

Observe: TypeAlias = Callable[[Sequence[Event]], Awaitable[Write | None]]
"""Shows events of one journal to whoever observes them; returns when all have seen them, with what
is to be written in the unit that says so, or None."""

log = structlog.get_logger(__name__)


class Pace(Struct, frozen=True, kw_only=True):
    """How long the lease lasts, how often it is renewed, and how often journals are looked at.

    After a look the next one waits for `gap_s`, hinted or not: what comes at once is taken at
    once, and what comes in a crowd is taken together, so that intents do not queue behind it.
    """

    ttl_ms: int = 5_000
    renew_ms: int = 1_500
    poll_s: float = 1.0
    gap_s: float = 0.0


class Notifier:
    """Follows every journal for one observer: those of plugins, or of what people are told."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        owner: str,
        observe: Observe,
        pace: Pace,
        lease: str = LEASE,
        mark: str = MARK,
    ) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._observe = observe
        self._pace = pace
        self._lease = lease
        self._mark = mark
        self._epoch: int | None = None
        self._renewed_ms = 0
        self._looked_ms = 0
        self._hinted = asyncio.Event()

    @property
    def epoch(self) -> int | None:
        """Return the epoch under which this core follows, None while another does."""
        return self._epoch

    def hint(self) -> None:
        """Look soon: a journal grew."""
        self._hinted.set()

    async def run(self) -> None:
        """Show what comes, for as long as no other core does, until cancelled."""
        while True:
            self._hinted.clear()
            try:
                await self.round()
            except Conflict:
                self._epoch = None  # another core goes on from what was stored
            except StoreError as error:
                log.warning("events wait for the database", error=error.message)
            self._looked_ms = self._clock.monotonic_ms()
            await self._pause()

    async def finish(self) -> None:
        """Show what is left, and let another core go on at once."""
        try:
            await self.round()
            epoch, owner = self._epoch, self._owner
            if epoch is not None:
                await self._store.write(
                    lambda tx: tx.release_lease(self._lease, owner=owner, epoch=epoch)
                )
        except StoreError as error:
            log.warning("events are left for the next core", error=error.message)

    async def round(self) -> None:
        """Show every event that was not shown, if this core may. Raises StoreError."""
        if not await self._holds():
            return
        shown, heads = await self._store.read(self._cursors)
        for stream, head in sorted(heads.items()):
            while shown.get(stream, 0) < head and await self._holds():
                shown[stream] = await self._show(stream, shown.get(stream, 0))

    async def _show(self, stream: str, after: int) -> int:
        entries: Sequence[Entry] = await self._store.read(
            lambda view: view.entries(stream, after=after, limit=PAGE)
        )
        write = await self._observe([to_event(entry) for entry in entries])
        reached = entries[-1].sequence
        epoch = self._epoch
        assert epoch is not None

        def unit(tx: Transaction) -> None:
            tx.hold_lease(self._lease, epoch=epoch)
            if write is not None:
                write(tx)
            tx.put_meta(self._key(stream), str(reached))

        await self._store.write(unit)
        return reached

    async def _holds(self) -> bool:
        now_ms = self._clock.monotonic_ms()
        if self._epoch is not None and now_ms - self._renewed_ms < self._pace.renew_ms:
            return True
        owner, ttl_us = self._owner, self._pace.ttl_ms * 1_000
        first = self._epoch is None

        def unit(tx: Transaction) -> int | None:
            epoch = tx.claim_lease(self._lease, owner=owner, ttl_us=ttl_us)
            if epoch is not None and first:
                self._begin(tx)
            return epoch

        self._epoch = await self._store.write(unit)
        self._renewed_ms = now_ms
        return self._epoch is not None

    async def _pause(self) -> None:
        slept = asyncio.ensure_future(self._clock.sleep(self._pace.poll_s))
        hinted = asyncio.ensure_future(self._hinted.wait())
        try:
            await asyncio.wait((slept, hinted), return_when=asyncio.FIRST_COMPLETED)
        finally:
            slept.cancel()
            hinted.cancel()
        since_s = (self._clock.monotonic_ms() - self._looked_ms) / 1_000
        if since_s < self._pace.gap_s:
            await self._clock.sleep(self._pace.gap_s - since_s)

    def _begin(self, tx: Transaction) -> None:
        """Pass over, once, what was written before cores remembered what they had shown."""
        if tx.meta(self._lease) is None:
            tx.put_meta(self._lease, "began")
            for stream, sequence in tx.sequences().items():
                tx.put_meta(self._key(stream), str(sequence))

    def _cursors(self, view: Reader) -> tuple[dict[str, int], Mapping[str, int]]:
        heads = view.sequences()
        shown = {stream: int(view.meta(self._key(stream)) or 0) for stream in heads}
        return shown, heads

    def _key(self, stream: str) -> str:
        return f"{self._mark}/{stream}"
