"""Cassettes: a venue plugin's conversation with an exchange, recorded once and played in tests.

A cassette stands between the plugin and the exchange as a server on this machine, so it does not
matter by what the plugin speaks HTTP and WebSockets. Needs the extra `cassettes`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from axisor.ports import Clock, Credentials
from axisor.testing.cassettes import tape
from axisor.testing.cassettes.recording import Recorder
from axisor.testing.cassettes.replaying import CassetteMismatch, Player
from axisor.testing.cassettes.scrubbing import CassetteUnsafe, Scrubber
from axisor.testing.cassettes.serving import serving
from axisor.testing.clock import SystemClock

__all__ = ["CassetteMismatch", "CassetteUnsafe", "Played", "Upstream", "cassette"]

VOLATILE = ("nonce", "recvWindow", "recv_window", "signature", "time", "timestamp")
"""Fields of requests that are others each time."""

Upstream: TypeAlias = str | Callable[[], AbstractAsyncContextManager[str]]
"""Where the exchange is, or what starts one for as long as it is recorded."""


class Played:
    """A cassette in use: its address for the plugin, and a clock that stands where it was made."""

    def __init__(self, url: str, clock: Clock, *, records: bool) -> None:
        self.url = url
        self.clock = clock
        self.records = records


class ShiftedClock:
    """Implements the `Clock` port: goes on from a moment of the past."""

    def __init__(self, start: datetime, clock: Clock) -> None:
        self._clock = clock
        self._start = start
        self._began_ms = clock.monotonic_ms()

    def now(self) -> datetime:
        """Return the moment, and what has passed since."""
        passed = self._clock.monotonic_ms() - self._began_ms
        return self._start + timedelta(milliseconds=passed)

    def monotonic_ms(self) -> int:
        """Return milliseconds since some moment of the past."""
        return self._clock.monotonic_ms()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await self._clock.sleep(seconds)


@asynccontextmanager
async def cassette(
    file: Path,
    upstream: Upstream,
    *,
    record: bool = False,
    credentials: Credentials | None = None,
    secrets: Iterable[str] = (),
    fields: Iterable[str] = (),
    kept: Iterable[str] = (),
    ignored: Iterable[str] = (),
) -> AsyncIterator[Played]:
    """Play a cassette, or with `record` speak to the exchange and write one.

    `credentials` and `secrets` must not be found in it, `fields` name what more is taken out,
    `kept` what is not, and `ignored` what more is another each time. Where a test fails nothing is
    written. Raises CassetteUnsafe for one that something secret is left in, which is not written,
    CassetteMismatch where a plugin says something else than it did, FileNotFoundError without one.
    """
    known = [*secrets]
    if credentials is not None:
        known += [
            each.reveal() for each in (credentials.key, credentials.secret, credentials.passphrase)
        ]
    scrubber = Scrubber(known, fields=fields, kept=kept)
    if record:
        async with _recorded(file, upstream, scrubber) as played:
            yield played
        return
    time, entries = await asyncio.to_thread(_read, file)
    player = Player(entries, scrubber, ignored={*VOLATILE, *ignored})
    async with serving(player) as url:
        yield Played(url, ShiftedClock(time, SystemClock()), records=False)
    player.check()


@asynccontextmanager
async def _recorded(file: Path, upstream: Upstream, scrubber: Scrubber) -> AsyncIterator[Played]:
    clock = SystemClock()
    time = clock.now().astimezone(UTC)
    async with AsyncExitStack() as stack:
        place = upstream
        if not isinstance(place, str):
            place = await stack.enter_async_context(place())
        recorder = Recorder(place, scrubber)
        url = await stack.enter_async_context(serving(recorder))
        yield Played(url, clock, records=True)
    await recorder.aclose()
    text = tape.encode(time, recorder.entries)
    scrubber.check(text.decode())
    await asyncio.to_thread(_write, file, text)


def _read(file: Path) -> tuple[datetime, tuple[tape.Entry, ...]]:
    if not file.is_file():
        raise FileNotFoundError(
            f"There is no cassette {file}. Record it: axisor plugin test --record"
        )
    return tape.read(file)


def _write(file: Path, text: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}")
    beside.write_bytes(text)
    os.replace(beside, file)
