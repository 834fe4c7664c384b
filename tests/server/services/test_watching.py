"""The hub: in order, without gap or repeat, bounded, and honest about what it cannot give."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axisor.errors import SequenceAhead, SequenceExpired, ShuttingDown, SlowReader
from axisor.events import NoticeGiven
from axisor.model import Mode, Severity
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.adapters.memory.wakeups import MemoryWakeups
from axisor_server.domain.journal import Entry, extend
from axisor_server.ports import Transaction
from axisor_server.services.watching import Hub, Limits

STREAM = "accounts/a"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def encode(entry: Entry) -> bytes:
    """Return a frame that shows which event it is."""
    return b"%d:%s;" % (entry.sequence, entry.kind.encode())


def beat(latest: int, now: datetime) -> bytes:
    """Return a heartbeat that shows how far the journal is."""
    return b"beat %d" % latest


async def never() -> tuple[int, bytes]:
    """Stand for a snapshot that nobody asks for."""
    raise AssertionError("no snapshot was asked for")


async def write(store: MemoryStore, count: int) -> Sequence[Entry]:
    """Append events to the journal, unseen by any hub."""

    def unit(tx: Transaction) -> Sequence[Entry]:
        head = tx.head(STREAM)
        notices = [NoticeGiven(severity=Severity.OK, code="n", text="") for _ in range(count)]
        entries = extend(head, stream=STREAM, mode=Mode.SIM, time=NOW, payloads=notices)
        tx.append(head, entries, epoch=None)
        return entries

    return await store.write(unit)


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    """Open a store."""
    opened = MemoryStore()
    await opened.open()
    yield opened
    await opened.close()


def hub(store: MemoryStore, clock: VirtualClock, **limits: object) -> Hub:
    """Return a hub with some limits otherwise."""
    return Hub(store, clock, encode=encode, beat=beat, limits=Limits(**limits))  # type: ignore[arg-type]


def watch(
    hub: Hub, after: int | None = 0, kinds: frozenset[str] = frozenset()
) -> AsyncIterator[bytes]:
    """Watch the journal."""
    return hub.watch(STREAM, after=after, kinds=kinds, snapshot=never)


def numbers(frame: bytes) -> list[int]:
    """Return the sequences in a frame."""
    return [int(part.partition(b":")[0]) for part in frame.split(b";") if part]


async def test_what_gathered_while_nobody_read_comes_in_one_frame(store: MemoryStore) -> None:
    served = hub(store, VirtualClock())
    frames = watch(served)
    served.publish(await write(store, 2))
    first = await anext(frames)

    served.publish(await write(store, 3))
    served.publish(await write(store, 4))

    assert numbers(first) == [1, 2]
    assert numbers(await anext(frames)) == [3, 4, 5, 6, 7, 8, 9]


async def test_silence_is_broken_by_a_heartbeat(store: MemoryStore) -> None:
    clock = VirtualClock()
    served = hub(store, clock)
    served.publish(await write(store, 1))
    frames = watch(served, after=1)

    waiting = asyncio.ensure_future(anext(frames))
    await clock.advance(14.9)
    early = waiting.done()
    await clock.advance(0.2)

    assert not early
    assert await waiting == b"beat 1"


async def test_a_reader_that_falls_behind_the_ring_is_told(store: MemoryStore) -> None:
    clock = VirtualClock()
    served = hub(store, clock, ring=8)
    frames = watch(served)
    served.publish(await write(store, 1))
    await anext(frames)
    level = asyncio.ensure_future(anext(frames))
    await clock.advance(0)
    served.publish(await write(store, 1))
    await level

    for _ in range(20):
        served.publish(await write(store, 1))

    with pytest.raises(SlowReader) as told:
        await anext(frames)
    assert told.value.metadata["latestSequence"] == "22"


async def test_a_resumer_far_behind_reads_the_store_and_is_not_slow(store: MemoryStore) -> None:
    served = hub(store, VirtualClock(), ring=8, page=16)
    for _ in range(100):
        served.publish(await write(store, 1))
    frames = watch(served)

    found: list[int] = []
    while len(found) < 100:
        found += numbers(await anext(frames))

    assert found == list(range(1, 101))


async def test_a_sequence_beyond_the_end_is_refused(store: MemoryStore) -> None:
    await write(store, 3)

    with pytest.raises(SequenceAhead):
        await anext(watch(hub(store, VirtualClock()), after=4))


async def test_events_that_are_no_longer_kept_are_not_skipped_in_silence() -> None:
    class Forgetful(MemoryStore):
        """A store whose oldest events were dropped, as partitions are."""

    store = Forgetful()
    await store.open()
    await write(store, 5)
    del store._tables.journals[STREAM][:2]

    with pytest.raises(SequenceExpired) as told:
        await anext(watch(hub(store, VirtualClock()), after=0))
    assert told.value.metadata["oldestSequence"] == "3"


async def test_a_hint_of_another_replica_brings_its_events(store: MemoryStore) -> None:
    clock, wakeups = VirtualClock(), MemoryWakeups()
    served = hub(store, clock)
    following = asyncio.ensure_future(served.follow(wakeups))
    await write(store, 1)
    frames = watch(served, after=1)
    waiting = asyncio.ensure_future(anext(frames))
    await clock.advance(0)

    await write(store, 2)
    await wakeups.publish(STREAM, 3)

    assert numbers(await waiting) == [2, 3]
    following.cancel()


async def test_without_hints_the_store_is_asked(store: MemoryStore) -> None:
    clock = VirtualClock()
    frames = watch(hub(store, clock, poll_s=1.0))
    waiting = asyncio.ensure_future(anext(frames))
    await clock.advance(0)

    await write(store, 2)
    await clock.advance(1.1)

    assert numbers(await waiting) == [1, 2]


async def test_a_closing_hub_sends_what_it_has_and_ends(store: MemoryStore) -> None:
    served = hub(store, VirtualClock())
    served.publish(await write(store, 2))
    frames = watch(served)

    served.close()

    assert numbers(await anext(frames)) == [1, 2]
    with pytest.raises(ShuttingDown):
        await anext(frames)
    assert served.watchers == 0


@settings(max_examples=60, deadline=None)
@given(
    writes=st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=25),
    cuts=st.lists(st.integers(1, 4), min_size=1, max_size=10),
)
def test_whatever_is_cut_or_written_elsewhere_nothing_is_missed_or_repeated(
    writes: list[tuple[int, bool]], cuts: list[int]
) -> None:
    async def play() -> None:
        clock, store = VirtualClock(), MemoryStore()
        await store.open()
        served = hub(store, clock, ring=16, page=3, poll_s=1.0)
        total = sum(count for count, _ in writes)
        found: list[int] = []

        async def read() -> None:
            turn = 0
            while len(found) < total:
                frames = watch(served, after=found[-1] if found else 0)
                for _ in range(cuts[turn % len(cuts)]):
                    if len(found) < total:
                        found.extend(numbers(await anext(frames)))
                turn += 1

        reading = asyncio.ensure_future(read())
        for count, here in writes:
            entries = await write(store, count)
            if here:
                served.publish(entries)
            await clock.advance(0)
        for _ in range(200):
            if reading.done():
                break
            await clock.advance(1.0)
        await reading
        assert found == list(range(1, total + 1))

    asyncio.run(play())


async def test_a_crowd_is_told_a_moment_later_than_it_happened(store: MemoryStore) -> None:
    clock = VirtualClock()
    served = hub(store, clock, crowd=2, spread_s=0.01)
    served.publish(await write(store, 1))
    frames = [watch(served), watch(served)]
    firsts = [asyncio.ensure_future(anext(each)) for each in frames]

    await clock.advance(0.015)
    early = [each.done() for each in firsts]
    served.publish(await write(store, 1))
    await clock.advance(0.01)

    assert early == [False, False]
    assert [numbers(await each) for each in firsts] == [[1, 2], [1, 2]]
    for each in frames:
        await each.aclose()  # type: ignore[attr-defined]  # generators, as it happens
