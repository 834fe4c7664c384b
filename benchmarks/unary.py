"""A unary call of a core beside a bare server of grpc.aio that answers with the same bytes.

What lies between them is what a core does for every call: it finds the caller and the right, looks
at limits and form, counts, and writes down what was refused. Called one after another from this
process, in turn.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from benchmarks.measure import Part, Plan, Row, median, percentile, spread
from benchmarks.streams.driving import Server, server
from benchmarks.streams.told import Order
from msgspec import Struct

from axisor.client.profile import Profile, open_channel
from axisor.v1.system_pb2 import ListVenuesRequest

METHOD = "/axisor.v1.SystemService/ListVenues"
CALLS, QUICK_CALLS = 3_000, 50


class Called(Struct, frozen=True):
    """Milliseconds of each call, and the server's processor time for all of them."""

    spans_ms: list[float]
    cpu_s: float


async def call(at: Server, count: int) -> Called:
    """Call a server so often, one call at a time."""
    profile = Profile.from_data_dir(at.folder)
    assert profile.token is not None
    headers = (("authorization", f"Bearer {profile.token.reveal()}"),)
    raw = ListVenuesRequest().SerializeToString()
    async with open_channel(profile) as channel:
        method: Any = channel.unary_unary(METHOD)
        answer = await method(raw, metadata=headers)
        before = await at.do(Order())
        spans = []
        for _ in range(count):
            started = time.perf_counter_ns()
            assert await method(raw, metadata=headers) == answer
            spans.append((time.perf_counter_ns() - started) / 1e6)
        after = await at.do(Order())
    return Called(spans, after.cpu_s - before.cpu_s)


async def answer_of(at: Server) -> bytes:
    """Return the bytes that a core answers with."""
    profile = Profile.from_data_dir(at.folder)
    assert profile.token is not None
    headers = (("authorization", f"Bearer {profile.token.reveal()}"),)
    async with open_channel(profile) as channel:
        raw = ListVenuesRequest().SerializeToString()
        method: Any = channel.unary_unary(METHOD)
        found: bytes = await method(raw, metadata=headers)
    return found


async def measure(plan: Plan) -> Row:
    """Return one row of pairs."""
    count = QUICK_CALLS if plan.quick else CALLS
    async with AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="axisor-unary-"))
        core = await stack.enter_async_context(server("served", Path(name) / "core"))
        payload = await answer_of(core)
        (Path(name) / "bare").mkdir()
        (Path(name) / "bare" / "answer").write_bytes(payload)
        bare = await stack.enter_async_context(server("bare", Path(name) / "bare"))
        pairs = [(await call(core, count), await call(bare, count)) for _ in range(plan.rounds)]
    kept = pairs[plan.warm :]
    ratios = [percentile(a.spans_ms, 50) / percentile(b.spans_ms, 50) for a, b in kept]
    return {
        "calls": count,
        "answer, bytes": len(payload),
        "core p50 ms": median([percentile(a.spans_ms, 50) for a, _ in kept]),
        "core p99 ms": median([percentile(a.spans_ms, 99) for a, _ in kept]),
        "bare p50 ms": median([percentile(b.spans_ms, 50) for _, b in kept]),
        "bare p99 ms": median([percentile(b.spans_ms, 99) for _, b in kept]),
        "core / bare, p50": median(ratios),
        "spread": spread(ratios, 2),
        "core / bare, CPU of the server": median([a.cpu_s / b.cpu_s for a, b in kept]),
    }


def run(plan: Plan) -> list[Part]:
    """Measure a unary call."""
    return [
        Part(
            name="unary",
            title="A unary call, beside a bare grpc.aio server with the same answer",
            rows=(asyncio.run(measure(plan)),),
            notes=(plan.said, f"`{METHOD.rpartition('/')[2]}`, one call in flight, over TLS."),
        )
    ]
