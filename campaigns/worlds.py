"""Tens of thousands of lives of the whole platform, in virtual time, each from a seed of its own.

What was lived through is kept beside the figures, so a campaign that was cut short goes on where it
was, on the same code.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from tests.simulation import campaign
from tests.simulation.records import Result

from campaigns.report import Figures, Report

TITLE = "whole platforms in virtual time"
SEEDS = {Figures.QUICK: 200, Figures.FULL: 50_000}
JOBS = 2
RECORDS = Path("campaigns/results")
LIVED = ("sdk/src", "server/src", "plugins", "tests/simulation")
"""What the records depend on."""


def code() -> str:
    """Return a name for the code as it is."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in LIVED for path in Path(folder).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def lives(count: int, path: Path, budget: float) -> Iterator[Result]:
    """Yield the record of every seed until the budget is spent."""
    end = time.monotonic() + budget
    every = campaign.go_on(range(count), path, jobs=JOBS)
    return takewhile(lambda _: time.monotonic() < end, every)


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Live through all seeds from 0 on; the seed of a campaign moves none of them."""
    report = Report(name="worlds", title=TITLE, figures=figures, seed=seed)
    count = SEEDS[figures]
    RECORDS.mkdir(parents=True, exist_ok=True)
    path = RECORDS / f"worlds-{code()}.jsonl"
    bad: list[str] = []

    def judged(result: Result) -> Result:
        bad.extend(f"{result.seed}: {broken}" for broken in result.violations)
        return result

    found = await asyncio.to_thread(campaign.total, map(judged, lives(count, path, budget)))
    report.least("seeds", found.seeds, count)
    report.tell("virtual hours", round(found.virtual_s / 3_600))
    for name in ("kills", "pauses", "intents", "effects"):
        report.tell(name, found.sums.get(name, 0))
    report.none("broken promises", bad)
    report.tell("rarest fault", min(found.faults.values(), default=0))
    report.tell("rarest failpoint", min(found.failpoints.values(), default=0))
    return report
