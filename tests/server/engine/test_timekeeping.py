"""The venue's clock is measured in time, and anew whenever ours was stepped."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from axisor.events import IntentSent, IntentState
from axisor.intents import AddMargin
from axisor_server.adapters.memory import VirtualClock
from axisor_server.engine import EngineSettings
from axisor_server.engine.timekeeping import STEP_MS, Timekeeper
from tests.support.core import ACCOUNT, Bench
from tests.support.venue import SimFeed, SimVenue

SETTINGS = EngineSettings(owner="core")


class Watch:
    """A timekeeper at work on a virtual clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.venue = SimVenue(self.clock)
        self.keeper = Timekeeper(SimFeed(self.venue), clock=self.clock, settings=SETTINGS)
        self.task = asyncio.ensure_future(self.keeper.run())

    async def pass_(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    def step(self, milliseconds: int) -> None:
        self.clock.set(self.clock.now() + timedelta(milliseconds=milliseconds))

    def offset(self) -> int | None:
        found = self.keeper.venue_clock()
        return None if found is None else found.offset.offset_ms


@pytest.fixture
async def watch():
    watch = Watch()
    await watch.pass_(0.1)
    yield watch
    watch.task.cancel()


async def test_far_from_danger_it_is_measured_every_five_minutes(watch):
    await watch.pass_(900)

    assert watch.venue.measures == 4


async def test_near_danger_it_is_measured_each_minute_and_at_once_when_it_is_older(watch):
    await watch.pass_(120)

    watch.keeper.near("a", danger=True)
    await watch.pass_(0.1)
    assert watch.venue.measures == 2
    await watch.pass_(180)
    assert watch.venue.measures == 5
    watch.keeper.near("a", danger=False)
    await watch.pass_(60)
    before = watch.venue.measures
    await watch.pass_(290)

    assert watch.venue.measures - before <= 1


async def test_danger_of_one_account_is_not_ended_by_the_calm_of_another(watch):
    watch.keeper.near("a", danger=True)
    watch.keeper.near("b", danger=False)

    await watch.pass_(601)

    assert watch.venue.measures >= 7


@pytest.mark.parametrize("milliseconds", [3_600_000, -3_600_000, STEP_MS + 1, -STEP_MS - 1])
async def test_a_step_of_our_clock_is_noticed_before_anything_is_signed_by_it(watch, milliseconds):
    watch.step(milliseconds)
    assert watch.offset() is None

    await watch.pass_(0.1)

    assert watch.offset() == -milliseconds


async def test_what_is_too_small_for_a_step_is_added_to_the_doubt(watch):
    before = watch.keeper.venue_clock()
    watch.step(-200)

    after = watch.keeper.venue_clock()

    assert before is not None
    assert after is not None
    assert after.uncertainty_ms == before.uncertainty_ms + 200


async def test_a_step_during_a_measure_makes_it_count_for_nothing(watch):
    venue, keeper = watch.venue, watch.keeper
    real = venue.true_time
    steps = iter([60_000])
    venue.true_time = lambda: (watch.step(next(steps, 0)), real())[1]

    keeper.distrust()
    await watch.pass_(6)

    assert watch.offset() == -(watch.clock.now() - real()) // timedelta(milliseconds=1)


async def test_a_venue_that_refuses_every_stamp_is_not_asked_for_its_time_without_end(watch):
    for _ in range(100):
        watch.keeper.distrust()
        await watch.pass_(0.1)

    assert watch.venue.measures <= 3


async def test_a_machine_whose_clocks_all_stood_is_found_out_by_the_venues_time(watch):
    real = watch.venue.true_time
    watch.venue.true_time = lambda: real() + timedelta(seconds=29)

    await watch.pass_(301)

    assert watch.keeper.stood_ms == 300_000


async def test_a_step_of_our_own_wall_clock_is_no_standstill(watch):
    watch.step(-60_000)
    assert watch.offset() is None
    await watch.pass_(301)

    assert watch.keeper.stood_ms is None


async def test_whoever_waits_for_the_clock_gets_it_after_a_step(watch):
    watch.step(60_000)
    assert watch.keeper.venue_clock() is None

    waiting = asyncio.ensure_future(watch.keeper.known())
    await watch.pass_(0.1)

    assert waiting.done()


async def test_a_stamp_after_a_step_is_by_the_venues_clock_and_takes_effect():
    bench = Bench()
    await bench.add_account()
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.clock.set(bench.clock.now() + timedelta(hours=1))

    await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert len(bench.venue.effects) == 1
    sent = (await bench.payloads(IntentSent))[0]
    assert abs(sent.signed_at - bench.venue.true_time()) < timedelta(seconds=20)
    await engine.stop(1)


async def test_a_step_back_between_sending_and_reading_settles_nothing_too_early():
    bench = Bench()
    await bench.add_account()
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.faults = ["late:20"]
    call = asyncio.ensure_future(
        bench.command(engine, AddMargin(position=position, amount=1_000), seconds=8)
    )
    await bench.clock.advance(7)

    bench.clock.set(bench.clock.now() + timedelta(hours=2))
    await bench.clock.advance(60)
    await call

    states = [s.state for s in await bench.settled()]
    assert states == [IntentState.UNKNOWN, IntentState.CONFIRMED]
    assert len(bench.venue.effects) == 1
    await engine.stop(1)


async def test_a_rescue_whose_stamp_is_refused_measures_once_and_is_carried_out_at_once():
    bench = Bench()
    await bench.add_account()
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await bench.clock.advance(10)
    before = bench.venue.measures
    bench.venue.faults = ["refuse-stamp"]

    await bench.move("98100", seconds=1)

    assert bench.venue.measures == before + 1
    assert len(bench.venue.effects) == 1
    assert engine.status().accounts[0].causes == ()
    assert engine.view(ACCOUNT).positions[0].margin == 182_541
    await engine.stop(1)
