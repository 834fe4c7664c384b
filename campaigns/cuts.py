"""Streams that are cut at random: reset, stalled, torn into single bytes; nothing may be missed.

A core writes its journal on and on. Each reader has a wire of its own, on which one thing after
another happens; beside them one reads without any. In the end all must have made the same of it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

from benchmarks.streams.driving import Server, server
from benchmarks.streams.entries import ACCOUNT
from benchmarks.streams.told import Order
from tests.support.cutting import CHUNK, Wire, laid

from axisor.client.profile import Profile
from campaigns.readers import Reader, through, until_all
from campaigns.report import Figures, Report

TITLE = "streams cut at random, each event exactly once"
CUTS = {Figures.QUICK: 200, Figures.FULL: 10_000}
READERS = 20
WRITES = Order(50, 3, 0.02)
"""What the core is told to write at a time: three events every 20 ms."""

PAUSE_S, STALL_S, TORN_S = 0.15, 0.3, 0.05
CATCH_UP_S = 60.0


class Trouble:
    """What happens on one wire, one thing after another, as chance has it."""

    def __init__(self, wire: Wire, rng: Random) -> None:
        self._wire = wire
        self._rng = rng
        self.resets = self.stalls = self.torn = 0

    async def go_on(self) -> None:
        """Make trouble until cancelled; then everything passes again."""
        try:
            while True:
                await asyncio.sleep(self._rng.random() * PAUSE_S)
                await self._rng.choices((self._reset, self._stall, self._tear), (8, 1, 1))[0]()
        finally:
            self._wire.chunk = CHUNK
            self._wire.mend()

    async def _reset(self) -> None:
        self.resets += 1
        self._wire.reset()

    async def _stall(self) -> None:
        self.stalls += 1
        both = self._rng.random() < 0.5
        self._wire.cut(there=both, back=True)
        await asyncio.sleep(self._rng.random() * STALL_S)
        if self._rng.random() < 0.5:
            self._wire.reset()
        self._wire.mend()

    async def _tear(self) -> None:
        self.torn += 1
        self._wire.chunk = self._rng.randint(1, 7)
        await asyncio.sleep(self._rng.random() * TORN_S)
        self._wire.chunk = CHUNK


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Cut so many streams, or until the budget is spent."""
    report = Report(name="cuts", title=TITLE, figures=figures, seed=seed)
    ends = time.monotonic() + budget
    async with AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="axisor-cuts-"))
        core = await stack.enter_async_context(server("served", Path(name) / "core"))
        await _cut(report, core, Random(seed), ends)
    return report


async def _cut(report: Report, core: Server, rng: Random, ends: float) -> None:
    port = int(Profile.from_data_dir(core.folder).target.rpartition(":")[2])
    wanted = CUTS[report.figures]
    readers = [Reader(f"reader {number}", after=0) for number in range(READERS)]
    calm = Reader("the reader without cuts", after=0)
    troubles: list[Trouble] = []
    async with AsyncExitStack() as stack:
        tasks = []
        for number, reader in enumerate([calm, *readers]):
            wire = await stack.enter_async_context(
                laid(lambda: asyncio.open_connection("127.0.0.1", port))
            )
            client = through(core.folder, wire.port, rng.getrandbits(32))
            await stack.enter_async_context(client)
            tasks.append(asyncio.create_task(reader.follow(client, ACCOUNT)))
            if number:
                troubles.append(Trouble(wire, Random(rng.getrandbits(64))))
                tasks.append(asyncio.create_task(troubles[-1].go_on()))
        try:
            while sum(r.cuts for r in readers) < wanted and time.monotonic() < ends:
                await core.do(WRITES)
                _check(tasks)
            for task in tasks[2::2]:
                task.cancel()
            behind = await until_all(
                lambda reader: reader.last >= core.last, [calm, *readers], within_s=CATCH_UP_S
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    _tell(report, calm, readers, troubles, behind, core.last)


def _check(tasks: list[asyncio.Task[None]]) -> None:
    """Raise what ended a reader: it follows for ever."""
    for task in tasks:
        if task.done():
            task.result()


def _tell(
    report: Report,
    calm: Reader,
    readers: list[Reader],
    troubles: list[Trouble],
    behind: list[str],
    last: int,
) -> None:
    wanted = CUTS[report.figures]
    report.least("cuts that a reader noticed", sum(each.cuts for each in readers), wanted)
    report.tell("events written", last)
    report.none("gaps, repeats and snapshots", [w for each in [calm, *readers] for w in each.wrong])
    report.none("readers that did not come to the end", behind)
    report.none(
        "readers that made something else of it",
        [each.name for each in readers if each.state != calm.state],
    )
    report.least("events of the reader without cuts", calm.events, last)
    report.lines.append(
        f"{sum(t.resets for t in troubles):,} resets, {sum(t.stalls for t in troubles):,} stalls,"
        f" {sum(t.torn for t in troubles):,} times torn into pieces of one to seven bytes,"
        f" on {READERS} wires."
    )
