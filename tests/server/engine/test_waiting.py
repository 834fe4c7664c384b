"""A wait ends by its time, by a poke, or by who cancels it, and takes none for another."""

from __future__ import annotations

import asyncio

import pytest

from axisor_server.adapters.memory import VirtualClock
from axisor_server.engine.waiting import Poke


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_wait_ends_by_its_time() -> None:
    clock, poke = VirtualClock(), Poke()
    waiting = asyncio.ensure_future(poke.wait(clock, 2))

    await clock.advance(1.9)
    early = waiting.done()
    await clock.advance(0.2)

    assert not early
    assert await waiting is False


async def test_a_poke_ends_it_at_once_and_is_forgotten() -> None:
    clock, poke = VirtualClock(), Poke()
    waiting = asyncio.ensure_future(poke.wait(clock, 2))
    await _turns()

    poke.set()
    poke.set()

    assert await waiting is True
    again = asyncio.ensure_future(poke.wait(clock, 2))
    await clock.advance(3)
    assert await again is False


async def test_a_poke_before_the_wait_counts_unless_it_is_cleared() -> None:
    clock, poke = VirtualClock(), Poke()

    poke.set()
    assert await poke.wait(clock, 2) is True

    poke.set()
    poke.clear()
    waiting = asyncio.ensure_future(poke.wait(clock, 2))
    await clock.advance(3)
    assert await waiting is False


async def test_a_poke_at_the_end_of_the_time_is_not_lost() -> None:
    clock, poke = VirtualClock(), Poke()
    came = []

    async def wait() -> None:
        came.append(await poke.wait(clock, 2))
        came.append(await poke.wait(clock, 2))

    waiting = asyncio.ensure_future(wait())
    asyncio.ensure_future(clock.sleep(2)).add_done_callback(lambda _: poke.set())
    await clock.advance(2)
    await clock.advance(2)

    await waiting
    assert came in ([True, False], [False, True])


@pytest.mark.parametrize("poked_first", [True, False])
async def test_who_is_cancelled_while_poked_is_cancelled(poked_first: bool) -> None:
    clock, poke = VirtualClock(), Poke()
    waiting = asyncio.ensure_future(poke.wait(clock, 2))
    await _turns()

    if poked_first:
        poke.set()
    waiting.cancel()
    if not poked_first:
        poke.set()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_task_that_was_poked_can_be_cancelled_later_as_ever() -> None:
    clock, poke = VirtualClock(), Poke()

    async def wait() -> None:
        await poke.wait(clock, 2)
        await clock.sleep(5)

    waiting = asyncio.ensure_future(wait())
    await _turns()
    poke.set()
    await _turns()

    assert waiting.cancelling() == 0
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_poked_wait_does_not_end_the_group_around_it() -> None:
    clock, poke = VirtualClock(), Poke()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(poke.wait(clock, 2))
        await _turns()
        poke.set()

    assert waiting.result() is True
