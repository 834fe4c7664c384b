"""What a connection may do before anything is known of its caller, tried on a served core.

The limits are short or small by setting; whoever oversteps one is refused or sent away, and the
core goes on serving everybody else.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import grpc
import grpc.aio
import pytest
from h2.errors import ErrorCodes
from h2.events import RemoteSettingsChanged
from h2.settings import SettingCodes
from tests.server.rpc.serving import TOKEN, Served, bearer, creation, serving
from tests.support.frames import Frames, frames

from axisor.client import Client
from axisor.errors import RateLimited
from axisor.v1 import events_pb2, system_pb2
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor.v1.events_pb2_grpc import EventServiceStub
from axisor.v1.system_pb2_grpc import SystemServiceStub
from axisor.watch import Disconnected
from axisor.wire.records import SeenEvent
from axisor.wire.status import from_call
from axisor_server.adapters import tls
from axisor_server.adapters.limiters import LocalLimiter
from axisor_server.adapters.system import SystemClock
from axisor_server.bounds import Wire
from axisor_server.limits import rates_of
from axisor_server.services.limiting import Limits
from axisor_server.settings import load

STATUS = "/axisor.v1.SystemService/GetStatus"
KIB = 1_024


async def serves(core: Served) -> bool:
    """Return whether a new caller is answered."""
    async with core.channel() as channel:
        answer = await SystemServiceStub(channel).GetStatus(
            system_pb2.GetStatusRequest(), metadata=bearer(), timeout=10
        )
    return answer is not None


async def add(core: Served) -> str:
    """Add an account and return its name."""
    async with core.channel() as channel:
        answer = await AccountServiceStub(channel).CreateAccount(creation(), metadata=bearer())
    return str(answer.account.name)


def watching(channel: grpc.aio.Channel, account: str) -> Any:
    """Open a watch of an account."""
    request = events_pb2.WatchEventsRequest(parent=account)
    return EventServiceStub(channel).WatchEvents(request, metadata=bearer())


async def refused(call: Any) -> grpc.StatusCode:
    """Return how a call ends."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code()


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize("kib", [1_025, 2_048, 10_240])
async def test_a_message_that_is_too_large_is_refused_and_nothing_breaks(core: Served, kib: int):
    async with core.channel() as channel:
        create = AccountServiceStub(channel).CreateAccount

        code = await refused(create(creation(label="x" * kib * KIB), metadata=bearer()))
        allowed = await refused(create(creation(label="x" * 1_000 * KIB), metadata=bearer()))

    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert allowed is grpc.StatusCode.INVALID_ARGUMENT, "the largest is read, and no label"
    assert await serves(core)


