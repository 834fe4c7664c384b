"""A watch gives each event exactly once and in order, whatever happens to its connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from axisor.client import Client
from axisor.errors import (
    AccountNotFound,
    PermissionDenied,
    SequenceAhead,
    SequenceExpired,
    SlowReader,
    TokenInvalid,
)
from axisor.events import AccountClosed, Event, Payload
from axisor.model import Mode
from axisor.testing.stub import stub_server
from axisor.v1 import events_pb2, market_pb2, types_pb2
from axisor.watch import Disconnected, Reconnected
from axisor.wire.events import event_to_wire
from axisor.wire.records import SeenEvent, Snapshot

WATCH = "/axisor.v1.EventService/WatchEvents"
TICKS = "/axisor.v1.MarketService/WatchTicks"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SEED = 21


def event(sequence: int) -> events_pb2.Event:
    payload: Payload = AccountClosed(label=f"n{sequence}")
    made = Event(
        stream="accounts/main", sequence=sequence, time=NOW, mode=Mode.SIM, payload=payload
    )
    return event_to_wire(made)


def events(*sequences: int) -> events_pb2.WatchEventsResponse:
    return events_pb2.WatchEventsResponse(events=[event(number) for number in sequences])


def snapshot(sequence: int) -> events_pb2.WatchEventsResponse:
    return events_pb2.WatchEventsResponse(snapshot=events_pb2.Snapshot(sequence=sequence))


def heartbeat(latest: int) -> events_pb2.WatchEventsResponse:
    return events_pb2.WatchEventsResponse(heartbeat=types_pb2.Heartbeat(latest_sequence=latest))


class Script:
    """Answers each opening of a stream with the next list of frames; an error ends the stream."""

    def __init__(self, *openings: list[Any]) -> None:
        self.openings = list(openings)
        self.asked: list[int | None] = []

    async def __call__(self, request: Any, context: Any) -> AsyncIterator[Any]:
        has = request.HasField("after_sequence")
        self.asked.append(request.after_sequence if has else None)
        frames = self.openings.pop(0) if self.openings else ["hang"]
        for frame in frames:
            if frame == "cut":
                await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
            elif frame == "hang":
                await asyncio.Event().wait()
            elif isinstance(frame, Exception):
                raise frame
            else:
                yield frame


async def no_wait(_: float) -> None:
    return None


def connect(address: str, silence_s: float = 30.0) -> Client:
    return Client.connect(
        address,
        plaintext=True,
        token="t",
        chance=random.Random(SEED),
        sleep=no_wait,
        silence_s=silence_s,
    )


async def collect(
    script: Script, last: int, *, after: int | None = None, silence_s: float = 30.0
) -> list[Any]:
    """Watch until the event of the last sequence came."""
    found: list[Any] = []
    async with (
        stub_server({WATCH: script}) as address,
        connect(address, silence_s) as client,
        aclosing(client.events.watch("main", after=after)) as items,
    ):
        async for item in items:
            found.append(item)
            if isinstance(item, SeenEvent) and item.sequence == last:
                break
    return found


def sequences(items: list[Any]) -> list[int]:
    return [item.sequence for item in items if isinstance(item, SeenEvent)]


@pytest.mark.parametrize("cut", range(7))
async def test_a_stream_cut_after_any_message_gives_the_same_sequence(cut: int) -> None:
    frames = [snapshot(2), events(3), heartbeat(3), events(4, 5), events(6), events(7, 8, 9)]
    done = [2, 3, 3, 5, 6, 9]
    last = done[cut - 1] if cut else None
    rest = frames if last is None else [events(n) for n in range(last + 1, 11)]
    script = Script([*frames[:cut], "cut"], [*rest, events(10)] if last is None else rest)

    found = await collect(script, 10)

    assert sequences(found) == list(range(3, 11))
    assert script.asked == [None, last]
    assert [type(i) for i in found if isinstance(i, Disconnected | Reconnected)] == [
        Disconnected,
        Reconnected,
    ]


async def test_an_event_delivered_twice_is_given_once() -> None:
    script = Script([snapshot(1), events(1, 2), events(2, 3), events(3, 4)])

    found = await collect(script, 4)

    assert sequences(found) == [2, 3, 4]


async def test_a_gap_leads_to_a_resumption_after_the_last_event() -> None:
    script = Script([events(5), events(7)], [events(6, 7)])

    found = await collect(script, 7, after=4)

    assert sequences(found) == [5, 6, 7]
    assert script.asked == [4, 5]


async def test_a_heartbeat_ahead_of_the_events_is_a_gap() -> None:
    script = Script([events(5), heartbeat(6)], [events(6)])

    found = await collect(script, 6, after=4)

    assert sequences(found) == [5, 6]
    assert script.asked == [4, 5]


async def test_a_gap_that_stays_leads_to_a_snapshot() -> None:
    script = Script([events(9)], [events(9)], [snapshot(8), events(9)])

    found = await collect(script, 9, after=4)

    assert script.asked == [4, 4, None]
    assert [item.sequence for item in found if isinstance(item, Snapshot)] == [8]
    assert sequences(found) == [9]


async def test_an_expired_sequence_leads_to_a_snapshot() -> None:
    expired = SequenceExpired(oldest_sequence=50)
    script = Script([expired], [snapshot(60), events(61)])

    found = await collect(script, 61, after=4)

    assert script.asked == [4, None]
    assert [type(item) for item in found] == [Disconnected, Reconnected, Snapshot, SeenEvent]


async def test_a_slow_reader_resumes() -> None:
    script = Script([events(5), SlowReader(latest_sequence=9)], [events(6)])

    found = await collect(script, 6, after=4)

    assert sequences(found) == [5, 6]
    assert script.asked == [4, 5]


async def test_a_stream_that_the_core_ends_is_opened_again() -> None:
    script = Script([events(5)], [events(6)])

    assert sequences(await collect(script, 6, after=4)) == [5, 6]


async def test_a_silent_stream_is_opened_again() -> None:
    script = Script([events(5), "hang"], [events(6)])

    found = await collect(script, 6, after=4, silence_s=0.3)

    assert sequences(found) == [5, 6]


@pytest.mark.parametrize(
    "error", [TokenInvalid(), PermissionDenied(), AccountNotFound(), SequenceAhead()]
)
async def test_what_trying_again_does_not_mend_ends_the_watch(error: Exception) -> None:
    script = Script([events(5), error])

    with pytest.raises(type(error)):
        await collect(script, 6, after=4)

    assert script.asked == [4]


async def test_a_filtered_watch_may_jump_and_moves_on_by_heartbeats() -> None:
    script = Script([events(5), events(9), heartbeat(12), "cut"], [events(15)])
    found: list[Any] = []

    async with stub_server({WATCH: script}) as address, connect(address) as client:
        watched = client.events.watch("main", after=4, kinds=["AccountClosed"])
        async with aclosing(watched) as items:
            async for item in items:
                found.append(item)
                if isinstance(item, SeenEvent) and item.sequence == 15:
                    break

    assert sequences(found) == [5, 9, 15]
    assert script.asked == [4, 12]


async def test_an_event_of_an_unknown_kind_keeps_its_place() -> None:
    unknown = events_pb2.Event(account="accounts/main", sequence=5, kind="MoonReached")
    script = Script([events_pb2.WatchEventsResponse(events=[unknown]), events(6)])

    found = await collect(script, 6, after=4)

    assert sequences(found) == [5, 6]
    assert found[0].kind == "MoonReached"


async def test_waits_grow_with_failures_and_start_small_after_success() -> None:
    script = Script(["cut"], ["cut"], ["cut"], ["cut"], [events(5), "cut"], [events(6)])
    found = await collect(script, 6, after=4)

    waits = [item.retry_in_s for item in found if isinstance(item, Disconnected)]
    bounds = [0.25, 0.5, 1.0, 1.0, 0.25]
    assert all(0 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True)), waits


async def test_after_an_outage_of_any_length_a_core_is_tried_again_within_a_second() -> None:
    script = Script(*[["cut"]] * 12, [events(5)])

    found = await collect(script, 5, after=4)

    waits = [item.retry_in_s for item in found if isinstance(item, Disconnected)]
    assert len(waits) == 12
    assert max(waits) <= 1.0, f"seed {SEED}"


async def test_a_core_that_says_no_itself_is_left_alone_for_longer() -> None:
    refusals: list[Any] = [[SlowReader()]] * 10

    found = await collect(Script(*refusals, [events(5)]), 5, after=4)

    waits = [item.retry_in_s for item in found if isinstance(item, Disconnected)]
    assert 1.0 < max(waits) <= 15.0, f"seed {SEED}"


async def test_ticks_go_on_after_a_cut() -> None:
    async def ticks(request: Any, context: Any) -> AsyncIterator[market_pb2.WatchTicksResponse]:
        prices.append(str(100 + len(prices)))
        response = market_pb2.WatchTicksResponse()
        response.tick.tick_time.FromDatetime(NOW)
        response.tick.receive_time.FromDatetime(NOW)
        response.tick.last_price_usd = prices[-1]
        yield response
        yield market_pb2.WatchTicksResponse(heartbeat=types_pb2.Heartbeat())
        await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")

    prices: list[str] = []
    found: list[Any] = []
    async with (
        stub_server({TICKS: ticks}) as address,
        connect(address) as client,
        aclosing(client.market.watch_ticks("main")) as items,
    ):
        async for item in items:
            found.append(item)
            if len(found) == 4:
                break

    assert [type(item).__name__ for item in found] == [
        "TickReport",
        "Disconnected",
        "Reconnected",
        "TickReport",
    ]
    assert [str(item.tick.last) for item in (found[0], found[3])] == ["100", "101"]


async def test_a_core_that_restarts_is_found_again() -> None:
    before, after = Script([snapshot(1), events(2), "hang"]), Script([events(3)])
    found: list[Any] = []
    async with AsyncExitStack() as stack:
        server = AsyncExitStack()
        address = await server.enter_async_context(stub_server({WATCH: before}))
        client = await stack.enter_async_context(
            Client.connect(address, plaintext=True, chance=random.Random(SEED))
        )
        items = await stack.enter_async_context(aclosing(client.events.watch("main")))
        async for item in items:
            found.append(item)
            if isinstance(item, SeenEvent) and item.sequence == 2:
                await server.aclose()
                port = int(address.rpartition(":")[2])
                await stack.enter_async_context(stub_server({WATCH: after}, port=port))
            if isinstance(item, SeenEvent) and item.sequence == 3:
                break

    assert sequences(found) == [2, 3]
    assert after.asked[0] == 2
    assert any(isinstance(item, Reconnected) for item in found)


async def test_closing_a_watch_ends_its_call() -> None:
    ended = asyncio.Event()

    async def answer(_: Any, context: Any) -> AsyncIterator[Any]:
        context.add_done_callback(lambda _: ended.set())
        yield snapshot(1)
        await asyncio.Event().wait()

    async with stub_server({WATCH: answer}) as address, connect(address) as client:
        async with aclosing(client.events.watch("main")) as items:
            assert isinstance(await anext(items), Snapshot)
        await asyncio.wait_for(ended.wait(), 60)

    assert ended.is_set()
