"""Fan-out of durable events by a core, beside a bare grpc.aio server with the same frames.

Server and subscribers are processes of their own. A round is the same on both sides: new
subscribers, then so many writes at their times. The bare side makes nothing durable and knows no
callers; what the core's journal costs without any subscriber is measured apart.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.measure import Cell, Part, Plan, median, spread
from benchmarks.streams.driving import Delivered, Server, server
from benchmarks.streams.told import Order

WRITES_PER_S = 100

LOADS = ((100, 2_000), (500, 1_000), (1_000, 500))
"""Subscribers, and events a second that each of them gets."""

QUICK_LOADS = ((10, 500),)
SECONDS, QUICK_SECONDS = 5, 0.5

FLOODED, A_WRITE = 100, 100
FLOOD, QUICK_FLOOD = 8_000, 1_000
"""Events published as fast as the journal takes them; fewer than a ring holds."""


class Sides:
    """A core and a bare server, and rounds of both in turn."""

    def __init__(self, folder: Path, core: Server, bare: Server, plan: Plan) -> None:
        self._times = folder / "times"
        self._core = core
        self._bare = bare
        self._plan = plan

    async def load(self, subscribers: int, rate: int) -> dict[str, Cell]:
        """Return a row: latency and processor time at a rate."""
        seconds = QUICK_SECONDS if self._plan.quick else SECONDS
        order = Order(int(WRITES_PER_S * seconds), rate // WRITES_PER_S, 1 / WRITES_PER_S)
        rounds = [await self._round(order, subscribers) for _ in range(self._plan.rounds)]
        kept = rounds[self._plan.warm :]
        ours, theirs, alone = zip(*kept, strict=True)
        ratios = [(a.cpu_s - c) / b.cpu_s for a, b, c in kept]
        return {
            "subscribers": subscribers,
            "events/s": rate,
            "core p50 ms": median([each.at(50) for each in ours]),
            "core p99 ms": median([each.at(99) for each in ours]),
            "spread of p99": spread([each.at(99) for each in ours]),
            "bare p50 ms": median([each.at(50) for each in theirs]),
            "bare p99 ms": median([each.at(99) for each in theirs]),
            "core CPU s": median([each.cpu_s for each in ours]),
            "journal alone CPU s": median(alone),
            "bare CPU s": median([each.cpu_s for each in theirs]),
            "(core - journal) / bare, CPU": median(ratios),
            "spread of CPU": spread(ratios, 2),
            "messages core, bare": f"{ours[-1].messages:,}, {theirs[-1].messages:,}",
            "KiB a subscriber": max(each.kib for each, *_ in rounds),
            "all delivered": self._whole(rounds, order, subscribers),
        }

    async def flood(self, subscribers: int) -> dict[str, Cell]:
        """Return a row: how long it takes until all have everything."""
        events = QUICK_FLOOD if self._plan.quick else FLOOD
        order = Order(events // A_WRITE, A_WRITE)
        rounds = [await self._round(order, subscribers) for _ in range(self._plan.rounds)]
        kept = rounds[self._plan.warm :]
        ratios = [b.took_s / a.took_s for a, b, _ in kept]
        return {
            "subscribers": subscribers,
            "events": events,
            "core, delivered/s": round(median([a.events / a.took_s for a, *_ in kept])),
            "bare, delivered/s": round(median([b.events / b.took_s for _, b, _ in kept])),
            "core / bare": median(ratios),
            "spread": spread(ratios, 2),
            "by CPU": median([b.cpu_s / a.cpu_s for a, b, _ in kept]),
            "all delivered": self._whole(rounds, order, subscribers),
        }

    async def _round(self, order: Order, subscribers: int) -> tuple[Delivered, Delivered, float]:
        ours = await self._core.deliver(order, subscribers, times=self._times)
        theirs = await self._bare.deliver(order, subscribers, times=self._times)
        before = await self._core.do(Order())
        await self._core.do(order)
        alone = (await self._core.do(Order())).cpu_s - before.cpu_s
        await self._bare.do(Order(order.writes, order.size))  # both journals end alike
        return ours, theirs, alone

    @staticmethod
    def _whole(
        rounds: list[tuple[Delivered, Delivered, float]], order: Order, subscribers: int
    ) -> bool:
        whole = subscribers * order.writes * order.size
        return all(
            not side.wrong and side.events == whole
            for ours, theirs, _ in rounds
            for side in (ours, theirs)
        )


async def measure(plan: Plan) -> list[Part]:
    """Measure all loads and the flood on one pair of servers."""
    loads = QUICK_LOADS if plan.quick else LOADS
    async with AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="axisor-fanout-"))
        folder = Path(name)
        core = await stack.enter_async_context(server("served", folder / "core"))
        bare = await stack.enter_async_context(server("bare", folder / "bare"))
        sides = Sides(folder, core, bare, plan)
        rows = tuple([await sides.load(*load) for load in loads])
        flood = await sides.flood(10 if plan.quick else FLOODED)
    return [
        Part(
            name="fanout",
            title="Fan-out of durable events, beside a bare grpc.aio server with the same frames",
            rows=rows,
            notes=(
                plan.said,
                f"{WRITES_PER_S} writes a second. Latency of each event at each subscriber, from"
                " durable to read; the subscribers are one process of Python on this machine.",
            ),
        ),
        Part(
            name="flood",
            title="Fan-out as fast as it goes",
            rows=(flood,),
            notes=(
                plan.said,
                f"{A_WRITE} events a write, each write after the one before; until all subscribers"
                " have everything. The core's side waits for the disk at each write.",
            ),
        ),
    ]


def run(plan: Plan) -> list[Part]:
    """Measure the fan-out."""
    return asyncio.run(measure(plan))
