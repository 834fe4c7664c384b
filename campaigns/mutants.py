"""Every safety rule of the protocol taken out, and how many of its worlds notice that."""

from __future__ import annotations

import asyncio
import time
from itertools import takewhile

from tests.simulation import killing
from tests.simulation.mutants import MUTANTS, named

from campaigns.report import Figures, Report

TITLE = "the protocol without each of its rules"
ENOUGH = {Figures.QUICK: 1, Figures.FULL: 0}
"""Seeds that notice, after which a rule is left; 0 for all of them."""

JOBS = 2


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Live through the seeds from 0 on without each rule; the seed of a campaign moves none."""
    report = Report(name="mutants", title=TITLE, figures=figures, seed=seed)
    end = time.monotonic() + budget
    hunt = killing.measure([], seeds=killing.SEEDS, enough=ENOUGH[figures], jobs=JOBS)
    kills = await asyncio.to_thread(lambda: list(takewhile(lambda _: time.monotonic() < end, hunt)))
    report.least("rules taken out", len(kills), len(MUTANTS))
    report.none(
        f"missed within {killing.SEEDS} seeds", [kill.mutant for kill in kills if kill.surprising]
    )
    report.tell("of them with others behind", sum(named(k.mutant).survives for k in kills))
    report.lines += [f"{k.mutant}: {len(k.caught)} of {k.seeds} seeds notice." for k in kills]
    return report
