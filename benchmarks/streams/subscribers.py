"""Subscribers of one journal in a process of their own: they note when each message came.

What they get is not decoded: its length tells how far it reaches, and must end where an entry does.
The first of them decodes besides, and holds every event against the entry it should be. It says
`open` when all are subscribed, and a JSON line when all have everything.
"""

from __future__ import annotations

import asyncio
import sys
import time
from array import array
from bisect import bisect_left
from pathlib import Path
from typing import Any

import grpc.aio
import msgspec
import uvloop
from benchmarks.streams.entries import STREAM, entries, sizes
from msgspec import Struct

from axisor.client.profile import Profile, open_channel
from axisor.v1 import events_pb2
from axisor_server.rpc.watches import encode

A_CONNECTION = 50
"""Streams that share a connection."""

EVENTS = 0x0A
"""The first byte of a message of events; heartbeats begin otherwise."""

METHOD = "/axisor.v1.EventService/WatchEvents"


class Asked(Struct, frozen=True):
    """How many subscribe at which core, and which entries they wait for.

    `stalled` of them read one message and then none. What came when goes into the file `times`.
    """

    data_dir: str
    count: int
    after: int
    last: int
    times: str
    stalled: int = 0


class Got(Struct, frozen=True):
    """Messages that came, events in them, and what was wrong, in words."""

    messages: int
    events: int
    wrong: list[str]


class Subscriber:
    """One stream."""

    def __init__(self, call: Any, asked: Asked, ends: list[int], times: array[int]) -> None:
        self._call = call
        self._asked = asked
        self._ends = ends
        self._times = times
        self.messages = 0
        self.events = 0

    async def opened(self) -> None:
        """Wait until the core has admitted the stream."""
        await self._call.initial_metadata()

    async def read(self, witness: bytearray | None) -> str:
        """Read until the last entry came; return what was wrong, empty where nothing was."""
        bytes_, reached = 0, 0
        while reached < len(self._ends):
            message = await self._call.read()
            if message is grpc.aio.EOF:
                return f"the stream ended after {reached} events"
            if message[0] != EVENTS:
                continue
            now = time.monotonic_ns()
            bytes_ += len(message)
            if witness is not None:
                witness += message
            place = bisect_left(self._ends, bytes_)
            if place == len(self._ends) or self._ends[place] != bytes_:
                return f"after {reached} events a message ended within an event"
            first = self._asked.after + reached + 1
            reached = place + 1
            self._times.extend((first, self._asked.after + reached, now))
            self.messages += 1
        self.events = reached
        return ""

    async def stall(self) -> None:
        """Read one message, and then none."""
        await self._call.read()


async def subscribe(asked: Asked) -> Got:
    """Subscribe, say so, and read to the end."""
    profile = Profile.from_data_dir(Path(asked.data_dir))
    assert profile.token is not None
    headers = (("authorization", f"Bearer {profile.token.reveal()}"),)
    request = events_pb2.WatchEventsRequest(parent=STREAM, after_sequence=asked.after)
    raw = request.SerializeToString()
    ends, times = sizes(asked.after + 1, asked.last), array("q")
    channels = [open_channel(profile) for _ in range(-(-asked.count // A_CONNECTION))]
    found: list[Subscriber] = []
    for number in range(asked.count):
        method: Any = channels[number // A_CONNECTION].unary_stream(METHOD)
        call = method(raw, metadata=headers)
        found.append(Subscriber(call, asked, ends, times))
    await asyncio.gather(*(each.opened() for each in found))
    print("open", flush=True)
    stalled, reading = found[: asked.stalled], found[asked.stalled :]
    still = [asyncio.ensure_future(each.stall()) for each in stalled]
    witness = bytearray()
    wrong = [
        each
        for each in await asyncio.gather(
            *(each.read(None if number else witness) for number, each in enumerate(reading))
        )
        if each
    ]
    if not reading:  # Those who only stall do so until whoever started them has seen enough.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in still:
        task.cancel()
    if reading and not wrong and not _is_the_journal(bytes(witness), asked):
        wrong.append("the first subscriber got other events than were written")
    Path(asked.times).write_bytes(times.tobytes())
    return Got(sum(e.messages for e in reading), sum(e.events for e in reading), wrong)


def _is_the_journal(got: bytes, asked: Asked) -> bool:
    written = b"".join(
        encode(entry)
        for entry, _ in zip(entries(), range(asked.last), strict=False)
        if entry.sequence > asked.after
    )
    return got == written


async def main() -> None:
    """Take one order from the input and carry it out."""
    asked = msgspec.json.decode(sys.stdin.readline(), type=Asked)
    got = await subscribe(asked)
    print(msgspec.json.encode(got).decode(), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
