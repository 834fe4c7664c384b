"""Whole days in one world, in virtual time: no promise is broken, and no memory is lost.

Each seed is a day of its own, in a process of its own that weighs what the core holds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import islice

import msgspec
from tests.simulation.soak import EFFECTS_AN_HOUR, GROWTH, SEED, Soaked

from campaigns.report import Figures, Report, percentile

TITLE = "days in one world, and what a core holds at their end"
HOURS = 24
DAYS = {Figures.QUICK: 1, Figures.FULL: 50}
AT_ONCE = 2


async def day(seed: int, hours: int = HOURS) -> Soaked:
    """Live through a day in a process of its own. Raises RuntimeError where it tells nothing."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "tracemalloc", "-m", "tests.simulation.soak"),
        *(str(hours), str(seed)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, error = await process.communicate()
    if not told:
        raise RuntimeError(f"the day of seed {seed} broke off: {error.decode()[-2_000:]}")
    return msgspec.json.decode(told, type=Soaked)


async def days(count: int, budget: float) -> list[Soaked]:
    """Live through so many days, two at once, and begin none once the budget is spent."""
    end = time.monotonic() + budget
    seeds = iter(range(SEED, SEED + count))
    found: list[Soaked] = []
    while (batch := list(islice(seeds, AT_ONCE))) and time.monotonic() < end:
        found += await asyncio.gather(*map(day, batch))
    return found


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Live through the days and judge them; the seed of a campaign moves none of them."""
    report = Report(name="soak", title=TITLE, figures=figures, seed=seed)
    found = await days(DAYS[figures], budget)
    results = [each.result for each in found]
    report.least("days", len(found), DAYS[figures])
    report.tell("effects", sum(result.effects for result in results))
    report.none("broken promises", [f"{r.seed}: {v}" for r in results for v in r.violations])
    idle = [r.seed for r in results if r.effects < EFFECTS_AN_HOUR * HOURS]
    report.none("days with too little to do", idle)
    grown = [after / before - 1 for before, after in (each.weights for each in found)]
    fat = [r.seed for r, more in zip(results, grown, strict=True) if more > GROWTH]
    report.none("days after which a core held more", fat)
    report.tell("most growth (%)", round(100 * (percentile(grown, 100) or 0.0), 2))
    return report
