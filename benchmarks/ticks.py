"""What a tick costs: one that crosses nothing, by positions, and one that wakes a guard.

The first is the market's whole way of taking a tick, with a wake for each position. The second is
the guard's own step, with everything it looks at; whatever lies between them and the wire is
measured on a core (`wire`).
"""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.crowd import PER_ACCOUNT, START, quotes
from benchmarks.guard import SEED, Indexed, Walked, walk
from benchmarks.measure import Cell, Part, Plan, median, percentile, spread
from tests.support.venue import SimVenue

from axisor.events import Stimulus
from axisor.exchange import Quote
from axisor.intents import Wake
from axisor.model import FeedQuality
from axisor_server.adapters.system import SystemClock
from axisor_server.engine.market import Market
from axisor_server.engine.settings import EngineSettings

SIZES = (10, 1_000, 100_000, 1_000_000)
QUICK_SIZES = (10, 1_000)
TICKS, QUICK_TICKS = 20_000, 200
REPLACED = 20
"""How many positions get another wake, one after the other, in the middle of the others."""

LEAST_WEIGHED = 100_000
"""Fewer positions than these do not show in the memory of the process."""

GUARDED, WALK = 10_000, 4_000
QUICK_GUARDED, QUICK_WALK = 1_000, 40


class Counting:
    """Counts how often it is called."""

    def __init__(self) -> None:
        self.calls = 0

    def wake(self, calls: list[tuple[str, Stimulus]]) -> None:
        """Count."""
        self.calls += len(calls)

    def trust(self, quality: FeedQuality, reason: str) -> None:
        """Do nothing: a price that can be trusted calls nobody."""


def quiet(positions: int, plan: Plan) -> dict[str, Cell]:
    """Return one row: ticks between the bounds of so many positions."""
    clock, listener = SystemClock(), Counting()
    feed = SimVenue(clock).market(network="sim", url=None, clock=clock)
    settings = EngineSettings(owner="bench")
    market = Market(feed, venue="bench", network="sim", url="", clock=clock, settings=settings)
    gc.collect()
    before = _resident()
    for number in range(positions):
        market.expect(f"run-{number:07}", listener, _wake(number), every_tick=False)
    weight = (_resident() - before) / positions
    runs = [_take(market, plan, round_) for round_ in range(plan.rounds)][plan.warm :]
    replaced = [_replace(market, listener, positions) for _ in range(plan.runs)]
    return {
        "positions": positions,
        "ticks": len(runs[0]),
        "tick p50 µs": median([percentile(run, 50) / 1_000 for run in runs]),
        "tick p99 µs": median([percentile(run, 99) / 1_000 for run in runs]),
        "spread of p50": spread([percentile(run, 50) / 1_000 for run in runs], 2),
        "new wake µs": median(replaced),
        "bytes a position": round(weight) if positions >= LEAST_WEIGHED else None,
        "calls": listener.calls,
    }


def _wake(number: int) -> Wake:
    # In ascending order, as the index takes them quickest; the price never comes near either.
    below = Decimal(5_000_000 + number) / 100
    return Wake(below=below, above=below + 100_000)


def _take(market: Market, plan: Plan, round_: int) -> list[int]:
    count = QUICK_TICKS if plan.quick else TICKS
    start = START + timedelta(seconds=round_ * count)
    path = [
        Quote.at(Decimal(100_000 + number % 7), start + timedelta(seconds=number))
        for number in range(count)
    ]
    ticks = [quote.tick(quote.time) for quote in path]
    spans = []
    for tick in ticks:
        started = time.perf_counter_ns()
        market.take(tick)
        spans.append(time.perf_counter_ns() - started)
    return spans


def _replace(market: Market, listener: Counting, positions: int) -> float:
    middle = positions // 2
    started = time.perf_counter_ns()
    for number in range(REPLACED):
        place = (middle + number) % positions
        market.expect(f"run-{place:07}", listener, _wake(place), every_tick=False)
    return (time.perf_counter_ns() - started) / REPLACED / 1_000


def deciding(plan: Plan) -> dict[str, Cell]:
    """Return one row: ticks by whether they woke a guard."""
    positions, ticks = (QUICK_GUARDED, QUICK_WALK) if plan.quick else (GUARDED, WALK)
    path = tuple(quotes(SEED, ticks))
    walks = [walk(Indexed, positions, path) for _ in range(plan.rounds)][plan.warm :]
    return {
        "positions": positions,
        "ticks": ticks,
        "all ticks, p99 ms": median([percentile(each.spans, 99) / 1e6 for each in walks]),
        "spread": spread([percentile(each.spans, 99) / 1e6 for each in walks], 3),
        "ticks that woke": len(_woken(walks[0])),
        "an account, p50 ms": median([percentile(_woken(each), 50) / 1e6 for each in walks]),
        "an account, p99 ms": median([percentile(_woken(each), 99) / 1e6 for each in walks]),
        "steps": walks[0].steps,
        "actions": walks[0].actions,
        "decision hash": walks[0].digest[:16],
    }


def _woken(walked: Walked) -> Sequence[float]:
    """Return the nanoseconds a step of each tick that woke somebody."""
    pairs = zip(walked.spans, walked.woken, strict=True)
    return [span / count for span, count in pairs if count]


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def run(plan: Plan) -> list[Part]:
    """Measure both."""
    sizes = QUICK_SIZES if plan.quick else SIZES
    rows = tuple(quiet(positions, plan) for positions in sizes)
    growth = float(str(rows[-1]["tick p50 µs"])) / float(str(rows[0]["tick p50 µs"]))
    return [
        Part(
            name="ticks",
            title="A tick that crosses nothing",
            rows=rows,
            notes=(
                plan.said,
                f"From {sizes[0]:,} to {sizes[-1]:,} positions the median grows {growth:.2f} times."
                " A position here is a run's wake with a bound on either side; its bytes hold its"
                " name and both prices too.",
            ),
        ),
        Part(
            name="deciding",
            title="A tick to the last intent it leads to",
            rows=(deciding(plan),),
            notes=(plan.said, f"{PER_ACCOUNT} positions an account, each judged when one wakes."),
            seeds=(SEED,),
        ),
    ]
