"""Observers see every event at least once, in order, from one core at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from tests.support.records import appending, notice

from axisor.events import Event
from axisor_server.adapters.memory.clock import START, VirtualClock
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.domain.journal import to_us
from axisor_server.services.notifying import Notifier, Pace


class Bench:
    """A store, and observers that remember what they saw."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore(lambda: to_us(START) + self.clock.monotonic_ms() * 1_000)
        self.seen: dict[str, list[tuple[str, int]]] = {}
        self.slow_s = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def notifier(self, owner: str, *, gap_s: float = 0.0) -> Notifier:
        """Return a notifier whose observer notes what it sees under a name."""
        seen = self.seen.setdefault(owner, [])

        async def observe(events: Sequence[Event]) -> None:
            if self.slow_s:
                await self.clock.sleep(self.slow_s)
            seen.extend((event.stream, event.sequence) for event in events)

        pace = Pace(gap_s=gap_s)
        return Notifier(self.store, self.clock, owner=owner, observe=observe, pace=pace)

    def start(self, notifier: Notifier) -> asyncio.Task[None]:
        """Let a notifier run until the end of the test."""
        task = asyncio.create_task(notifier.run())
        self._tasks.append(task)
        return task

    async def write(self, count: int, *, stream: str = "accounts/a") -> None:
        """Journal some events."""
        for _ in range(count):
            await self.store.write(appending(notice(), stream=stream))

    async def end(self) -> None:
        """Stop what runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Open a bench."""
    made = Bench()
    await made.store.open()
    yield made
    await made.end()


async def test_every_event_is_shown_in_order(bench: Bench) -> None:
    bench.start(bench.notifier("one"))
    await bench.clock.advance(1)

    await bench.write(450)
    await bench.write(2, stream="platform")
    await bench.clock.advance(2)

    assert [s for stream, s in bench.seen["one"] if stream == "accounts/a"] == list(range(1, 451))
    assert [s for stream, s in bench.seen["one"] if stream == "platform"] == [1, 2]


async def test_a_crowd_of_hints_is_taken_together_and_a_lone_one_at_once(bench: Bench) -> None:
    notifier = bench.notifier("one", gap_s=0.4)
    bench.start(notifier)
    await bench.clock.advance(0.5)
    counts = []

    for _ in range(3):
        await bench.write(1)
        notifier.hint()
        await bench.clock.advance(0.1)
        counts.append(len(bench.seen["one"]))
    await bench.clock.advance(0.2)

    assert counts == [1, 1, 1]
    assert len(bench.seen["one"]) == 3


async def test_a_hint_shortens_the_wait(bench: Bench) -> None:
    notifier = bench.notifier("one")
    bench.start(notifier)
    await bench.clock.advance(0)
    await bench.write(1)

    notifier.hint()
    await bench.clock.advance(0)

    assert bench.seen["one"] == [("accounts/a", 1)]


async def test_one_of_two_shows_and_the_other_goes_on_where_it_ended(bench: Bench) -> None:
    first = bench.start(bench.notifier("one"))
    await bench.clock.advance(0)
    bench.start(bench.notifier("two"))
    await bench.write(3)
    await bench.clock.advance(2)
    assert (len(bench.seen["one"]), len(bench.seen["two"])) == (3, 0)

    first.cancel()
    await bench.write(2)
    await bench.clock.advance(8)

    assert bench.seen["two"] == [("accounts/a", 4), ("accounts/a", 5)]


async def test_what_was_shown_and_not_noted_is_shown_again(bench: Bench) -> None:
    first = bench.start(bench.notifier("one"))
    await bench.clock.advance(0)
    await bench.write(3)
    bench.slow_s = 0.5
    await bench.clock.advance(1.1)  # the observer is at it

    first.cancel()
    bench.slow_s = 0
    bench.start(bench.notifier("two"))
    await bench.clock.advance(8)

    assert bench.seen["two"] == [("accounts/a", n) for n in (1, 2, 3)]


async def test_one_that_was_too_slow_notes_nothing_after_another_took_over(bench: Bench) -> None:
    bench.slow_s = 20
    bench.start(bench.notifier("slow"))
    await bench.clock.advance(0)
    await bench.write(3)
    await bench.clock.advance(2)
    bench.slow_s = 0
    bench.start(bench.notifier("quick"))
    await bench.clock.advance(8)
    assert len(bench.seen["quick"]) == 3

    await bench.clock.advance(30)
    await bench.write(1)
    await bench.clock.advance(2)

    everyone = bench.seen["slow"] + bench.seen["quick"]
    assert everyone.count(("accounts/a", 4)) == 1


async def test_what_was_written_before_the_first_notifier_is_passed_over_once(
    bench: Bench,
) -> None:
    await bench.write(5)
    bench.start(bench.notifier("one"))
    await bench.clock.advance(1)
    await bench.write(1)
    await bench.write(1, stream="accounts/b")

    await bench.clock.advance(2)

    assert bench.seen["one"] == [("accounts/a", 6), ("accounts/b", 1)]


async def test_ending_shows_what_is_left_and_lets_another_begin_at_once(bench: Bench) -> None:
    notifier = bench.notifier("one")
    running = bench.start(notifier)
    await bench.clock.advance(0)
    running.cancel()
    await bench.write(2)

    await notifier.finish()

    assert len(bench.seen["one"]) == 2
    bench.start(bench.notifier("two"))
    await bench.write(1)
    await bench.clock.advance(2)
    assert bench.seen["two"] == [("accounts/a", 3)]


async def test_a_database_that_is_away_delays_and_loses_nothing(bench: Bench) -> None:
    bench.start(bench.notifier("one"))
    await bench.clock.advance(0)
    await bench.write(1)
    await bench.store.close()
    await bench.clock.advance(5)
    assert bench.seen["one"] == []

    await bench.store.open()
    await bench.clock.advance(3)

    assert bench.seen["one"] == [("accounts/a", 1)]
