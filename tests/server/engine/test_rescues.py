"""Rescues on their way: known from their plan to their answer, and given way to for a moment."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from axisor.events import IntentState
from axisor.ports import Lane
from axisor_server.adapters.memory import VirtualClock
from axisor_server.domain.records import IntentRecord
from axisor_server.engine.rescues import GIVE_WAY_MS, Rescues

RESCUE = IntentRecord(
    id="one",
    account="a",
    target="positions/p",
    kind="AddMargin",
    additive=True,
    amount=1,
    action=b"{}",
    state=IntentState.PLANNED,
    lane=int(Lane.GUARD),
    created_us=0,
    updated_us=0,
)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


async def test_others_wait_for_a_rescue_until_its_answer(clock: VirtualClock) -> None:
    rescues = Rescues(clock)

    rescues.begin([RESCUE])
    meanwhile = rescues.wait_ms()
    rescues.end([RESCUE])

    assert (meanwhile, rescues.wait_ms()) == (GIVE_WAY_MS, 0)


async def test_nobody_waits_for_an_order(clock: VirtualClock) -> None:
    rescues = Rescues(clock)

    rescues.begin([replace(RESCUE, lane=int(Lane.COMMAND))])

    assert rescues.wait_ms() == 0


async def test_a_rescue_without_an_answer_is_given_way_to_for_a_moment(clock: VirtualClock) -> None:
    rescues = Rescues(clock)
    rescues.begin([RESCUE])

    await clock.advance(0.1)
    rescues.begin([replace(RESCUE, id="two")])
    await clock.advance(0.2)
    newer = rescues.wait_ms()
    await clock.advance(0.1)

    assert newer == GIVE_WAY_MS - 200
    assert rescues.wait_ms() == 0
