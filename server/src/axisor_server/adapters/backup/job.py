"""Makes backups beside a core at work, one after the other, and says how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from msgspec import Struct

from axisor.errors import AxisorError
from axisor.ports import Clock
from axisor_server.adapters.backup import seal
from axisor_server.adapters.backup.folder import clear_out
from axisor_server.adapters.backup.making import Made, Place, Stamp, make
from axisor_server.domain.backups import Retention
from axisor_server.domain.journal import to_us
from axisor_server.ports import Ids

HOUR_US = 3_600 * 1_000_000

log = structlog.get_logger("axisor.backup")


class Plan(Struct, frozen=True, kw_only=True):
    """When backups are made, where to, for whom, and how many stay."""

    every_s: int
    full_every_h: int
    folder: Path
    lock: seal.Lock
    retention: Retention


class Report(Struct, frozen=True, kw_only=True):
    """How the last try went: when the last good one was taken, how long it took, what failed."""

    good_us: int | None = None
    took_ms: int = 0
    size: int = 0
    failures: int = 0
    error: str = ""


class BackupJob:
    """Makes a backup every so often. The work is done in a thread, never in the event loop."""

    def __init__(
        self,
        place: Place,
        plan: Plan,
        *,
        clock: Clock,
        ids: Ids,
        version: str,
        changed: Callable[[Report], None] = lambda _: None,
    ) -> None:
        self._place = place
        self._plan = plan
        self._clock = clock
        self._ids = ids
        self._version = version
        self._changed = changed
        self.report = Report()

    async def run(self) -> None:
        """Make backups until cancelled; one that fails is tried again at the next turn."""
        while True:
            await self.once()
            await self._clock.sleep(self._plan.every_s)

    async def once(self) -> Made | None:
        """Make one backup, if anything is new; returns it. What fails is reported, not raised."""
        now_us = to_us(self._clock.now())
        started = self._clock.monotonic_ms()
        stamp = Stamp(id=self._ids.new(), time_us=now_us, version=self._version)
        try:
            made = await asyncio.to_thread(self._work, stamp)
        except AxisorError as error:
            self._failed(error)
            return None
        took = self._clock.monotonic_ms() - started
        failed = bool(self.report.error)
        size = self.report.size if made is None else made.size
        self.report = Report(good_us=now_us, took_ms=took, size=size, failures=self.report.failures)
        if failed:
            self._changed(self.report)
        if made is not None:
            log.info(
                "backed up",
                file=made.path.name,
                bytes=made.size,
                entries=made.entries,
                took_ms=took,
            )
        return made

    def _work(self, stamp: Stamp) -> Made | None:
        plan = self._plan
        made = make(
            self._place,
            plan.folder,
            plan.lock,
            stamp,
            full=False,
            full_every_us=plan.full_every_h * HOUR_US,
        )
        if made is not None:
            clear_out(plan.folder, plan.retention)
        return made

    def _failed(self, error: AxisorError) -> None:
        before = self.report
        log.error("not backed up", reason=error.reason, error=str(error))
        self.report = Report(
            good_us=before.good_us,
            took_ms=before.took_ms,
            size=before.size,
            failures=before.failures + 1,
            error=str(error),
        )
        if not before.error:
            self._changed(self.report)
