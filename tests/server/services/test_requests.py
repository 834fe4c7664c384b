"""A change asked for twice is made once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from msgspec import Struct
from tests.support.recording import Recording

from axisor.errors import RequestExpired, RequestIdReused, VenueAuth, VenueUnavailable
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.adapters.memory.ids import SeededIds
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.services.requests import KEPT, Once, Request


class Made(Struct):
    """What a change answers."""

    id: str


class Change:
    """Counts how often it is made, and fails as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.ids: list[str] = []
        self._failures = list(failures)
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, id: str) -> Made:
        """Make the change."""
        self.ids.append(id)
        await self.gate.wait()
        if self._failures:
            raise self._failures.pop(0)
        return Made(id)


def request(**fields: object) -> Request:
    """Return a request, some fields otherwise."""
    usual: dict[str, object] = {
        "method": "S/M",
        "request_id": "r",
        "digest": b"d",
        "principal": "owner",
    }
    return Request(**(usual | fields))  # type: ignore[arg-type]


class Bench:
    """An Once with what it stands on."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore()
        ids = SeededIds(self.clock, seed=1)
        self.once = Once(self.store, self.clock, ids, Recording(self.store, self.clock))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Open a bench."""
    made = Bench()
    await made.store.open()
    yield made
    await made.once.drain()
    await made.store.close()


async def test_a_repeat_gets_the_first_answer(bench: Bench) -> None:
    change = Change()

    first = await bench.once.perform(request(), Made, change)
    second = await bench.once.perform(request(), Made, change)

    assert first == second
    assert len(change.ids) == 1


async def test_two_at_once_share_one_change(bench: Bench) -> None:
    change = Change()
    change.gate.clear()
    calls = [asyncio.ensure_future(bench.once.perform(request(), Made, change)) for _ in range(5)]
    await bench.clock.advance(0)

    change.gate.set()

    answers = await asyncio.gather(*calls)
    assert len(change.ids) == 1
    assert answers == [answers[0]] * 5


async def test_a_caller_that_hangs_up_does_not_undo_the_change(bench: Bench) -> None:
    change = Change()
    change.gate.clear()
    call = asyncio.ensure_future(bench.once.perform(request(), Made, change))
    await bench.clock.advance(0)

    call.cancel()
    change.gate.set()
    await bench.once.drain()

    again = await bench.once.perform(request(), Made, change)
    assert change.ids == [again.id]


async def test_another_body_is_refused(bench: Bench) -> None:
    await bench.once.perform(request(), Made, Change())

    with pytest.raises(RequestIdReused):
        await bench.once.perform(request(digest=b"other"), Made, Change())


async def test_a_refusal_is_repeated_and_not_tried_again(bench: Bench) -> None:
    change = Change(VenueAuth("The key is wrong.", venue="v"))

    for _ in range(2):
        with pytest.raises(VenueAuth) as refused:
            await bench.once.perform(request(), Made, change)
        assert refused.value.metadata == {"venue": "v"}

    assert len(change.ids) == 1


async def test_a_passing_failure_is_tried_again_under_the_same_new_id(bench: Bench) -> None:
    change = Change(VenueUnavailable())

    with pytest.raises(VenueUnavailable):
        await bench.once.perform(request(), Made, change)
    answer = await bench.once.perform(request(), Made, change)

    assert change.ids == [answer.id, answer.id]


async def test_a_late_request_does_nothing_and_a_late_repeat_gets_its_answer(bench: Bench) -> None:
    change = Change()
    limit = bench.clock.now() + timedelta(seconds=1)
    first = await bench.once.perform(request(not_after=limit), Made, change)
    await bench.clock.advance(2)

    repeat = await bench.once.perform(request(not_after=limit), Made, change)
    with pytest.raises(RequestExpired):
        await bench.once.perform(request(request_id="late", not_after=limit), Made, change)

    assert repeat == first
    assert len(change.ids) == 1


async def test_answers_are_forgotten_after_their_time(bench: Bench) -> None:
    await bench.once.perform(request(), Made, Change())

    kept = await bench.once.forget_old()
    await bench.clock.advance(KEPT.total_seconds() + 1)

    assert kept == 0
    assert await bench.once.forget_old() == 1
