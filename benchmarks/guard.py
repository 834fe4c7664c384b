"""Tick to decision of the margin guard: only whom the wake index names, beside every account.

Both ways get the same accounts and the same ticks, take the strategy's own steps and carry out the
same rescues. What is timed is the decision alone: from the tick to the last intent it led to,
without the exchange that carries it out.
"""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from benchmarks.crowd import PER_ACCOUNT, Guarded, crowd, quotes
from benchmarks.measure import Cell, Part, Plan, median, percentile, spread
from msgspec import Struct

from axisor.events import Stimulus, TimerFired, Woken
from axisor.exchange import Quote
from axisor.model import Tick
from axisor.strategy import StepResult
from axisor_server.engine.wakes import WakeIndex

SEED = 21

SIZES = ((1, 4_000), (1_000, 120), (10_000, 16))
"""Positions, and how many ticks both ways are given."""

QUICK_SIZES = ((1, 400), (1_000, 16), (10_000, 8))

ALONE = 4_000
"""How many ticks the wake index is given by itself, where the loop would take too long."""

Decided: TypeAlias = list[tuple[Guarded, StepResult]]
Decide: TypeAlias = Callable[[Tick], Decided]


class Walked(Struct, frozen=True):
    """What one walk gave: nanoseconds a tick, steps at it, actions carried out, the hash of all."""

    spans: tuple[int, ...]
    woken: tuple[int, ...]
    actions: int
    digest: str

    @property
    def steps(self) -> int:
        """Return how many steps were taken in all."""
        return sum(self.woken)


class Everyone:
    """The naive loop: each account's step on each tick."""

    def __init__(self, accounts: Sequence[Guarded]) -> None:
        self._accounts = accounts

    def decide(self, tick: Tick) -> Decided:
        """Step every account."""
        cause = Woken(tick=tick)
        return [(account, account.decide(cause, tick)) for account in self._accounts]

    def settled(self, accounts: Iterable[Guarded]) -> None:
        """Do nothing: who is asked every time needs no wake."""


class Indexed:
    """The core's way: the index names accounts whose bound is reached or whose time has come."""

    def __init__(self, accounts: Sequence[Guarded]) -> None:
        self._accounts = {account.key: account for account in accounts}
        self._index = WakeIndex()
        self.settled(accounts)

    def decide(self, tick: Tick) -> Decided:
        """Step those who are named."""
        causes: dict[str, Stimulus] = {
            key: TimerFired(at=at) for key, at in self._index.due(tick.time)
        }
        crossed = self._index.crossed(tick)
        if crossed:
            woken = Woken(tick=tick)
            causes.update((key, woken) for key in crossed)
        decided: Decided = []
        for key, cause in causes.items():
            account = self._accounts[key]
            decided.append((account, account.decide(cause, tick)))
            self._index.set(key, account.wake)
        return decided

    def settled(self, accounts: Iterable[Guarded]) -> None:
        """Take what the accounts now wait for into the index."""
        for account in accounts:
            self._index.set(account.key, account.wake)


def walk(way: type[Everyone | Indexed], positions: int, path: Sequence[Quote]) -> Walked:
    """Walk one way over a path of quotes, the accounts new."""
    accounts = crowd(SEED, positions)
    finder = way(accounts)
    spans: list[int] = []
    woken: list[int] = []
    gc.collect()
    for quote in path:
        tick = quote.tick(quote.time)
        changed = [account for account in accounts if account.see(tick, quote)]
        finder.settled(changed)
        started = time.perf_counter_ns()
        decided = finder.decide(tick)
        spans.append(time.perf_counter_ns() - started)
        woken.append(len(decided))
        for account, result in decided:
            account.settle(result, tick, quote)
        finder.settled(account for account, result in decided if result.intents)
    digest = hashlib.sha256("\n".join(account.digest() for account in accounts).encode())
    actions = sum(account.actions for account in accounts)
    return Walked(tuple(spans), tuple(woken), actions, digest.hexdigest())


def compare(positions: int, ticks: int, plan: Plan) -> dict[str, Cell]:
    """Return one row: both ways on the same ticks, in turn."""
    path = tuple(quotes(SEED, ticks))
    pairs = [
        (walk(Indexed, positions, path), walk(Everyone, positions, path))
        for _ in range(plan.rounds)
    ]
    named = [pair[0] for pair in pairs[plan.warm :]]
    every = [pair[1] for pair in pairs[plan.warm :]]
    digests = {walked.digest for pair in pairs for walked in pair}
    totals = [sum(b.spans) / sum(a.spans) for a, b in zip(named, every, strict=True)]
    return {
        "positions": positions,
        "ticks": ticks,
        "index p50 µs": _at(named, 50),
        "index p99 µs": _at(named, 99),
        "loop p50 µs": _at(every, 50),
        "loop p99 µs": _at(every, 99),
        "loop / index, p50": _at(every, 50) / _at(named, 50),
        "loop / index, all ticks": median(totals),
        "spread": spread(totals),
        "steps of the index": named[0].steps,
        "steps of the loop": every[0].steps,
        "actions": named[0].actions,
        "equal decisions": len(digests) == 1,
        "decision hash": named[0].digest[:16],
    }


def alone(positions: int, ticks: int, plan: Plan) -> dict[str, Cell]:
    """Return one row of a longer walk by the index only."""
    path = tuple(quotes(SEED, ticks))
    walks = [walk(Indexed, positions, path) for _ in range(plan.rounds)][plan.warm :]
    p99 = [percentile(walked.spans, 99) / 1000 for walked in walks]
    return {
        "positions": positions,
        "ticks": ticks,
        "index p50 µs": _at(walks, 50),
        "index p99 µs": _at(walks, 99),
        "spread of p99": spread(p99),
        "index p99.9 µs": _at(walks, 99.9),
        "steps": walks[0].steps,
        "actions": walks[0].actions,
        "decision hash": walks[0].digest[:16],
    }


def _at(walks: Sequence[Walked], percent: float) -> float:
    """Return the median over the walks of a percentile of their ticks, in microseconds."""
    return median([percentile(walked.spans, percent) / 1000 for walked in walks])


def run(plan: Plan) -> list[Part]:
    """Measure all sizes; a quick run has fewer ticks and no long walk."""
    sizes = QUICK_SIZES if plan.quick else SIZES
    both = Part(
        name="guard",
        title="Tick to decision: the wake index beside a loop over all positions",
        rows=tuple(compare(positions, ticks, plan) for positions, ticks in sizes),
        notes=(plan.said, f"{PER_ACCOUNT} positions an account."),
        seeds=(SEED,),
    )
    if plan.quick:
        return [both]
    longer = Part(
        name="guard-long",
        title="Tick to decision: the wake index on a longer walk",
        rows=tuple(alone(positions, ALONE, plan) for positions, _ in SIZES),
        notes=(plan.said,),
        seeds=(SEED,),
    )
    return [both, longer]
