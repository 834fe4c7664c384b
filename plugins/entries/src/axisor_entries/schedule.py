"""Looking at the market at fixed times: once for each, and not much later than that."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta

from msgspec import Struct

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AGAIN = timedelta(seconds=5)
"""Where no price can be used at the time, the next look is so much later."""

PATIENCE = timedelta(minutes=10)
"""After so long, or the interval where that is shorter, the time has been missed."""


class Look(enum.Enum):
    """What a call finds: nothing to do yet, the time has come, or it was missed."""

    WAIT = "wait"
    DUE = "due"
    MISSED = "missed"


class Schedule(Struct):
    """The time that is waited for, and when to look next. Both are the same until a look fails."""

    due: datetime | None = None
    next: datetime | None = None

    def look(self, now: datetime, every: timedelta, offset: timedelta, *, usable: bool) -> Look:
        """Return what to do now, and move on to the next time where this one is over.

        Times are multiples of `every` since 1970, UTC, plus `offset`. A time missed is never made
        up for.
        """
        if self.due is None or self.next is None:
            self._wait_for_next(now, every, offset)
            return Look.WAIT
        if now < self.next:
            return Look.WAIT
        if now >= self.due + min(PATIENCE, every):
            self._wait_for_next(now, every, offset)
            return Look.MISSED
        if not usable:
            self.next = now + AGAIN
            return Look.WAIT
        self._wait_for_next(now, every, offset)
        return Look.DUE

    def _wait_for_next(self, now: datetime, every: timedelta, offset: timedelta) -> None:
        since = now - EPOCH - offset
        self.due = self.next = EPOCH + offset + (since // every + 1) * every
