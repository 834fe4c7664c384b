"""Opens a position at each level of a grid, and takes its profit at the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct, field

from axisor import trust
from axisor.events import FeedChanged, Outcome
from axisor.intents import Intent, Wake, Why
from axisor.maths import round_to_step
from axisor.model import Permission, Price, Tick
from axisor.strategy import Memory, Strategy, View
from axisor_entries.latch import Latch
from axisor_entries.order import OrderConfig, complaints, opening, told
from axisor_entries.price import ON
from axisor_entries.series import positive


class GridConfig(OrderConfig, frozen=True, kw_only=True):
    """The grid, and what to open at each of its levels."""

    lowest: Annotated[Decimal, Meta(description="The lowest price of the grid.")]
    spacing: Annotated[Decimal, Meta(description="Dollars from one level to the next.")]
    levels: Annotated[
        int, Meta(ge=2, le=50, description="Prices in the grid, the lowest and highest counted.")
    ] = 10


class Rung(Struct, frozen=True):
    """A level at which a position is opened, and the next one, at which it takes its profit."""

    level: Price
    profit: Price


class GridMemory(Memory):
    """Which levels fired; `shape` is the grid they belong to."""

    shape: str = ""
    latches: list[Latch] = field(default_factory=list)


class Grid(Strategy[GridConfig, GridMemory]):
    """Opens a position at each level of a grid, and again only after its profit was taken."""

    name = "grid"
    permissions = Permission.TRADE

    @classmethod
    def check(cls, config: GridConfig) -> Iterator[str]:
        """Return what contradicts itself in the configuration."""
        yield from complaints(config)
        if not positive(config.lowest):
            yield "The lowest price of the grid must lie above zero."
        if not positive(config.spacing) or config.spacing < 1:
            yield "The levels of the grid must lie at least a dollar apart."

    def on_start(self, view: View) -> Iterable[Intent]:
        """Look at every level."""
        return self._answer(view)

    def on_wake(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Look at every level at the price that was reached."""
        return self._answer(view)

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Look at every level."""
        return self._answer(view)

    def on_feed(self, change: FeedChanged, view: View) -> Iterable[Intent]:
        """Look at every level when the price can be trusted again."""
        return self._answer(view)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Say when a position was not opened."""
        return told(outcome)

    def _answer(self, view: View) -> Iterator[Intent]:
        config, memory, tick = self.config, self.memory, trust.usable_tick(view)
        rungs, sign = rungs_of(config), config.direction.sign
        shape = f"{config.side} {config.lowest} {config.spacing} {config.levels}"
        if memory.shape != shape:
            memory.shape, memory.latches = shape, [Latch() for _ in rungs]
        ahead: list[Price] = []
        behind: list[Price] = []
        for rung, latch in zip(rungs, memory.latches, strict=True):
            if tick is not None:
                reached = sign * (tick.last - rung.level) <= 0
                if latch.see(reached=reached, back=sign * (tick.last - rung.profit) >= 0):
                    inputs = {"price": str(tick.last), "level": str(rung.level)}
                    why = Why(rule=self.name, inputs=inputs)
                    yield opening(config, tick.last, why, profit=rung.profit)
            if latch.armed:
                ahead.append(rung.level)
            else:
                behind.append(rung.level if latch.fired == 0 else rung.profit)
        below, above = (ahead, behind) if sign > 0 else (behind, ahead)
        yield Wake(below=max(below, default=None), above=min(above, default=None), on=ON)


def rungs_of(config: GridConfig) -> tuple[Rung, ...]:
    """Return the levels at which positions are opened, the lowest first.

    A long takes its profit at the next level up, so none is opened at the highest; a short at the
    next one down, so none at the lowest.
    """
    prices = [round_to_step(config.lowest + config.spacing * n) for n in range(config.levels)]
    pairs = pairwise(prices)
    long = config.side == "long"
    return tuple(Rung(low, high) if long else Rung(high, low) for low, high in pairs)
