"""A small guard for back-test tests, and paths made by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from axisor.backtest import Path
from axisor.backtest.path import to_ms
from axisor.intents import AddMargin, Intent, Wake
from axisor.maths import (
    is_nearer,
    liquidation_at_distance,
    margin_for_liquidation,
    most_margin,
)
from axisor.model import Side, Tick
from axisor.strategy import Config, Memory, Strategy, View

START = datetime(2026, 1, 1, tzinfo=UTC)
TRIGGER = Decimal("0.02")
TARGET = Decimal("0.05")


class NoConfig(Config, frozen=True):
    """Nothing to set."""


def rescue(view: View) -> Iterator[AddMargin]:
    """Ask for what brings each position below the trigger back to the target."""
    assert view.tick is not None
    for p in view.positions:
        price = view.tick.guard_price(p.side, p.quantity)
        assert price is not None
        if not is_nearer(p.side, price, p.liquidation, TRIGGER):
            continue
        target = liquidation_at_distance(p.side, price, TARGET)
        wanted = margin_for_liquidation(p.side, p.quantity, p.entry, target) - p.margin
        amount = min(wanted, most_margin(p.quantity, p.entry) - p.margin, view.balance.free)
        if amount > 0:
            yield AddMargin(position=p.id, amount=amount)


class Woken(Strategy[NoConfig, Memory]):
    """Looks only at prints at which a position can be below the trigger."""

    name = "woken"

    def _look(self, view: View) -> Iterator[Intent]:
        yield from rescue(view)
        for p in view.positions:
            edge = p.liquidation / (1 - p.side.sign * TRIGGER)
            long = p.side is Side.BUY
            yield Wake(below=edge if long else None, above=None if long else edge)

    def on_start(self, view: View) -> Iterator[Intent]:
        return self._look(view)

    def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
        return self._look(view)

    def on_position(self, change: object, view: View) -> Iterator[Intent]:
        return self._look(view)


class Everywhere(Strategy[NoConfig, Memory]):
    """Looks at every print."""

    name = "everywhere"

    def on_start(self, view: View) -> Iterator[Intent]:
        return rescue(view)

    def on_tick(self, tick: Tick, view: View) -> Iterator[Intent]:
        return rescue(view)

    def on_position(self, change: object, view: View) -> Iterator[Intent]:
        return rescue(view)


def minutes(*prices: float | str, start: datetime = START) -> Path:
    """Return a path with a print each quarter of a minute."""
    begin = to_ms(start)
    halves = [int(Decimal(str(price)) * 2) for price in prices]
    return Path([begin + 15_000 * n for n in range(len(halves))], halves)


def walk(seed: int, prints: int, *, start: int = 20_000, widest: int = 60) -> Path:
    """Return a random walk in half dollars with now and then a jump."""
    chance = random.Random(seed)
    halves = [start]
    for _ in range(prints - 1):
        step = chance.randint(-widest, widest) * (20 if chance.random() < 0.002 else 1)
        halves.append(max(2, halves[-1] + step))
    begin = to_ms(START)
    return Path([begin + 15_000 * n for n in range(prints)], halves)
