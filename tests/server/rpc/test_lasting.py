"""A stream ends soon after its caller may not have it any more, whatever it is doing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from axisor.errors import StoreUnavailable, TokenInvalid
from axisor.model import Permission
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.domain.journal import to_us
from axisor_server.rpc.lasting import GRACE_S, LOOK_S, Lasting
from axisor_server.services.principals import Principal

MOST_S = 5.0
"""Within which a stream has to end."""


class Caller:
    """Somebody who watches, until they are shown out."""

    def __init__(self, clock: VirtualClock, *, lasts_s: float | None = None) -> None:
        until = None if lasts_s is None else to_us(clock.now()) + int(lasts_s * 1_000_000)
        self.principal = Principal(name="people/p", platform=Permission.READ, until_us=until)
        self.welcome: bool | Exception = True
        self.looks = 0

    async def still(self, principal: Principal) -> bool:
        """Return whether they are welcome."""
        self.looks += 1
        if isinstance(self.welcome, Exception):
            raise self.welcome
        return self.welcome


class Frames:
    """Frames that come when a test says so, and how their reading ended."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = False

    async def __call__(self) -> AsyncIterator[bytes]:
        try:
            while (frame := await self.waiting.get()) is not None:
                yield frame
        finally:
            self.closed = True


class Watch:
    """A stream as it is read by a transport, which may stop reading."""

    def __init__(self, caller: Caller, clock: VirtualClock) -> None:
        self.frames = Frames()
        self.read: list[bytes] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.task = asyncio.ensure_future(self._run(caller, clock))

    async def _run(self, caller: Caller, clock: VirtualClock) -> None:
        lasting = Lasting(caller.principal, caller.still, clock)
        async for frame in lasting.frames(self.frames()):
            self.read.append(frame)
            await self.reads.wait()


@pytest.fixture
def clock() -> VirtualClock:
    """Return a clock that a test moves."""
    return VirtualClock()


async def test_a_welcome_caller_reads_on(clock: VirtualClock) -> None:
    caller = Caller(clock)
    watch = Watch(caller, clock)

    await clock.advance(30)
    watch.frames.waiting.put_nowait(b"late")
    watch.frames.waiting.put_nowait(None)
    await watch.task

    assert watch.read == [b"late"]
    assert caller.looks >= 30 / LOOK_S - 1


async def test_an_idle_stream_ends_within_five_seconds_of_a_revocation(
    clock: VirtualClock,
) -> None:
    caller = Caller(clock)
    watch = Watch(caller, clock)
    await clock.advance(3.1)

    caller.welcome = False
    await clock.advance(MOST_S)

    assert watch.task.done()
    with pytest.raises(TokenInvalid):
        await watch.task
    assert watch.frames.closed


async def test_a_busy_stream_ends_within_five_seconds_of_a_revocation(
    clock: VirtualClock,
) -> None:
    caller = Caller(clock)
    watch = Watch(caller, clock)
    caller.welcome = False

    for _ in range(int(MOST_S * 10)):
        watch.frames.waiting.put_nowait(b"tick")
        await clock.advance(0.1)

    with pytest.raises(TokenInvalid):
        await watch.task
    assert len(watch.read) <= (LOOK_S + GRACE_S) * 10 + 1


async def test_a_stream_that_nobody_reads_ends_too(clock: VirtualClock) -> None:
    caller = Caller(clock)
    watch = Watch(caller, clock)
    watch.reads.clear()
    watch.frames.waiting.put_nowait(b"stuck")
    await clock.advance(0)

    caller.welcome = False
    await clock.advance(MOST_S)

    assert watch.task.done()
    with pytest.raises(asyncio.CancelledError):
        await watch.task


async def test_a_stream_ends_when_its_token_does(clock: VirtualClock) -> None:
    caller = Caller(clock, lasts_s=7.0)
    watch = Watch(caller, clock)

    await clock.advance(6.8)
    assert not watch.task.done()
    await clock.advance(0.4)

    with pytest.raises(TokenInvalid):
        await watch.task


@pytest.mark.parametrize("failure", [StoreUnavailable(), ZeroDivisionError()])
async def test_a_stream_whose_caller_cannot_be_looked_at_ends(
    clock: VirtualClock, failure: Exception
) -> None:
    caller = Caller(clock)
    watch = Watch(caller, clock)
    await clock.advance(0)

    caller.welcome = failure
    await clock.advance(MOST_S)

    with pytest.raises(type(failure)):
        await watch.task


async def test_a_caller_who_hangs_up_is_looked_at_no_more(clock: VirtualClock) -> None:
    caller = Caller(clock)
    watch = Watch(caller, clock)
    await clock.advance(1)

    watch.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch.task
    looks = caller.looks
    await clock.advance(30)

    assert caller.looks == looks


async def test_a_failure_of_the_stream_itself_is_passed_on(clock: VirtualClock) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"one"
        raise KeyError("bug")

    lasting = Lasting(Caller(clock).principal, Caller(clock).still, clock)
    frames = lasting.frames(broken())

    assert await anext(frames) == b"one"
    with pytest.raises(KeyError):
        await anext(frames)
