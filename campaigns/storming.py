"""Many streams of a core's journals by the SDK, in a process of its own, that all break when told.

All connections pass wires of this process. It says `open` when every stream has brought something;
after each `cut` it says how the streams came back.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from msgspec import Struct
from tests.support.cutting import laid

from axisor.client.profile import Profile
from campaigns.readers import Reader, through, until_all

A_CONNECTION = 20
"""Streams that share a connection."""

OPEN_S, BACK_S = 100.0, 60.0


class Asked(Struct, frozen=True):
    """Which core to watch, and with how many streams."""

    data_dir: str
    accounts: list[str]
    count: int
    seed: int


class Weathered(Struct, frozen=True):
    """What one storm did: streams that were cut, seconds until all were back, what was wrong."""

    cut: int
    resumed_s: float
    lost: list[str]
    wrong: list[str]


async def weather(asked: Asked) -> None:
    """Open the streams, and break them at each word until the input ends."""
    data = Path(asked.data_dir)
    port = int(Profile.from_data_dir(data).target.rpartition(":")[2])
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(
            laid(lambda: asyncio.open_connection("127.0.0.1", port))
        )
        readers: list[Reader] = []
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = []
        for number in range(asked.count):
            if number % A_CONNECTION == 0:
                client = through(data, wire.port, asked.seed + number)
                await stack.enter_async_context(client)
            reader = Reader(f"stream {number}")
            account = asked.accounts[number % len(asked.accounts)]
            tasks.append(group.create_task(reader.follow(client, account)))
            readers.append(reader)
        shut = await until_all(lambda reader: reader.connected, readers, within_s=OPEN_S)
        assert not shut, f"{len(shut)} streams did not open"
        print('"open"', flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            cuts = [reader.cuts for reader in readers]
            began = time.monotonic()
            wire.reset()
            lost = await _back(readers, cuts)
            found = Weathered(
                cut=sum(r.cuts > before for r, before in zip(readers, cuts, strict=True)),
                resumed_s=max(reader.resumed_at for reader in readers) - began,
                lost=lost,
                wrong=[wrong for reader in readers for wrong in reader.wrong],
            )
            print(msgspec.json.encode(found).decode(), flush=True)
        for task in tasks:
            task.cancel()


async def _back(readers: list[Reader], cuts: list[int]) -> list[str]:
    """Wait until every stream was cut and speaks again; return those that do not."""
    before = dict(zip((reader.name for reader in readers), cuts, strict=True))
    return await until_all(
        lambda reader: reader.cuts > before[reader.name] and reader.connected,
        readers,
        within_s=BACK_S,
    )


if __name__ == "__main__":
    order = msgspec.json.decode(sys.stdin.readline(), type=Asked)
    asyncio.run(weather(order))
