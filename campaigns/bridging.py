"""A bridge in a process of its own, as `axisor web` runs it, with another patience for readers.

It says in one line of JSON where it is and a code that opens a session, and serves until its input
ends.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from axisor.client.profile import Profile, open_channel
from axisor_web.serving import serving
from axisor_web.sessions import Tokens
from axisor_web.settings import Settings


class Open(Struct, frozen=True):
    """Where a bridge is, and the code of its one session."""

    origin: str
    code: str


async def serve(data_dir: Path, stalled_s: float) -> None:
    """Serve the core of a data directory."""
    profile = Profile.from_data_dir(data_dir)
    assert profile.token is not None
    async with (
        open_channel(profile) as channel,
        serving(Settings(port=0), channel, stalled_s=stalled_s) as bridge,
    ):
        code = bridge.sessions.entry(Tokens(profile.token))
        print(msgspec.json.encode(Open(bridge.origin, code)).decode(), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2])))
