"""A crash through thousands of triggers at one tick: how long planning takes, and in which order.

All positions are long and their triggers within one fall. The accounts are planned one after
another, the deepest crossed first, and each plan's calls can leave while the next is made; how soon
the first arrives at a venue is measured on a core (`wire`).
"""

from __future__ import annotations

import gc
import time
from decimal import Decimal

from benchmarks.crowd import OPENING, PER_ACCOUNT, START, Guarded, crowd
from benchmarks.measure import Cell, Part, Plan, median, spread
from msgspec import Struct

from axisor.events import Woken
from axisor.exchange import Quote
from axisor.intents import AddMargin
from axisor.model import Tick
from axisor_server.engine.wakes import WakeIndex

SEED = 21
SIZES, QUICK_SIZES = (100, 1_000, 10_000), (200,)
FALL = Decimal("0.9775")
"""Below every trigger, above every liquidation."""


class Planned(Struct, frozen=True):
    """Milliseconds to the first account's plan and to the last one's, calls, and their order."""

    first_ms: float
    all_ms: float
    calls: int
    ordered: bool


def crash(positions: int) -> Planned:
    """Fall once, on accounts that are new."""
    accounts = {each.key: each for each in crowd(SEED, positions, longs=True)}
    index = WakeIndex()
    for key, account in accounts.items():
        index.set(key, account.wake)
    quote = Quote.at(Decimal(round(OPENING * FALL)) / 2, START)
    tick = quote.tick(quote.time)
    cause = Woken(tick=tick)
    gc.collect()
    calls, first, ordered = 0, 0.0, True
    started = time.perf_counter()
    for key in index.crossed(tick):
        asked = accounts[key].decide(cause, tick).intents
        first = first or time.perf_counter() - started
        added = [intent.position for intent in asked if isinstance(intent, AddMargin)]
        calls += len(added)
        ordered &= _nearest_first(accounts[key], added, tick)
    took = time.perf_counter() - started
    return Planned(first * 1_000, took * 1_000, calls, ordered)


def _nearest_first(account: Guarded, added: list[str], tick: Tick) -> bool:
    """Return whether margin is asked for in the order of danger."""
    liquidations = account.liquidations()
    near = [tick.last - liquidations[position] for position in added]
    return near == sorted(near)


def row(positions: int, plan: Plan) -> dict[str, Cell]:
    """Return one row."""
    found = [crash(positions) for _ in range(plan.rounds)]
    kept = found[plan.warm :]
    return {
        "positions": positions,
        "accounts": -(-positions // PER_ACCOUNT),
        "calls planned": found[0].calls,
        "first account ms": median([each.first_ms for each in kept]),
        "all ms": median([each.all_ms for each in kept]),
        "spread": spread([each.all_ms for each in kept]),
        "µs a position": median([each.all_ms for each in kept]) * 1_000 / positions,
        "nearest to liquidation first": all(each.ordered for each in found),
    }


def run(plan: Plan) -> list[Part]:
    """Measure all sizes."""
    sizes = QUICK_SIZES if plan.quick else SIZES
    return [
        Part(
            name="crash",
            title="A crash through every trigger at one tick",
            rows=tuple(row(positions, plan) for positions in sizes),
            notes=(plan.said, f"{PER_ACCOUNT} positions an account."),
            seeds=(SEED,),
        )
    ]
