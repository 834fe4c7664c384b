"""Keeps the months of the journal ahead while a core is at work, and says when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from axisor.errors import AxisorError
from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor.ports import Clock
from axisor_server.adapters.database.partitions import AHEAD, Ensured, ensure

EVERY_S = 86_400.0
AGAIN_S = 300.0
"""How soon it is tried again: a backup that reads the journal meanwhile is in the way."""

PATIENCE = 3
"""After how many tries in vain the owner is told."""

log = structlog.get_logger("axisor.partitions")


class MonthsAhead:
    """Makes the next partitions once a day. The work is done in a thread, never in the loop."""

    def __init__(
        self,
        dsn: str,
        *,
        clock: Clock,
        told: Callable[[NoticeGiven], None],
        work: Callable[[str], Ensured] = ensure,
    ) -> None:
        self._dsn = dsn
        self._clock = clock
        self._told = told
        self._work = work
        self._failures = 0

    async def run(self) -> None:
        """Look after them until cancelled."""
        while True:
            await self._clock.sleep(EVERY_S if await self.once() else AGAIN_S)

    async def once(self) -> bool:
        """Make what lacks; returns whether that went well. What fails is reported, not raised."""
        try:
            found = await asyncio.to_thread(self._work, self._dsn)
        except AxisorError as error:
            log.error("partitions not made", reason=error.reason, error=str(error))
            self._failed(str(error))
            return False
        except Exception as error:  # a mistake of ours here must not end what guards money
            log.exception("partitions not made")
            self._failed(repr(error))
            return False
        if found.made or found.left:
            log.info("partitions made", made=found.made, left_in_default=found.left)
        if self._failures >= PATIENCE:
            self._told(_notice(Severity.OK, "PARTITIONS_MADE", "The next months are there again."))
        self._failures = 0
        return True

    def _failed(self, error: str) -> None:
        self._failures += 1
        if self._failures == PATIENCE:
            text = (
                f"The partitions of the next {AHEAD} months cannot be made; guarding goes on, and"
                " entries of a month without one go into the default partition."
            )
            self._told(_notice(Severity.WARN, "PARTITIONS_NOT_MADE", text, error=error))


def _notice(severity: Severity, code: str, text: str, **data: str) -> NoticeGiven:
    return NoticeGiven(severity=severity, code=code, text=text, data=data)
