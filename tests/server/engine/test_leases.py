"""A lease ends by the database's clock: no other clock prolongs it, and none ends it early."""

from __future__ import annotations

from datetime import timedelta

import pytest

from axisor.events import HaltLevel, IntentState
from axisor.intents import AddMargin
from axisor_server.engine import Engine
from tests.support.core import ACCOUNT, Bench


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


def acting(*engines: Engine) -> list[bool]:
    return [engine.status().accounts[0].acting for engine in engines]


@pytest.mark.parametrize("step", [timedelta(hours=-3), timedelta(seconds=-6), timedelta(hours=3)])
async def test_a_wall_clock_that_steps_moves_no_lease(bench, step):
    first = bench.engine(owner="core-1")
    await bench.up(first)
    second = bench.engine(owner="core-2")
    await bench.up(second)
    before = await bench.store.read(lambda r: r.lease(ACCOUNT))

    bench.clock.set(bench.clock.now() + step)
    await bench.clock.advance(60)

    after = await bench.store.read(lambda r: r.lease(ACCOUNT))
    assert (after.owner, after.epoch) == (before.owner, before.epoch) == ("core-1", 1)
    assert acting(first, second) == [True, False]
    await second.stop(1)
    await first.stop(1)


async def test_what_was_planned_under_a_lease_that_is_over_is_not_sent(bench):
    bench.long()
    engine = bench.engine(renew_ms=600_000)
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.database_ahead_us = 60_000_000

    await bench.move("98100", seconds=3)

    lease = await bench.store.read(lambda r: r.lease(ACCOUNT))
    assert lease.epoch == 2
    assert [s.state for s in await bench.settled()] == [
        IntentState.CANCELED,
        IntentState.CONFIRMED,
    ]
    assert [type(action) for action in bench.venue.sent] == [AddMargin]
    await bench.crash(engine)


async def test_a_life_that_ended_by_error_is_followed_by_one_with_a_new_epoch(bench):
    engine = bench.engine()
    await bench.up(engine)

    async def broken() -> None:
        raise RuntimeError("a mistake of ours")

    engine._roster.actors[ACCOUNT].spawn(broken())
    await bench.clock.advance(3)

    assert acting(engine) == [True]
    lease = await bench.store.read(lambda r: r.lease(ACCOUNT))
    assert lease.epoch == 2
    await engine.stop(1)


async def test_an_overdue_lease_that_nobody_took_still_records_what_happened(bench):
    engine = bench.engine(renew_ms=600_000)
    await bench.up(engine)
    bench.database_ahead_us = 60_000_000

    await engine.halt(ACCOUNT, HaltLevel.RISK, principal="owner")

    assert (await bench.kinds())[-2:] == ["HaltChanged", "ChangeMade"]
    await bench.crash(engine)


async def test_a_lease_that_ends_while_a_request_waits_at_the_line_keeps_it_here(bench):
    bench.long()
    engine = bench.engine(renew_ms=600_000)
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.faults = ["queue:9"]

    await bench.move("98100", seconds=12)

    first, *others = await bench.settled()
    assert (first.state, first.reason) == (IntentState.REFUSED, "LEASE_LOST")
    assert len(bench.venue.sent) == len([o for o in others if o.state is IntentState.CONFIRMED])
    await bench.crash(engine)


async def test_a_lease_renewed_while_a_request_waits_at_the_line_lets_it_go(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.faults = ["queue:9"]

    await bench.move("98100", seconds=12)

    assert [s.state for s in await bench.settled()] == [IntentState.CONFIRMED]
    assert [type(action) for action in bench.venue.sent] == [AddMargin]
    await engine.stop(1)


@pytest.mark.parametrize("back_date_ms", [1_000, 25_000])
async def test_a_signature_dated_back_is_dead_when_its_lease_is_over(bench, back_date_ms):
    bench.long()
    engine = bench.engine(
        renew_ms=600_000, back_date_ms=back_date_ms, lease_ms=30_000 - back_date_ms
    )
    await bench.up(engine)
    core = engine._roster.actors[ACCOUNT].core

    stamp = engine._roster.actors[ACCOUNT].effects.stamp()

    venue_ms = round(bench.venue.true_time().timestamp() * 1_000)
    assert core.lease_left_ms() < 30_000 - back_date_ms
    assert stamp.signed_ms + 30_000 <= venue_ms + core.lease_left_ms()
    await bench.crash(engine)


async def test_a_lease_is_worth_nothing_once_all_clocks_were_found_to_have_stood(bench):
    engine = bench.engine(offset_every_ms=1_000, renew_ms=600_000, lease_ms=60_000)
    await bench.up(engine)
    core = engine._roster.actors[ACCOUNT].core
    before = core.lease_left_ms()
    real = bench.venue.true_time

    bench.venue.true_time = lambda: real() + timedelta(seconds=29)
    await bench.clock.advance(2)

    assert before > 50_000
    assert core.lease_left_ms() == 0
    assert not core.holds()
    await engine.stop(1)
