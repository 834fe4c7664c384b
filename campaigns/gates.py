"""Two engines on one account, with the gates and without: without them the money moves twice.

It shows that the trials of this folder would see a double if there were one, and that lease, epoch
and unique index are what prevents it.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import psycopg
from tests.support.nursery import nursery

from campaigns.audit import Audit
from campaigns.replicas import Trial
from campaigns.report import Figures, Report
from campaigns.server import Server, postgres
from campaigns.venue import venue

TITLE = "two engines on one account, with the gates and without"
FALL_S = {Figures.QUICK: 6.0, Figures.FULL: 60.0}
ENGINES = 2

UNGATED = "campaigns.ungated"
"""What a trial's own process imports; here it would take the gates from this process too."""

INDEX = "one_open_additive_intent"


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Let prices fall for two engines that both want to act."""
    report = Report(name="gates", title=TITLE, figures=figures, seed=seed)
    seconds = min(FALL_S[figures], budget / 2)
    with tempfile.TemporaryDirectory(prefix="axisor-gates-") as name:
        async with postgres() as server:
            held = await trial(Path(name) / "held", server, seed, seconds, "")
            open_ = await trial(Path(name) / "open", server, seed, seconds, UNGATED)
    report.least("effects with the gates", held.effects, 1)
    report.none("doubles with the gates", held.doubles)
    report.none("misclassified with the gates", held.misclassified)
    report.least("doubles without the gates", len(open_.doubles), 1)
    report.tell("effects without the gates", open_.effects)
    report.lines += [f"Without the gates: {double}." for double in open_.doubles[:3]]
    return report


async def trial(folder: Path, server: Server, seed: int, seconds: float, changes: str) -> Audit:
    """Let two engines live on a falling price, then count what the venue did."""
    folder.mkdir()
    async with AsyncExitStack() as stack:
        at_venue = await stack.enter_async_context(venue(folder))
        quick = await stack.enter_async_context(nursery(changes))
        at = Trial(folder, server, quick, Random(seed), engines=ENGINES)
        stack.push_async_callback(at.kill_all)
        if changes:
            at.before_acting = lambda: _drop_index(at.dsn)
        await at.begin([at_venue])
        await asyncio.sleep(seconds)
        await at.rest()
        if not changes:
            await at.end()
        else:
            await at.kill_all()
            await at.check()
        return at.tally.audit


def _drop_index(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"DROP INDEX {INDEX}".encode())
