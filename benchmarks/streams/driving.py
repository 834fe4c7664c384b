"""Starts servers under test and their subscribers, and puts what both noted together."""

from __future__ import annotations

import asyncio
import os
import sys
from array import array
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from benchmarks.streams.subscribers import Asked, Got
from benchmarks.streams.told import Done, Order
from msgspec import Struct
from tests.support.processes import end, environment

PATIENCE_S = 120.0
BUCKET_NS = 10_000
"""Latencies are counted by hundredths of a millisecond."""

LINE = 64 * 1024 * 1024


class Delivered(Struct, frozen=True):
    """What one round gave: milliseconds from durable to read, counted; CPU of the server; sizes."""

    latency: Counter[int]
    commit_ms: list[float]
    cpu_s: float
    took_s: float
    messages: int
    events: int
    kib: float
    wrong: list[str]

    def at(self, percent: float) -> float:
        """Return the nearest-rank percentile of the events' latency in milliseconds."""
        rank = -(-sum(self.latency.values()) * percent // 100)
        for bucket in sorted(self.latency):
            rank -= self.latency[bucket]
            if rank <= 0:
                return (bucket + 1) * BUCKET_NS / 1e6
        return 0.0


class Server:
    """A process that serves, and is told what to publish."""

    def __init__(self, folder: Path, process: Process) -> None:
        self.folder = folder
        self.process = process
        self.last = 0

    async def do(self, order: Order) -> Done:
        """Have an order carried out."""
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(order) + b"\n")
        done = msgspec.json.decode(await _line(self.process), type=Done)
        self.last = done.last or self.last
        return done

    async def deliver(self, order: Order, subscribers: int, *, times: Path) -> Delivered:
        """Publish to new subscribers, and return what came of it once all have everything."""
        before = await self.do(Order())
        asked = Asked(
            data_dir=str(self.folder),
            count=subscribers,
            after=self.last,
            last=self.last + order.writes * order.size,
            times=str(times),
        )
        async with subscribed(asked) as process:
            opened = await self.do(Order())
            done = await self.do(order)
            got = msgspec.json.decode(await _line(process), type=Got)
            after = await self.do(Order())
        latency, ended = _latency(times, asked.after, order.size, done.durable)
        return Delivered(
            latency=latency,
            commit_ms=[(b - a) / 1e6 for a, b in zip(done.began, done.durable, strict=True)],
            cpu_s=after.cpu_s - opened.cpu_s,
            took_s=(max(ended, default=done.durable[-1]) - done.began[0]) / 1e9,
            messages=got.messages,
            events=got.events,
            kib=(opened.rss - before.rss) / max(subscribers, 1),
            wrong=got.wrong,
        )

    async def catch_up(self, after: int, *, times: Path) -> Got:
        """Have one subscriber read what is there after an event, and return what came of it."""
        asked = Asked(
            data_dir=str(self.folder), count=1, after=after, last=self.last, times=str(times)
        )
        async with subscribed(asked) as process:
            return msgspec.json.decode(await _line(process), type=Got)


@asynccontextmanager
async def server(kind: str, folder: Path) -> AsyncIterator[Server]:
    """Run `served` or `bare` until the block ends."""
    process = await _start(f"benchmarks.streams.{kind}", str(folder))
    try:
        assert await _line(process) == b"serving\n"
        yield Server(folder, process)
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    finally:
        await end(process)


@asynccontextmanager
async def subscribed(asked: Asked) -> AsyncIterator[Process]:
    """Run subscribers until the block ends, from the moment that all are subscribed."""
    process = await _start("benchmarks.streams.subscribers")
    try:
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(asked) + b"\n")
        assert await _line(process) == b"open\n"
        yield process
    finally:
        await end(process)


async def _start(module: str, *words: str) -> Process:
    variables = environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *words, stdin=PIPE, stdout=PIPE, env=variables, limit=LINE
    )


async def _line(process: Process) -> bytes:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        line = await process.stdout.readline()
    assert line, f"a process of the measurement ended: {process.returncode}"
    return line


def _latency(
    times: Path, after: int, size: int, durable: list[int]
) -> tuple[Counter[int], list[int]]:
    """Count for every event of every message how long after it was durable it came."""
    noted = array("q")
    noted.frombytes(times.read_bytes())
    found: Counter[int] = Counter()
    for place in range(0, len(noted), 3):
        first, last, at = noted[place : place + 3]
        for write in range((first - after - 1) // size, (last - after - 1) // size + 1):
            begin = after + write * size
            count = min(last, begin + size) - max(first, begin + 1) + 1
            found[max(0, at - durable[write]) // BUCKET_NS] += count
    return found, [noted[place] for place in range(2, len(noted), 3)]
