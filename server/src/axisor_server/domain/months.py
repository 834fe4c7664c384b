"""Months of UTC, by which the journal is cut on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from axisor_server.domain.journal import from_us, to_us


class Month(Struct, frozen=True, order=True):
    """A month of UTC."""

    year: int
    month: int

    @property
    def next(self) -> Month:
        """Return the month after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def start_us(self) -> int:
        """Return its first microsecond; its end is the start of the next."""
        return to_us(datetime(self.year, self.month, 1, tzinfo=UTC))


def month_of(time_us: int) -> Month:
    """Return the month of a time."""
    time = from_us(time_us)
    return Month(time.year, time.month)


def months_from(now_us: int, *, ahead: int) -> Iterator[Month]:
    """Return the month of a time, and as many after it."""
    month = month_of(now_us)
    for _ in range(ahead + 1):
        yield month
        month = month.next
