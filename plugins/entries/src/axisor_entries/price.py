"""Opens a position when the price comes to a level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, field

from axisor import trust
from axisor.events import FeedChanged, Outcome
from axisor.intents import Intent, Wake, Why
from axisor.model import Permission, Price, Tick
from axisor.strategy import Memory, Strategy, View
from axisor_entries.latch import Latch
from axisor_entries.order import HUNDRED, EntryConfig, complaints, opening, told

ON = frozenset({"outcome", "feed"})


class PriceConfig(EntryConfig, frozen=True, kw_only=True):
    """A level, and what to open there."""

    below: Annotated[
        Decimal | None, Meta(description="Open when the price falls to this level.")
    ] = None
    above: Annotated[
        Decimal | None, Meta(description="Open when the price rises to this level.")
    ] = None
    again: Annotated[bool, Meta(description="Open anew each time; no is once in all.")] = False
    rearm: Annotated[
        Decimal, Meta(description="Percent the price must go back before it may open anew.")
    ] = Decimal(1)

    @property
    def level(self) -> Price:
        """Return the one level that is set."""
        return self.below if self.below is not None else self.above or Decimal(0)

    @property
    def back(self) -> Price:
        """Return the price that arms the latch again."""
        way = 1 if self.below is not None else -1
        return self.level * (1 + way * self.rearm / HUNDRED)


class PriceMemory(Memory):
    """Whether the level fired."""

    latch: Latch = field(default_factory=Latch)


class PriceEntry(Strategy[PriceConfig, PriceMemory]):
    """Opens a position when the price falls or rises to a level, once until it has gone back."""

    name = "price-entry"
    permissions = Permission.TRADE

    @classmethod
    def check(cls, config: PriceConfig) -> Iterator[str]:
        """Return what contradicts itself in the configuration."""
        yield from complaints(config)
        if (config.below is None) == (config.above is None):
            yield "Set one level: below, or above."
        elif not (config.level.is_finite() and config.level > 0):
            yield "The level must be a price above zero."
        if not (config.rearm.is_finite() and 0 < config.rearm < HUNDRED):
            yield "The setting rearm must lie between 0 and 100 percent."

    def on_start(self, view: View) -> Iterable[Intent]:
        """Look at the price."""
        return self._answer(view)

    def on_wake(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Look at the price that was reached."""
        return self._answer(view)

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Look at the price."""
        return self._answer(view)

    def on_feed(self, change: FeedChanged, view: View) -> Iterable[Intent]:
        """Look at the price when it can be trusted again."""
        return self._answer(view)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Say when a position was not opened."""
        return told(outcome)

    def _answer(self, view: View) -> Iterator[Intent]:
        config, latch, tick = self.config, self.memory.latch, trust.usable_tick(view)
        falling = config.below is not None
        if tick is not None and not self._is_over:
            way = 1 if falling else -1
            reached = way * (tick.last - config.level) <= 0
            if latch.see(reached=reached, back=way * (tick.last - config.back) >= 0):
                inputs = {"price": str(tick.last), "level": str(config.level)}
                yield opening(config, tick.last, Why(rule=self.name, inputs=inputs))
        if self._is_over:
            yield Wake(on=frozenset({"outcome"}))
            return
        near = config.level if latch.fired == 0 else config.back
        ahead, behind = (config.level, None) if latch.armed else (None, near)
        below, above = (ahead, behind) if falling else (behind, ahead)
        yield Wake(below=below, above=above, on=ON)

    @property
    def _is_over(self) -> bool:
        return self.memory.latch.fired > 0 and not self.config.again
