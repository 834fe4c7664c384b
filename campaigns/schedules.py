"""Every order in which two cores can act on one position, within small scopes."""

from __future__ import annotations

import asyncio
import time

from tests.simulation.scopes import SCOPES, Walk, walk

from campaigns.report import Figures, Report

TITLE = "every small schedule of two cores"
SCHEDULES = {Figures.QUICK: 2_000, Figures.FULL: 100_000}
LIMIT = {Figures.QUICK: 300, Figures.FULL: 0}
"""Schedules of each scope; 0 for all of them."""


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Walk through the scopes one after another until the budget is spent; no seed matters."""
    report = Report(name="schedules", title=TITLE, figures=figures, seed=seed)
    end = time.monotonic() + budget
    walks: dict[str, Walk] = {}
    for name, scope in SCOPES.items():
        if time.monotonic() < end:
            limit = LIMIT[figures]
            walks[name] = await asyncio.to_thread(walk, scope, limit=limit)
    report.least("schedules", sum(w.schedules for w in walks.values()), SCHEDULES[figures])
    report.none("bad", [w.first for w in walks.values() if w.first is not None])
    for name, walked in walks.items():
        ends = "" if walked.complete else ", and there are more"
        report.lines.append(f"{name}: {walked.schedules:,} schedules{ends}.")
    return report
