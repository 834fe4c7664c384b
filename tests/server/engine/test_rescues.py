"""Rescues on their way: known from their plan to their answer, and given way to for a moment."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from axisor.events import IntentState
from axisor.ports import Lane
from axisor_server.adapters.memory import VirtualClock
from axisor_server.domain.records import IntentRecord
from axisor_server.engine.hosts import Nowhere
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


class Hall(Nowhere):
    """A host that notes whether its runners stand still."""

    def __init__(self) -> None:
        self.still = False

    def stand_still(self) -> None:
        """Have them stand still."""
        self.still = True

    def go_on(self) -> None:
        """Let them go on."""
        self.still = False


async def test_runners_stand_still_from_the_price_that_wakes_a_guard_to_the_last_answer(
    clock: VirtualClock,
) -> None:
    hall = Hall()
    rescues = Rescues(clock, hall)
    two = replace(RESCUE, id="two")

    seen = []
    for step in (
        lambda: rescues.woken("a"),
        lambda: rescues.begin([RESCUE, two]),
        lambda: rescues.decided("a"),
        lambda: rescues.end([RESCUE]),
        lambda: rescues.end([two]),
    ):
        step()
        seen.append(hall.still)

    assert seen == [True, True, True, True, False]


async def test_a_guard_that_was_woken_for_nothing_lets_runners_go_on(clock: VirtualClock) -> None:
    hall = Hall()
    rescues = Rescues(clock, hall)

    rescues.woken("a")
    rescues.woken("b")
    rescues.decided("a")
    meanwhile = hall.still
    rescues.decided("b")

    assert (meanwhile, hall.still) == (True, False)


async def test_what_is_no_rescue_lets_nobody_go_on(clock: VirtualClock) -> None:
    hall = Hall()
    rescues = Rescues(clock, hall)
    rescues.begin([RESCUE])

    rescues.decided("another")
    rescues.end([replace(RESCUE, id="order", lane=int(Lane.COMMAND))])

    assert hall.still
