"""Readers of journals by the SDK, who hold everything they are given against what must come."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from random import Random

from axisor.client import Client
from axisor.client.profile import Profile
from axisor.watch import Disconnected, Reconnected
from axisor.wire.records import SeenEvent, Snapshot


class Reader:
    """Follows one journal for as long as it is told to.

    `wrong` says what a reader must never see: a gap, a repeat, a snapshot instead of events.
    """

    def __init__(self, name: str, *, after: int | None = None) -> None:
        self.name = name
        self.first: int | None = after
        self.last = after or 0
        self.events = 0
        self.cuts = 0
        self.resumed_at = 0.0
        self.connected = False
        self.late_ms: list[float] = []
        self.wrong: list[str] = []
        self._digest = hashlib.sha256()

    async def follow(self, client: Client, account: str) -> None:
        """Follow until cancelled."""
        after = self.last if self.first is not None else None
        async with aclosing(client.events.watch(account, after=after)) as items:
            async for item in items:
                self.take(item)

    def take(self, item: object) -> None:
        """Take one item of a watch."""
        match item:
            case Snapshot():
                if self.first is not None:
                    self.wrong.append(f"{self.name}: a snapshot came after event {self.last}")
                self.first = self.last = item.sequence
                self.connected = True
            case SeenEvent():
                self._event(item)
            case Disconnected():
                self.cuts += 1
                self.connected = False
            case Reconnected():
                self.connected = True
                self.resumed_at = time.monotonic()

    def _event(self, event: SeenEvent) -> None:
        if event.sequence != self.last + 1:
            self.wrong.append(f"{self.name}: event {event.sequence} came after {self.last}")
        self.last = event.sequence
        self.events += 1
        self.connected = True
        self.late_ms.append((time.time() - event.time.timestamp()) * 1_000)
        self._digest.update(b"%d %s\n" % (event.sequence, event.hash))

    @property
    def state(self) -> tuple[int, int, str]:
        """Return where it ended, how many events made it, and a digest of all of them."""
        return self.last, self.events, self._digest.hexdigest()


def through(data: Path, port: int, seed: int) -> Client:
    """Return a client of the core of a data directory that calls it by another port."""
    profile = Profile.from_data_dir(data)
    other = Profile(
        f"127.0.0.1:{port}",
        token=profile.token,
        certificate=profile.certificate,
        shown=profile.shown,
    )
    return Client.connect(other, chance=Random(seed))


async def until_all(
    true: Callable[[Reader], bool], readers: Sequence[Reader], *, within_s: float
) -> list[str]:
    """Wait until something is true of each reader; return who it is not true of in time."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends and not all(map(true, readers)):
        await asyncio.sleep(0.02)
    return [each.name for each in readers if not true(each)]
