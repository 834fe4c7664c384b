"""The price at the end of each interval, for strategies that judge by an indicator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from axisor import trust
from axisor.intents import Intent, Notice, Wake
from axisor.model import Price, Severity
from axisor.strategy import View
from axisor_entries.order import EntryConfig
from axisor_entries.schedule import Look, Schedule

NO_OFFSET = timedelta(0)


class SeriesConfig(EntryConfig, frozen=True, kw_only=True):
    """How often the price is taken, and what to open."""

    interval_min: Annotated[
        int, Meta(ge=1, le=1_440, description="Minutes between two prices that are looked at.")
    ] = 60


class Taken:
    """What one look brought: the price at the end of an interval, and whether one was missed."""

    def __init__(self, schedule: Schedule, config: SeriesConfig, view: View) -> None:
        self._schedule = schedule
        tick = trust.usable_tick(view)
        every = timedelta(minutes=config.interval_min)
        look = schedule.look(view.now, every, NO_OFFSET, usable=tick is not None)
        self.missed = look is Look.MISSED
        self.price: Price | None = tick.last if tick is not None and look is Look.DUE else None

    def wake(self) -> Wake:
        """Return when to look next."""
        return Wake(at=self._schedule.next, on=frozenset({"outcome"}))


def restarted(name: str, *, seen: bool) -> Iterator[Intent]:
    """Yield a notice that an interval was missed, where anything was seen before it."""
    if seen:
        yield Notice(
            severity=Severity.WATCH,
            code="SERIES_RESTARTED",
            text=f"The {name} missed the end of an interval, so its indicator begins anew. "
            "Nothing is opened until it has seen enough.",
        )


def positive(value: Decimal) -> bool:
    """Return whether a setting is a number above zero."""
    return value.is_finite() and value > 0
