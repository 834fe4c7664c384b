"""Subscribers that stop reading: opens watches of a core's journals and then reads nothing.

It says `open` when all of them have brought something, and ends when its input closes.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from axisor.client.profile import Profile, open_channel
from axisor.v1 import events_pb2 as pb
from axisor.v1.events_pb2_grpc import EventServiceStub
from axisor.wire.names import account_name

A_CONNECTION = 20
"""Watches that share a connection."""


async def stall(data_dir: Path, accounts: list[str], count: int) -> None:
    """Open the watches, read a first frame of each, and then none."""
    profile = Profile.from_data_dir(data_dir)
    assert profile.token is not None
    headers = (("authorization", f"Bearer {profile.token.reveal()}"),)
    held: list[Any] = []
    for first in range(0, count, A_CONNECTION):
        channel = open_channel(profile)
        held.append(channel)
        stub = EventServiceStub(channel)
        for number in range(first, min(first + A_CONNECTION, count)):
            parent = account_name(accounts[number % len(accounts)])
            request = pb.WatchEventsRequest(parent=parent)
            call = stub.WatchEvents(request, metadata=headers)
            await call.read()
            held.append(call)
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(stall(Path(sys.argv[1]), sys.argv[3:], int(sys.argv[2])))
