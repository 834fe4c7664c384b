"""What a server under test is told over its standard input, and what it answers: a line each."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

PAGE = resource.getpagesize()


class Order(Struct, frozen=True):
    """Publish `writes` times `size` events, one write every `every_s`; 0 writes only measures."""

    writes: int = 0
    size: int = 0
    every_s: float = 0.0


class Done(Struct, frozen=True):
    """Nanoseconds at which each write was durable, the journal's end, and what was used until now.

    `began` is when each write began. `cpu_s` is user and system time, `rss` is in KiB.
    """

    began: list[int]
    durable: list[int]
    last: int
    cpu_s: float
    rss: int


Publish: TypeAlias = Callable[[int], Awaitable[int]]
"""Appends so many events, makes them known, and returns the journal's end."""


async def obey(publish: Publish) -> None:
    """Carry out orders until the input ends."""
    loop = asyncio.get_running_loop()
    last = 0
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = msgspec.json.decode(line, type=Order)
        began: list[int] = []
        durable: list[int] = []
        start = time.monotonic()
        for number in range(order.writes):
            await asyncio.sleep(max(0.0, start + number * order.every_s - time.monotonic()))
            began.append(time.monotonic_ns())
            last = await publish(order.size)
            durable.append(time.monotonic_ns())
        print(msgspec.json.encode(_done(began, durable, last)).decode(), flush=True)


def _done(began: list[int], durable: list[int], last: int) -> Done:
    used = resource.getrusage(resource.RUSAGE_SELF)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    cpu = used.ru_utime + used.ru_stime
    return Done(began, durable, last, cpu, pages * PAGE // 1024)
