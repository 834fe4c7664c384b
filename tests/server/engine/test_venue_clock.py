"""The venue's clock decides what is over, so neither a step of ours nor a wrong measure may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from axisor.events import IntentState
from axisor.intents import AddMargin
from tests.support.core import Bench


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


@pytest.mark.parametrize("step_s", [60, -60, 3_600])
async def test_a_step_of_our_clock_settles_nothing_before_its_fence(bench, step_s):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.faults = ["late:20"]
    await bench.move("98100", seconds=6)

    # Our wall clock is set; the venue's is not.
    bench.clock.set(bench.clock.now() + timedelta(seconds=step_s))
    await bench.clock.advance(60)

    assert [type(a) for a in bench.venue.effects] == [AddMargin]
    assert [s.state for s in await bench.settled()] == [IntentState.UNKNOWN, IntentState.CONFIRMED]
    await engine.stop(1)


async def test_a_refused_stamp_has_the_clock_measured_anew_and_the_key_goes_on(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.clock.advance(10)
    bench.venue.offset_ms = 45_000

    refused = await bench.command(engine, AddMargin(position=position, amount=1_000))
    await bench.clock.advance(1)
    done = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert refused.reason == "VENUE_CLOCK_SKEW"
    assert engine.status().feeds[0].offset_ms == 45_000
    assert done.state is IntentState.CONFIRMED
    assert len(bench.venue.effects) == 1
    await engine.stop(1)


async def test_each_refused_stamp_costs_one_measure_at_most(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.clock.advance(10)
    bench.venue.offset_ms = 45_000
    before = bench.venue.measures

    await bench.command(engine, AddMargin(position=position, amount=1_000))
    await bench.clock.advance(30)

    assert bench.venue.measures == before + 1
    await engine.stop(1)


async def test_a_measure_that_is_off_by_its_doubt_stamps_nothing_in_the_venues_future(bench):
    position = bench.long()
    bench.venue.misjudged_ms = bench.venue.uncertainty_ms
    engine = bench.engine()
    await bench.up(engine)

    done = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert done.state is IntentState.CONFIRMED
    await engine.stop(1)
