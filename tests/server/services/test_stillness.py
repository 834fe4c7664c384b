"""Runners stand still for rescues for a bounded time, and have half of all time whatever comes."""

from __future__ import annotations

import pytest
from tests.support.running import Nursery

from axisor_server.adapters.memory import VirtualClock
from axisor_server.services.running.stillness import Stillness


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def nursery() -> Nursery:
    return Nursery()


async def test_rescues_without_end_leave_them_half_of_the_time(
    clock: VirtualClock, nursery: Nursery
) -> None:
    stillness = Stillness(clock, nursery, most_ms=250)

    for _ in range(10_000):  # ten seconds in which a rescue is always on its way
        stillness.begin()
        await clock.advance(0.001)

    assert 5_000 <= sum(nursery.hushed) <= 5_250
    assert max(nursery.hushed) == 250


async def test_what_was_not_used_is_there_for_the_next_one(
    clock: VirtualClock, nursery: Nursery
) -> None:
    stillness = Stillness(clock, nursery, most_ms=250)

    for _ in range(3):
        stillness.begin()
        await clock.advance(0.1)
        stillness.end()
        await clock.advance(0.05)

    assert nursery.hushed == [250, 200, 150]
    assert nursery.gone_on == 3


async def test_whoever_went_on_by_himself_is_not_told_to(
    clock: VirtualClock, nursery: Nursery
) -> None:
    stillness = Stillness(clock, nursery, most_ms=250)

    stillness.begin()
    await clock.advance(0.3)
    stillness.end()

    assert nursery.gone_on == 0


async def test_they_never_stand_still_where_the_settings_say_so(
    clock: VirtualClock, nursery: Nursery
) -> None:
    stillness = Stillness(clock, nursery, most_ms=0)

    await clock.advance(1)
    stillness.begin()
    stillness.end()

    assert (nursery.hushed, nursery.gone_on) == ([], 0)


async def test_where_nobody_was_told_nothing_is_used_up(
    clock: VirtualClock, nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    stillness = Stillness(clock, nursery, most_ms=250)
    with monkeypatch.context() as patch:
        patch.setattr(nursery, "hush", lambda ms: False)
        stillness.begin()
        await clock.advance(0.2)
        stillness.end()

    stillness.begin()

    assert (nursery.hushed, nursery.gone_on) == ([250], 0)
