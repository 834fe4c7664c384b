"""Virtual time passes only when nothing is left to do, in an order that the seed decides."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from contextvars import copy_context
from typing import Any

import pytest

from tests.simulation.loop import GROUP, Deadlock, Freezable, SimClock, SimLoop


def live(work: Coroutine[Any, Any, Any], seed: int = 1) -> tuple[Any, SimLoop]:
    loop = SimLoop(random.Random(seed))
    try:
        return loop.run_until_complete(work), loop
    finally:
        loop.close()


async def order_of(count: int) -> list[int]:
    done: list[int] = []

    async def note(number: int) -> None:
        await asyncio.sleep(1)
        done.append(number)

    await asyncio.gather(*(note(number) for number in range(count)))
    return done


def test_an_hour_passes_at_once():
    _, loop = live(asyncio.sleep(3_600))

    assert loop.time() == 3_600


def test_a_seed_decides_who_runs_first():
    first, again, other = (live(order_of(8), seed)[0] for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert sorted(other) == sorted(first)


def test_waiting_for_nothing_is_a_deadlock():
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock):
        live(wait())


def test_there_are_no_threads():
    with pytest.raises(RuntimeError):
        live(asyncio.to_thread(print))


def test_a_frozen_group_runs_nothing_until_it_is_thawed():
    told: list[float] = []

    async def tell(loop: SimLoop) -> None:
        while True:
            await asyncio.sleep(1)
            told.append(loop.time())

    async def world() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        group, context = Freezable(), copy_context()
        context.run(GROUP.set, group)
        task = loop.create_task(tell(loop), context=context)
        await asyncio.sleep(1.5)
        group.frozen = True
        await asyncio.sleep(10)
        loop.thaw(group)
        await asyncio.sleep(1.7)
        assert group.tasks == [task]
        task.cancel()

    live(world())

    assert told == [1.0, 11.5, 12.5]


def test_a_wall_clock_may_be_wrong_and_the_steady_one_is_not():
    async def read() -> tuple[float, int, float, int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        clock = SimClock(loop, skew_ms=2_000, drift_ppm=50)
        await clock.sleep(100)
        before = (clock.now() - loop.now()).total_seconds(), clock.monotonic_ms()
        clock.skew_ms -= 60_000
        return *before, (clock.now() - loop.now()).total_seconds(), clock.monotonic_ms()

    (wrong, steady, stepped, still), _ = live(read())

    assert wrong == pytest.approx(2.005)
    assert stepped == pytest.approx(-57.995)
    assert (steady, still) == (100_000, 100_000)
