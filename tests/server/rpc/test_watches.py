"""Watches: snapshot first, every event once, resumable at every message, bounded, drained."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from tests.server.rpc.serving import Served, bearer

from axisor.v1 import events_pb2 as pb
from axisor.v1.events_pb2_grpc import EventServiceStub
from axisor.wire.status import from_call

COUNT = 40


def apply(state: dict[str, Any], frame: Any) -> None:
    """Fold a frame into what a client knows."""
    if frame.HasField("snapshot"):
        state["last"] = frame.snapshot.sequence
    for event in frame.events:
        assert event.sequence == state["last"] + 1, "a gap or a repeat"
        state["last"] = event.sequence
        state["hash"] = event.hash
        state.setdefault("kinds", []).append((event.sequence, event.kind))


async def test_a_watch_without_a_sequence_begins_with_a_snapshot(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    watch = EventServiceStub(channel).WatchEvents(
        pb.WatchEventsRequest(parent=account), metadata=bearer()
    )

    first: Any = await watch.read()
    watch.cancel()

    assert 0 < first.snapshot.sequence <= await core.head(account)
    assert first.snapshot.account.name == account
    assert len(first.snapshot.positions) == 1
    assert first.snapshot.positions[0].distance_percent


async def test_a_client_that_hangs_up_at_every_message_misses_nothing(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    stub = EventServiceStub(channel)
    end = await core.head(account) + COUNT
    steady: dict[str, Any] = {"last": 0}
    broken: dict[str, Any] = {"last": 0}

    async def produce() -> None:
        for _ in range(COUNT):
            await core.noise(account, 1)
            await asyncio.sleep(0)

    async def follow() -> None:
        watch = stub.WatchEvents(
            pb.WatchEventsRequest(parent=account, after_sequence=0), metadata=bearer()
        )
        while steady["last"] < end:
            apply(steady, await watch.read())
        watch.cancel()

    async def stumble() -> None:
        while broken["last"] < end:
            watch = stub.WatchEvents(
                pb.WatchEventsRequest(parent=account, after_sequence=broken["last"]),
                metadata=bearer(),
            )
            apply(broken, await watch.read())
            watch.cancel()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for work in (produce, follow, stumble):
            group.create_task(work())

    both = min(steady["last"], broken["last"])
    assert both >= end
    assert steady["kinds"][:both] == broken["kinds"][:both]


async def test_kinds_are_filtered(core: Served, channel: grpc.aio.Channel, account: str) -> None:
    await core.noise(account, 3)
    watch = EventServiceStub(channel).WatchEvents(
        pb.WatchEventsRequest(parent=account, after_sequence=0, kinds=["AccountOpened"]),
        metadata=bearer(),
    )

    frame: Any = await watch.read()
    watch.cancel()

    assert [event.kind for event in frame.events] == ["AccountOpened"]


async def test_a_stopping_core_ends_its_watches_as_unavailable(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    watch = EventServiceStub(channel).WatchEvents(
        pb.WatchEventsRequest(parent=account), metadata=bearer()
    )
    await watch.read()

    core.house.hub.close()
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await watch.read()

    assert from_call(ended.value).reason == "SHUTTING_DOWN"


async def test_pages_of_events_join_to_the_journal_in_both_directions(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    await core.noise(account, 10)
    stub = EventServiceStub(channel)

    for newest_first in (False, True):
        found: list[int] = []
        token = ""
        while True:
            page = await stub.ListEvents(
                pb.ListEventsRequest(
                    parent=account, page_size=4, page_token=token, newest_first=newest_first
                ),
                metadata=bearer(),
            )
            found += [event.sequence for event in page.events]
            token = page.next_page_token
            if not token:
                break
        assert found == sorted(range(1, len(found) + 1), reverse=newest_first)
        assert len(found) > 10


async def test_a_token_of_another_list_is_refused(channel: grpc.aio.Channel, account: str) -> None:
    stub = EventServiceStub(channel)
    page = await stub.ListEvents(
        pb.ListEventsRequest(parent=account, page_size=1), metadata=bearer()
    )

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.ListEvents(
            pb.ListEventsRequest(
                parent=account, page_token=page.next_page_token, newest_first=True
            ),
            metadata=bearer(),
        )

    assert from_call(refused.value).reason == "PAGE_TOKEN_INVALID"


async def test_a_journal_that_holds_verifies(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    await core.noise(account, 5)

    answer = await EventServiceStub(channel).VerifyJournal(
        pb.VerifyJournalRequest(parent=account), metadata=bearer()
    )

    assert answer.event_count > 5
    assert len(answer.head_hash) == 32
    assert not answer.HasField("first_bad_sequence")
