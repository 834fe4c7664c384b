"""The venue's clock decides what is over, so neither a step of ours nor a wrong measure may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from axisor.events import IntentSent, IntentState
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


async def test_an_action_whose_stamp_is_refused_leaves_once_more_by_a_new_measure(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.offset_ms = -45_000

    done = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert done.state is IntentState.CONFIRMED
    assert engine.status().feeds[0].offset_ms == -45_000
    assert len(bench.venue.sent) == 2
    assert len(bench.venue.effects) == 1
    first, second = await bench.payloads(IntentSent)
    assert (first.intent, first.attempt) == (second.intent, second.attempt - 1)
    assert first.signed_at - second.signed_at > timedelta(seconds=40)
    assert [s.state for s in await bench.settled()] == [IntentState.CONFIRMED]
    await engine.stop(1)


async def test_a_stamp_that_is_refused_again_is_the_end_of_it_and_costs_one_measure(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.clock.advance(10)
    bench.venue.faults = ["refuse-stamp", "refuse-stamp", "refuse-stamp"]
    before = bench.venue.measures

    refused = await bench.command(engine, AddMargin(position=position, amount=1_000))
    await bench.clock.advance(30)

    assert refused.reason == "VENUE_CLOCK_SKEW"
    assert [s.state for s in await bench.settled()] == [IntentState.REFUSED]
    assert len(bench.venue.sent) == 2
    assert bench.venue.measures == before + 1
    await engine.stop(1)


async def test_a_refused_stamp_is_not_mended_while_the_venue_tells_no_time(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.faults = ["refuse-stamp"]
    bench.venue.feed_down = True

    refused = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert refused.reason == "VENUE_CLOCK_SKEW"
    assert len(bench.venue.sent) == 1
    await engine.stop(1)


async def test_after_a_standstill_of_our_clocks_nothing_leaves_under_the_lease_of_before(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.offset_ms = 45_000  # ours stood that long

    refused = await bench.command(engine, AddMargin(position=position, amount=1_000))
    await bench.clock.advance(2)
    done = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert refused.reason == "VENUE_CLOCK_SKEW"
    assert done.state is IntentState.CONFIRMED
    assert len(bench.venue.sent) == 2
    await engine.stop(1)


async def test_what_was_planned_long_ago_is_not_stamped_anew(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.faults = ["queue:16"]
    bench.venue.offset_ms = -45_000

    call = bench.command(engine, AddMargin(position=position, amount=1_000), seconds=30, wait_s=25)
    refused = await call

    assert refused.reason == "VENUE_CLOCK_SKEW"
    assert len(bench.venue.sent) == 1
    await engine.stop(1)


async def test_a_crash_after_the_second_stamp_leaves_one_effect_or_none(bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "rescuer")
    bench.venue.offset_ms = -45_000
    bench.venue.faults = ["", "lose-response"]
    await bench.move("98100", seconds=2)

    await bench.crash(first)
    second = bench.engine(owner="core-2")
    await bench.up(second)
    await bench.move("98090", seconds=60)

    assert [type(a) for a in bench.venue.effects] == [AddMargin]
    assert [s.state for s in await bench.settled()] == [IntentState.UNKNOWN, IntentState.CONFIRMED]
    await second.stop(1)


async def test_a_measure_that_is_off_by_its_doubt_stamps_nothing_in_the_venues_future(bench):
    position = bench.long()
    bench.venue.misjudged_ms = bench.venue.uncertainty_ms
    engine = bench.engine()
    await bench.up(engine)

    done = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert done.state is IntentState.CONFIRMED
    await engine.stop(1)