@pytest.mark.parametrize("kib", [17, 32, 160])
async def test_headers_that_are_too_large_are_refused_and_nothing_breaks(core: Served, kib: int):
    async with frames(core.port, core.certificate) as line:
        fits = line.open(STATUS, **dict(bearer()), x_more="x" * 15 * KIB)
        line.send(fits)
        await line.flush()
        assert await line.until(lambda: line.ended(fits))
        more = {f"x-more-{number}": "x" * 4 * KIB for number in range(kib // 4 + 1)}
        number = line.open(STATUS, **dict(bearer()), **more)
        line.send(number)
        await line.flush()
        await line.until(lambda: line.ended(number) or line.closed)

    assert line.headers(fits)["grpc-status"] == "0"
    assert line.headers(number).get("grpc-status") in {None, "8"}
    assert line.headers(number).get("grpc-status") or line.closed or line.ended(number)
    assert await serves(core)


# ---------------------------------------------------------------- how many


async def opened(line: Frames, count: int) -> list[int]:
    """Open watches of the whole core on one connection; returns their numbers."""
    numbers = []
    for _ in range(count):
        number = line.open("/axisor.v1.SystemService/WatchStatus", **dict(bearer()))
        numbers.append(number)
    await line.flush()
    return numbers


async def test_one_connection_has_so_many_calls_and_no_more(certificate: tls.Certificate):
    async with (
        serving(certificate, wire=Wire(streams=3)) as core,
        frames(core.port, core.certificate) as line,
    ):
        code = SettingCodes.MAX_CONCURRENT_STREAMS
        assert await line.until(
            lambda: any(isinstance(e, RemoteSettingsChanged) for e in line.events)
        )
        told = line.http.remote_settings[code]
        line.http.remote_settings[code] = 1_000  # as a client would that does not listen
        line.http.remote_settings.acknowledge()

        numbers = await opened(line, 6)
        await line.until(lambda: sum(map(line.ended, numbers)) >= 3 or line.closed)

        assert told == 3
        assert line.closed or [line.ended(number) for number in numbers] == [False] * 3 + [True] * 3
        assert await serves(core)


async def test_all_together_have_so_many_calls_and_no_more(certificate: tls.Certificate):
    async with serving(certificate, wire=Wire(calls=3)) as core:
        account = await add(core)
        async with core.channel() as channel:
            watches = [watching(channel, account) for _ in range(3)]
            for watch in watches:
                await watch.read()

            status = SystemServiceStub(channel).GetStatus
            code = await refused(status(system_pb2.GetStatusRequest(), metadata=bearer()))
            watches[0].cancel()
            async with asyncio.timeout(60):
                while not await let_in(core):
                    pass

    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_one_caller_has_so_many_streams_and_no_more_on_however_many_connections(
    certificate: tls.Certificate,
):
    settings = load(
        file="[limits]\nstreams = 2\nstream_per_min = 6000000", environment={}, flags={}
    ).settings
    limits = Limits(LocalLimiter(SystemClock()), rates_of(settings))
    async with serving(certificate, calls=limits) as core, contextlib.AsyncExitStack() as stack:
        account = await add(core)
        watches = []
        for _ in range(2):
            channel = await stack.enter_async_context(core.channel())
            watches.append(watching(channel, account))
            await watches[-1].read()
        other = await stack.enter_async_context(core.channel())

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watching(other, account).read()

    error = from_call(caught.value)
    assert isinstance(error, RateLimited)
    assert "streams open" in error.message


async def test_there_are_so_many_connections_and_no_more(certificate: tls.Certificate):
    async with serving(certificate, wire=Wire(connections=2)) as core:
        async with (
            frames(core.port, core.certificate) as first,
            frames(core.port, core.certificate) as second,
        ):
            assert await first.until(lambda: bool(first.events))
            assert await second.until(lambda: bool(second.events))
            with pytest.raises((OSError, AssertionError)):
                async with frames(core.port, core.certificate) as third:
                    assert await third.until(lambda: bool(third.events))
        async with asyncio.timeout(60):
            while not await again(core):
                pass


async def let_in(core: Served) -> bool:
    """Return whether there is room for another call."""
    try:
        return await serves(core)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
            raise
        return False


async def again(core: Served) -> bool:
    """Return whether there is room for another connection."""
    try:
        async with frames(core.port, core.certificate) as line:
            return await line.until(lambda: bool(line.events))
    except OSError:
        return False


# ---------------------------------------------------------------- how long


def client(core: Served) -> Client:
    return Client.connect(
        f"127.0.0.1:{core.port}", token=TOKEN, certificate=core.certificate, timeout_s=10
    )


async def test_a_watch_outlives_its_connection_and_misses_nothing(certificate: tls.Certificate):
    async with serving(certificate, wire=Wire(age_s=1, grace_s=1)) as core, client(core) as calls:
        account = await add(core)
        begun = await core.head(account)
        watched = calls.events.watch(account.removeprefix("accounts/"), after=begun)
        seen: list[int] = []
        problems: set[str] = set()

        async with asyncio.timeout(60), contextlib.aclosing(watched) as watch:
            for _ in range(2):
                await core.noise(account, 5)
                while not isinstance(item := await anext(watch), Disconnected):
                    seen += [item.sequence] if isinstance(item, SeenEvent) else []
                problems.add(item.problem)
                await core.noise(account, 5)  # while nobody listens
            while len(seen) < 20:
                item = await anext(watch)
                seen += [item.sequence] if isinstance(item, SeenEvent) else []

    assert problems == {"max connection age"}
    assert seen == list(range(begun + 1, begun + 1 + len(seen)))
    assert len(seen) >= 20


async def test_a_connection_without_calls_ends_and_is_told_why(certificate: tls.Certificate):
    async with (
        serving(certificate, wire=Wire(idle_s=1)) as core,
        frames(core.port, core.certificate) as line,
    ):
        assert await line.until(lambda: line.sent_away is not None)

    assert line.sent_away is not None
    assert line.sent_away.additional_data == b"connection idle"


@pytest.mark.parametrize("words", [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_a_connection_that_does_not_begin_is_hung_up_on(
    certificate: tls.Certificate, words: bytes
):
    async with serving(certificate, wire=Wire(handshake_s=1)) as core:
        reader, writer = await asyncio.open_connection("127.0.0.1", core.port)
        writer.write(words)
        async with asyncio.timeout(60):
            try:
                said = await reader.read()
            except ConnectionError:
                said = b""
        writer.transport.abort()

        assert len(said) < KIB
        assert await serves(core)


async def test_whoever_stops_answering_in_the_middle_of_a_request_is_hung_up_on(
    certificate: tls.Certificate,
):
    async with (
        serving(certificate, wire=Wire(ping_s=1, pong_s=1)) as core,
        frames(core.port, core.certificate) as line,
    ):
        line.open(STATUS, **dict(bearer()))  # headers, and never the message
        await line.flush()
        async with asyncio.timeout(60):
            while await line.silently():
                pass

        assert await serves(core)


# ---------------------------------------------------------------- floods


async def test_a_flood_of_pings_is_sent_away(core: Served):
    async with frames(core.port, core.certificate) as line:
        for number in range(50):
            line.http.ping(number.to_bytes(8, "big"))
        await line.flush()
        await line.until(lambda: line.sent_away is not None)

    assert line.sent_away is not None
    assert line.sent_away.error_code == ErrorCodes.ENHANCE_YOUR_CALM
    assert await serves(core)


async def test_a_flood_of_calls_that_are_taken_back_holds_nothing_up(
    core: Served, account: str, channel: grpc.aio.Channel
):
    begun = await core.head(account)
    async with frames(core.port, core.certificate) as line:
        assert await line.until(lambda: bool(line.events))
        for _ in range(20):
            for _ in range(100):
                number = line.open(STATUS, **dict(bearer()))
                line.send(number)
                line.http.reset_stream(number)
            await line.flush()
            await core.noise(account, 1)  # what guards do goes on between
            if line.closed:
                break
        assert await serves(core)

    assert await core.head(account) > begun
    assert await serves(core)
    await core.until_watchers(0)
