"""Opens a position at fixed times, whatever the price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, field

from axisor import trust
from axisor.events import Outcome
from axisor.intents import Intent, Notice, Wake, Why
from axisor.model import Permission, Severity, Tick
from axisor.strategy import Memory, Strategy, View
from axisor_entries.order import EntryConfig, complaints, opening, told
from axisor_entries.schedule import Look, Schedule
from axisor_entries.series import positive

Times = Annotated[int, Meta(ge=1)]


class DcaConfig(EntryConfig, frozen=True, kw_only=True):
    """When to open, and what."""

    every_min: Annotated[
        int, Meta(ge=1, le=525_600, description="Minutes from one opening to the next.")
    ] = 1_440
    offset_min: Annotated[
        int,
        Meta(ge=0, le=525_599, description="Minutes after midnight UTC, or after the interval."),
    ] = 0
    times: Annotated[
        Times | None, Meta(description="How many openings in all; none is no end.")
    ] = None
    only_below: Annotated[
        Decimal | None, Meta(description="Skip it while the price is above this; none is never.")
    ] = None


class DcaMemory(Memory):
    """When to open next, and how often it was asked for."""

    schedule: Schedule = field(default_factory=Schedule)
    count: int = 0


class Dca(Strategy[DcaConfig, DcaMemory]):
    """Opens a position of the same size at fixed times, whatever the price."""

    name = "dca"
    permissions = Permission.TRADE

    @classmethod
    def check(cls, config: DcaConfig) -> Iterator[str]:
        """Return what contradicts itself in the configuration."""
        yield from complaints(config)
        if config.offset_min >= config.every_min:
            yield "The offset must be shorter than the interval."
        if config.only_below is not None and not positive(config.only_below):
            yield "The setting only_below must be a price above zero."

    def on_start(self, view: View) -> Iterable[Intent]:
        """Begin, or go on, waiting for the next time."""
        return self._answer(view)

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Open when the time has come."""
        return self._answer(view)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Say when a position was not opened."""
        return told(outcome)

    def _answer(self, view: View) -> Iterator[Intent]:
        memory, config, tick = self.memory, self.config, trust.usable_tick(view)
        if config.times is not None and memory.count >= config.times:
            yield Wake(on=frozenset({"outcome"}))
            return
        every, offset = timedelta(minutes=config.every_min), timedelta(minutes=config.offset_min)
        look = memory.schedule.look(view.now, every, offset, usable=tick is not None)
        if look is Look.MISSED:
            yield Notice(
                severity=Severity.WARN,
                code="DCA_MISSED",
                text="No price could be used at the time of an opening, or the core was away. "
                "It is left out and not made up for.",
            )
        elif look is Look.DUE and tick is not None and self._is_cheap(tick):
            memory.count += 1
            inputs = {"price": str(tick.last), "number": str(memory.count)}
            yield opening(config, tick.last, Why(rule=self.name, inputs=inputs))
        yield Wake(at=memory.schedule.next, on=frozenset({"outcome"}))

    def _is_cheap(self, tick: Tick) -> bool:
        return self.config.only_below is None or tick.last <= self.config.only_below
