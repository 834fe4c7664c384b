"""Opens a position when a fast moving average crosses a slow one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from axisor.events import Outcome
from axisor.indicators import Ema, Sma
from axisor.intents import Intent, Why
from axisor.model import Permission, Price
from axisor.strategy import Memory, Strategy, View
from axisor_entries.latch import Latch
from axisor_entries.order import complaints, opening, told
from axisor_entries.schedule import Schedule
from axisor_entries.series import SeriesConfig, Taken, restarted


class AverageConfig(SeriesConfig, frozen=True, kw_only=True):
    """Two averages, and what to open when they cross."""

    kind: Annotated[
        Literal["ema", "sma"], Meta(description="Exponential averages, or simple ones.")
    ] = "ema"
    fast: Annotated[int, Meta(ge=1, le=199, description="Prices in the fast average.")] = 12
    slow: Annotated[int, Meta(ge=2, le=200, description="Prices in the slow average.")] = 26
    when: Annotated[
        Literal["above", "below"],
        Meta(description="Open when the fast one rises above the slow one, or falls below it."),
    ] = "above"


class AverageMemory(Memory):
    """The averages, fast and slow, when they are looked at next, and whether they crossed."""

    schedule: Schedule = field(default_factory=Schedule)
    latch: Latch = field(default_factory=Latch)
    exponential: list[Ema] = field(default_factory=list)
    simple: list[Sma] = field(default_factory=list)


class AverageEntry(Strategy[AverageConfig, AverageMemory]):
    """Opens a position when a fast moving average crosses a slow one, once for each crossing."""

    name = "average-entry"
    permissions = Permission.TRADE

    @classmethod
    def check(cls, config: AverageConfig) -> Iterator[str]:
        """Return what contradicts itself in the configuration."""
        yield from complaints(config)
        if config.fast >= config.slow:
            yield "The fast average must be shorter than the slow one."

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
            yield from restarted(self.name, seen=bool(self._averages))
            memory.exponential, memory.simple = [], []
        if taken.price is not None:
            yield from self._cross(taken.price)
        yield taken.wake()

    @property
    def _averages(self) -> list[Ema] | list[Sma]:
        return self.memory.exponential if self.config.kind == "ema" else self.memory.simple

    def _cross(self, price: Price) -> Iterator[Intent]:
        memory, config = self.memory, self.config
        periods = [config.fast, config.slow]
        if [average.period for average in self._averages] != periods:
            ema = config.kind == "ema"
            memory.exponential = [Ema(period) for period in periods] if ema else []
            memory.simple = [] if ema else [Sma(period) for period in periods]
        fast, slow = (average.update(price) for average in self._averages)
        if fast is None or slow is None:
            return
        over = fast - slow if config.when == "above" else slow - fast
        if memory.latch.see(reached=over > 0, back=over <= 0):
            inputs = {"fast": f"{fast:.2f}", "slow": f"{slow:.2f}"}
            yield opening(config, price, Why(rule=self.name, inputs=inputs))
