"""A day in one world: funding every eight hours, plans that change, and what a core holds in all.

`python -X tracemalloc -m tests.simulation.soak 24` lives through it, and `… 24 7` through that of
seed 7; only so are the core's modules weighed as well.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from typing import Any

import msgspec
from msgspec.structs import replace

from axisor.errors import AxisorError
from tests.simulation.records import Result
from tests.simulation.run import run_seed
from tests.simulation.world import World

HOUR_S = 3_600.0
SEED = 24
RATES = {
    "response-lost": 0.05,
    "request-lost": 0.05,
    "read-failed": 0.02,
    "read-stale": 0.1,
    "store-busy": 0.01,
    "ack-lost": 0.002,
    "hint-lost": 0.1,
    "venue-down": 0.01,
    "feed-silent": 0.01,
    "user-adds": 0.02,
    "user-cashes-in": 0.3,
    "clock-drifts": 1.0,
}
GROWTH = 0.02
"""How much more a core may hold at the end than after two hours, its modules included."""

EFFECTS_AN_HOUR = 10
HARNESS = ("tests/simulation", "axisor/exchange", "axisor/maths", "tracemalloc")
"""Files whose memory is this world's and not the core's: the venue and its history."""


class Soaked(msgspec.Struct):
    """What a day came to: its record, and what the core held after two hours and at the end."""

    result: Result
    weights: tuple[int, int]


def main(hours: int, seed: int = SEED) -> int:
    """Live through so many hours, say as JSON what a core held, and whether all went well."""
    weights: list[int] = []
    result = run_seed(
        seed, horizon_s=hours * HOUR_S, prepare=lambda world: _prepare(world, weights, hours)
    )
    before, after = weights
    print(msgspec.json.encode(Soaked(result, (before, after))).decode())
    return 1 if result.violations else 0


def _prepare(world: World, weights: list[int], hours: int) -> None:
    world.plan = replace(
        world.plan,
        accounts=world.plan.accounts[:2],
        replicas=1,
        drift=0.0,
        jitter=0.0008,
        anchor=98_000.0,
        closes=False,
        commands_a_minute=0.3,
        tick_s=(3.0, 7.0),
        lease_ms=60_000,
        renew_ms=15_000,
        poll_ms=10_000,
        others_write=False,
    )
    world.faults.set(RATES)
    world.spawn(_day(world, weights, hours))


async def _day(world: World, weights: list[int], hours: int) -> None:
    await asyncio.sleep(HOUR_S / 4)
    world.end(world.processes["core-1"], why="a new version")
    await asyncio.sleep(2 * HOUR_S - HOUR_S / 4)
    weights.append(_weigh(world))
    for hour in range(3, hours):
        await asyncio.sleep(HOUR_S)
        plan = world.plan.accounts[hour % len(world.plan.accounts)]
        config = {**plan.config, "cooldown_s": 3 + hour % 5}
        process = world.processes["core-1"]
        process.run(_configure(process.engine, plan.run, msgspec.json.encode(config)))
    await asyncio.sleep(HOUR_S / 2)
    weights.append(_weigh(world))
    world.end(world.processes["core-1"], why="another version")


def _weigh(world: World) -> int:
    """Return what the core holds, without what the world remembers of its database."""
    world.database.recall.clear()
    gc.collect()
    found = tracemalloc.take_snapshot().statistics("filename")
    names = ((s.size, s.traceback[0].filename) for s in found)
    return sum(size for size, name in names if not any(part in name for part in HARNESS))


async def _configure(engine: Any, run: str, config: bytes) -> None:
    for _ in range(5):
        try:
            await engine.run_verb(run, "configure", principal="owner", config=config)
        except AxisorError:
            await asyncio.sleep(60)
        else:
            return
    raise AssertionError("a plan could not be changed within five minutes")


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
