"""Opens a position when the relative strength index comes to a level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, field

from axisor.events import Outcome
from axisor.indicators import Rsi
from axisor.intents import Intent, Why
from axisor.model import Permission
from axisor.strategy import Memory, Strategy, View
from axisor_entries.latch import Latch
from axisor_entries.order import HUNDRED, complaints, opening, told
from axisor_entries.schedule import Schedule
from axisor_entries.series import SeriesConfig, Taken, positive, restarted


class RsiConfig(SeriesConfig, frozen=True, kw_only=True):
    """A level of the index, and what to open there."""

    period: Annotated[int, Meta(ge=2, le=200, description="Changes the index looks back on.")] = 14
    when: Annotated[
        Literal["below", "above"], Meta(description="Open when the index falls or rises to level.")
    ] = "below"
    level: Annotated[Decimal, Meta(description="The index at which to open, 0 to 100.")] = Decimal(
        30
    )
    rearm: Annotated[
        Decimal, Meta(description="Points the index must go back before it may open anew.")
    ] = Decimal(10)


class RsiMemory(Memory):
    """The index, when it is looked at next, and whether it fired."""

    schedule: Schedule = field(default_factory=Schedule)
    latch: Latch = field(default_factory=Latch)
    rsi: Rsi | None = None


class RsiEntry(Strategy[RsiConfig, RsiMemory]):
    """Opens a position when the price was beaten down, or driven up, by Wilder's index."""

    name = "rsi-entry"
    permissions = Permission.TRADE

    @classmethod
    def check(cls, config: RsiConfig) -> Iterator[str]:
        """Return what contradicts itself in the configuration."""
        yield from complaints(config)
        if not (positive(config.level) and config.level < HUNDRED):
            yield "The level must lie between 0 and 100."
            return
        way = 1 if config.when == "below" else -1
        if not positive(config.rearm) or not 0 < config.level + way * config.rearm < HUNDRED:
            yield "Going back by rearm must lead to an index between 0 and 100."

    def on_start(self, view: View) -> Iterable[Intent]:
        """Begin, or go on, looking at the end of each interval."""
        return self._answer(view)

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Take the price at the end of an interval."""
        return self._answer(view)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Say when a position was not opened."""
        return told(outcome)

    def _answer(self, view: View) -> Iterator[Intent]:
        memory, config = self.memory, self.config
        taken = Taken(memory.schedule, config, view)
        if taken.missed:
            yield from restarted(self.name, seen=memory.rsi is not None)
            memory.rsi = None
        if taken.price is not None:
            if memory.rsi is None or memory.rsi.period != config.period:
                memory.rsi = Rsi(config.period)
            index = memory.rsi.update(taken.price)
            if index is not None and self._fires(index):
                inputs = {"rsi": f"{index:.2f}", "level": str(config.level)}
                yield opening(config, taken.price, Why(rule=self.name, inputs=inputs))
        yield taken.wake()

    def _fires(self, index: Decimal) -> bool:
        way = 1 if self.config.when == "below" else -1
        over = way * (index - self.config.level)
        return self.memory.latch.see(reached=over <= 0, back=over >= self.config.rearm)
