"""Makes backups beside a core at work, one after the other, and says how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from msgspec import Struct
from msgspec.structs import replace

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
    """Makes a backup every so often. The work is done in a thread, never in the event loop.

    `told` is called after each try with the report before and the one after.
    """

    def __init__(
        self,
        place: Place,
        plan: Plan,
        *,
        clock: Clock,
        ids: Ids,
        version: str,
        told: Callable[[Report, Report], None] = lambda before, after: None,
    ) -> None:
        self._place = place
        self._plan = plan
        self._clock = clock
        self._ids = ids
        self._version = version
        self._told = told
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
        before = self.report
        try:
            made = await asyncio.to_thread(self._work, stamp)
        except AxisorError as error:
            log.error("not backed up", reason=error.reason, error=str(error))
            self._tell(replace(before, failures=before.failures + 1, error=str(error)))
            return None
        except Exception as error:  # a mistake of ours here must not end what guards money
            log.exception("not backed up")
            self._tell(replace(before, failures=before.failures + 1, error=repr(error)))
            return None
        took = self._clock.monotonic_ms() - started
        size = before.size if made is None else made.size
        self._tell(Report(good_us=now_us, took_ms=took, size=size, failures=before.failures))
        if made is not None:
            log.info(
                "backed up",
                file=made.path.name,
                bytes=made.size,
                entries=made.entries,
                took_ms=took,
            )
        return made

    def _tell(self, report: Report) -> None:
        before, self.report = self.report, report
        self._told(before, report)

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
