"""Readings are shared by all who wait for one, and never older than the asking."""

from __future__ import annotations

import asyncio

import pytest

from axisor.errors import VenueUnavailable
from axisor.model import AccountState, Balance
from axisor.ports import Lane
from axisor_server.adapters.memory import VirtualClock
from axisor_server.engine.glances import Glances
from tests.support.core import Bench
from tests.support.venue import SimLine, SimVenue


class Line(SimLine):
    """Its readings last until they are let go; each shows its number as the balance."""

    def __init__(self) -> None:
        super().__init__(SimVenue(VirtualClock()))
        self.begun = 0
        self.go = asyncio.Event()
        self.broken = False

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read once."""
        self.begun += 1
        number = self.begun
        await self.go.wait()
        if self.broken:
            raise VenueUnavailable("The line is down.")
        return AccountState(balance=Balance(free=number))


async def test_whoever_asks_while_a_reading_is_under_way_gets_the_next_one():
    line = Line()
    glances = Glances(line)
    first = [asyncio.ensure_future(glances.state()) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    later = [asyncio.ensure_future(glances.state()) for _ in range(3)]
    await asyncio.sleep(0)
    line.go.set()

    seen = [state.balance.free for state in await asyncio.gather(*first, *later)]

    assert seen == [1, 1, 1, 2, 2, 2]


async def test_a_reading_that_fails_fails_for_all_and_not_for_the_next():
    line = Line()
    line.broken = True
    line.go.set()
    glances = Glances(line)

    failed = await asyncio.gather(glances.state(), glances.state(), return_exceptions=True)
    line.broken = False
    state = await glances.state()

    assert [type(error) for error in failed] == [VenueUnavailable, VenueUnavailable]
    assert state.balance.free == 2


async def test_a_reading_lives_on_when_one_who_waits_for_it_goes():
    line = Line()
    glances = Glances(line)
    gone, stays = asyncio.ensure_future(glances.state()), asyncio.ensure_future(glances.state())
    await asyncio.sleep(0)
    gone.cancel()
    line.go.set()

    assert (await stays).balance.free == 1
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_after_a_crash_one_reading_settles_every_action():
    bench = Bench(balance=10_000_000)
    await bench.add_account()
    for _ in range(8):
        bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.faults = ["lose-response"] * 8
    await bench.move("98100", seconds=1)
    await bench.crash(engine)
    before = bench.venue.reads

    again = bench.engine()
    await bench.up(again)

    assert len(bench.venue.effects) == 8
    ended = [s.state.value for s in await bench.settled() if not s.state.is_open]
    assert ended == ["confirmed"] * 8
    assert bench.venue.reads - before <= 3
    await again.stop(0)
