"""Subscribers that stop reading, among many that read: nobody else is to notice.

A core streams durable events to all of them. First only those who read are there, then others come
who read one message and no more. What the core weighs and how late the readers get their events is
compared; afterwards somebody reads the whole journal from where the others stopped.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.streams.driving import Delivered, Server, server, subscribed
from benchmarks.streams.subscribers import Asked
from benchmarks.streams.told import Order

from campaigns.report import Figures, Report

TITLE = "subscribers that stall beside others that read"
READING = {Figures.QUICK: 30, Figures.FULL: 150}
STALLED = {Figures.QUICK: 10, Figures.FULL: 50}
RATE = {Figures.QUICK: 500, Figures.FULL: 2_000}
SECONDS = {Figures.QUICK: 3, Figures.FULL: 60}
WARM_S = 2
WRITES_PER_S = 100
MOST_MIB = 64
MOST_SLOWER = 1.2


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Stream once without and once with those who stall; the seed and the budget change nothing."""
    report = Report(name="slow", title=TITLE, figures=figures, seed=seed)
    seconds = min(SECONDS[figures], max(WARM_S, budget / 4))
    size = RATE[figures] // WRITES_PER_S
    order = Order(int(seconds * WRITES_PER_S), size, 1 / WRITES_PER_S)
    warm = Order(WARM_S * WRITES_PER_S, size, 1 / WRITES_PER_S)
    async with AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="axisor-slow-"))
        times = Path(name) / "times"
        core = await stack.enter_async_context(server("served", Path(name) / "core"))
        await core.deliver(warm, READING[figures], times=times)
        alone = await core.deliver(order, READING[figures], times=times)
        before, stopped = (await core.do(Order())).rss, core.last
        asked = _nobody(core, figures, times)
        async with subscribed(asked):
            beside = await core.deliver(order, READING[figures], times=times)
            more = ((await core.do(Order())).rss - before) / 1024
            began = time.monotonic()
            after = await _whole(core, stopped, times)
        _tell(report, order, alone, beside, more)
        report.none("wrong in the journal read from where they stopped", after)
        report.tell("reading it took (s)", round(time.monotonic() - began, 1))
    return report


def _nobody(core: Server, figures: Figures, times: Path) -> Asked:
    """Return the order for those who stall."""
    count = STALLED[figures]
    return Asked(
        data_dir=str(core.folder),
        count=count,
        after=core.last,
        last=core.last,
        times=str(times),
        stalled=count,
    )


async def _whole(core: Server, after: int, times: Path) -> list[str]:
    """Read from an event on to the end, once, as one who stalled and comes back would."""
    got = await core.catch_up(after, times=times)
    missing = core.last - after - got.events
    return [*got.wrong, *([f"{missing} events are missing"] if missing else [])]


def _tell(
    report: Report, order: Order, alone: Delivered, beside: Delivered, more_mib: float
) -> None:
    reading = READING[report.figures]
    whole = reading * order.writes * order.size
    report.least("events delivered beside those who stall", beside.events, whole)
    report.least("events delivered without them", alone.events, whole)
    report.none("gaps, repeats and broken streams", [*alone.wrong, *beside.wrong])
    report.most("memory beside those who stall, more", round(more_mib, 1), MOST_MIB, "MiB")
    ratio = beside.at(99) / max(alone.at(99), 0.01)
    report.most("p99 beside them, of that without", round(ratio, 2), MOST_SLOWER, "times")
    report.lines += [
        f"{reading} read, {STALLED[report.figures]} stalled, "
        f"{order.size * WRITES_PER_S:,} events a second, {order.writes / WRITES_PER_S:g} s each.",
        f"Without: p50 {alone.at(50):.2f}, p99 {alone.at(99):.2f} ms."
        f" Beside them: p50 {beside.at(50):.2f}, p99 {beside.at(99):.2f} ms.",
    ]
