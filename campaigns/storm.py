"""Every stream breaks at once and all come back, while guards have rescues to make.

Ten accounts of a hundred positions, or two of ten, the core as an operator starts it. The streams
are those of a process of its own, which breaks all their connections itself. Prices go on rescuing
meanwhile, one position after another.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from tests.support.processes import Core, end, environment, until

from campaigns.crowd import A_ACCOUNT, ACCOUNTS, markets
from campaigns.latency import Stage, all_guarded, install
from campaigns.report import Figures, Report, percentile, spread
from campaigns.storming import Asked, Weathered

TITLE = "all streams cut at once, and back, while guards rescue"
STREAMS = {Figures.QUICK: 200, Figures.FULL: 1_000}
STORMS = {Figures.QUICK: 1, Figures.FULL: 5}
SAMPLES = {Figures.QUICK: 10, Figures.FULL: 200}
CROWD = {Figures.QUICK: (2, 10), Figures.FULL: (ACCOUNTS, A_ACCOUNT)}
"""Accounts, and the positions that each of them has."""

RESUMED_S = 15.0
LAG_MS = 250.0
PATIENCE_S = 120.0


@asynccontextmanager
async def streams(core: Core, accounts: list[str], count: int, seed: int) -> AsyncIterator[Process]:
    """Open so many streams until the block ends."""
    variables = environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "campaigns.storming", stdin=PIPE, stdout=PIPE, env=variables
    )
    try:
        await say(process, Asked(str(core.data), accounts, count, seed))
        assert await hear(process) == b'"open"\n'
        yield process
    finally:
        await end(process)


async def say(process: Process, word: object) -> None:
    """Tell the streams' process something."""
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(word) + b"\n")
    await process.stdin.drain()


async def hear(process: Process) -> bytes:
    """Return the next line of the streams' process."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        line = await process.stdout.readline()
    assert line, "the process of the streams ended"
    return line


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Let storms come, one after another, or until the budget is spent."""
    report = Report(name="storm", title=TITLE, figures=figures, seed=seed)
    ends = time.monotonic() + budget
    rest: list[float] = []
    lag: list[float] = []
    found: list[Weathered] = []
    with tempfile.TemporaryDirectory(prefix="axisor-storm-") as name:
        core = Core(Path(name), variables=install(Path(name)))
        async with markets(*CROWD[figures]) as crowd:
            try:
                await core.start()
                async with core.client() as client:
                    stage = Stage(core, client, crowd)
                    await stage.begin()
                    await until(
                        lambda: all_guarded(client, *CROWD[figures]), "every account is guarded"
                    )
                    await stage.sample(len(crowd))
                    async with streams(core, stage.accounts, STREAMS[figures], seed) as process:
                        rest += await stage.sample(SAMPLES[figures])
                        for _ in range(STORMS[figures]):
                            if time.monotonic() > ends:
                                break
                            await say(process, "cut")
                            lag += await stage.sample(SAMPLES[figures])
                            found.append(msgspec.json.decode(await hear(process), type=Weathered))
            finally:
                await core.stop()
    _tell(report, rest, lag, found)
    return report


def _tell(report: Report, rest: list[float], lag: list[float], found: list[Weathered]) -> None:
    report.least("storms", len(found), STORMS[report.figures])
    report.least(
        "streams cut, in the fewest",
        min((each.cut for each in found), default=0),
        STREAMS[report.figures],
    )
    report.none("streams that never came back", [w for each in found for w in each.lost])
    report.none("gaps, repeats and snapshots", [w for each in found for w in each.wrong])
    slowest = max((each.resumed_s for each in found), default=None)
    report.most("all resumed, slowest storm", slowest, RESUMED_S)
    report.most("tick to wire during storms, p99", percentile(lag, 99), LAG_MS, "ms")
    report.lines += [
        f"{STREAMS[report.figures]:,} streams over {CROWD[report.figures][0]} accounts,"
        " on connections of 20.",
        f"Tick to wire before: {spread(rest)} ms. During: {spread(lag)} ms.",
        "Storms: " + ", ".join(f"{each.resumed_s:.1f} s" for each in found) + ".",
    ]
