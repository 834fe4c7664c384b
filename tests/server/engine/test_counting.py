"""What a position was ever given is kept: old readings are refused, foreign sats are counted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from axisor.errors import ActionPending
from axisor.events import IntentReviewRefused, IntentState, NoticeGiven
from axisor.intents import AddMargin, CashIn, DepositCross
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.failpoints import Trigger
from tests.support.core import ACCOUNT, Bench

SHORTLY_BEFORE_MIDNIGHT = datetime(2026, 1, 1, 23, 59, tzinfo=UTC)


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def stored(bench, position):
    return await bench.store.read(lambda r: r.witness(ACCOUNT, f"positions/{position}"))


def count(engine, position):
    return engine._roster.actors[ACCOUNT].core.book.counts[position]


async def notices(bench, code):
    return [n for n in await bench.payloads(NoticeGiven) if n.code == code]


async def test_the_count_is_stored_with_the_reading_and_with_the_answer(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    assert await stored(bench, position) == 0

    await bench.command(engine, AddMargin(position=position, amount=700))

    assert await stored(bench, position) == 700
    await bench.command(engine, CashIn(position=position, amount=100))
    await bench.clock.advance(5)
    assert await stored(bench, position) == 700
    assert await notices(bench, "MARGIN_MOVED_OUTSIDE") == []
    await engine.stop(1)


@pytest.mark.parametrize("fault", ["", "lose-response"])
async def test_an_old_reading_right_after_a_restart_is_not_believed(bench, fault):
    position = bench.long()
    first = bench.engine()
    await bench.up(first)
    bench.venue.faults = [fault]
    await bench.command(first, AddMargin(position=position, amount=700), wait_s=20)
    await bench.clock.advance(10)
    await bench.crash(first)
    bench.venue.stale_reads = 4

    second = bench.engine()
    await bench.up(second)
    held = second.view(ACCOUNT).position(position)
    await bench.clock.advance(10)

    assert held is not None
    assert held.margin == 100_700
    assert await stored(bench, position) == 700
    assert [s.state for s in await bench.settled()][-1] is IntentState.CONFIRMED
    await second.stop(1)


async def test_an_outcome_proved_by_a_reading_brings_what_it_showed(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.faults = ["lose-response"]

    await bench.command(engine, AddMargin(position=position, amount=700), wait_s=20)

    held = engine.view(ACCOUNT).position(position)
    assert held is not None
    assert held.margin == 100_700
    assert not count(engine, position).is_behind
    assert await notices(bench, "MARGIN_MOVED_OUTSIDE") == []
    await engine.stop(1)


async def test_a_cash_in_proved_by_a_reading_brings_what_it_showed(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.faults = ["lose-response"]

    await bench.command(engine, CashIn(position=position, amount=700), wait_s=20)
    bench.venue.stale_reads = 2
    await bench.clock.advance(3)

    held = engine.view(ACCOUNT).position(position)
    assert held is not None
    assert held.margin == 99_300
    await engine.stop(1)


async def test_a_venue_that_shows_less_for_long_is_believed_but_nothing_is_added(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.command(engine, AddMargin(position=position, amount=700))
    bench.venue.stale_reads = 10**6

    await bench.clock.advance(300)
    refusal = await bench.command(engine, AddMargin(position=position, amount=1))

    view = engine.view(ACCOUNT)
    held = view.position(position)
    assert held is not None
    assert held.margin == 100_000
    assert view.frozen == {position}
    assert isinstance(refusal, ActionPending)
    told = await notices(bench, "MARGIN_COUNT_FELL")
    assert [(n.severity.value, n.data["missing_sats"]) for n in told] == [("crit", "700")]

    bench.venue.stale_reads = 0
    await bench.clock.advance(70)
    assert isinstance(
        await bench.command(engine, AddMargin(position=position, amount=1)), CommandResult
    )
    assert engine.view(ACCOUNT).frozen == frozenset()
    await engine.stop(1)


async def test_sats_from_elsewhere_are_told_and_known_after_a_restart():
    bench = Bench(start=SHORTLY_BEFORE_MIDNIGHT)
    await bench.add_account()
    position = bench.long()
    first = bench.engine()
    await bench.up(first)
    bench.venue.account.isolated.add_margin(bench.clock.now(), position, 5_000)
    await first.reconcile(ACCOUNT)

    before = first.view(ACCOUNT)
    await bench.crash(first)
    second = bench.engine()
    await bench.up(second)
    after = second.view(ACCOUNT)

    assert (before.outside, before.outside_today) == ({position: 5_000}, 5_000)
    assert (after.outside, after.outside_today) == ({position: 5_000}, 5_000)
    assert len(await notices(bench, "MARGIN_MOVED_OUTSIDE")) == 1
    await bench.clock.advance(120)
    await bench.move("99990")
    later = second.view(ACCOUNT)
    assert (later.outside, later.outside_today) == ({position: 5_000}, 0)
    await second.stop(1)


@pytest.mark.parametrize(
    ("fault", "state"), [("lose-request", "not_applied"), ("lose-response", "confirmed")]
)
async def test_sats_that_came_while_an_outcome_was_unknown_are_told_apart(bench, fault, state):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.faults = [fault]
    await bench.command(engine, AddMargin(position=position, amount=700), wait_s=1)
    bench.venue.account.isolated.add_margin(bench.clock.now(), position, 300)

    await bench.clock.advance(60)

    assert [s.state.value for s in await bench.settled()] == ["unknown", state]
    told = await notices(bench, "MARGIN_MOVED_OUTSIDE")
    assert [(n.severity.value, n.data["sats"]) for n in told] == [("warn", "300")]
    assert engine.view(ACCOUNT).outside == {position: 300}
    assert await stored(bench, position) == (1_000 if state == "confirmed" else 300)
    await engine.stop(1)


async def test_sats_that_came_while_unknown_are_told_apart_after_a_restart_too(bench):
    position = bench.long()
    first = bench.engine()
    await bench.up(first)
    bench.venue.faults = ["lose-request"]
    await bench.command(first, AddMargin(position=position, amount=700), wait_s=1)
    bench.venue.account.isolated.add_margin(bench.clock.now(), position, 300)
    await bench.clock.advance(8)
    await bench.crash(first)

    second = bench.engine()
    await bench.up(second)
    await bench.clock.advance(60)

    assert [s.state.value for s in await bench.settled()][-1] == "not_applied"
    assert second.view(ACCOUNT).outside == {position: 300}
    await second.stop(1)


async def test_unexplained_sats_on_a_position_of_a_run_count_against_its_leash(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "greedy", day_spend=25_000)
    await bench.move("99900", seconds=2)
    assert len(bench.venue.effects) == 1
    bench.venue.account.isolated.add_margin(bench.clock.now(), position, 10_000)
    await engine.reconcile(ACCOUNT)

    await bench.move("99890", seconds=2)

    assert len(bench.venue.effects) == 1
    assert {r.reason for r in await bench.payloads(IntentReviewRefused)} == {"LEASH_EXCEEDED"}
    await engine.stop(1)


@pytest.mark.parametrize(
    ("fault", "state"), [("lose-request", "not_applied"), ("lose-response", "confirmed")]
)
async def test_a_transfer_made_elsewhere_before_ours_is_not_taken_for_it(bench, fault, state):
    engine = bench.engine()
    await bench.up(engine)
    await bench.command(engine, DepositCross(amount=1_000))
    await bench.clock.advance(5)
    bench.venue.account.cross.deposit(bench.clock.now(), 500)
    bench.venue.faults = [fault]

    await bench.command(engine, DepositCross(amount=500), wait_s=1)
    await bench.clock.advance(60)

    assert [s.state.value for s in await bench.settled()] == ["confirmed", "unknown", state]
    await engine.stop(1)


async def test_a_plan_made_on_less_than_is_stored_is_made_anew_on_what_is(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    target = f"positions/{position}"
    await bench.store.write(lambda t: t.raise_witness(ACCOUNT, target, counter=9, now_us=1))

    before = count(engine, position)

    await bench.command(engine, AddMargin(position=position, amount=700), seconds=20)

    assert before.shown == 0
    lease = await bench.store.read(lambda r: r.lease(ACCOUNT))
    assert lease is not None
    assert lease.epoch == 2  # what was in memory is not trusted any more
    assert count(engine, position).shown == 709
    assert [type(a) for a in bench.venue.sent] == [AddMargin]
    await engine.stop(1)


async def test_margin_is_not_sent_to_a_position_that_the_last_reading_lacks(bench):
    position = bench.long()
    engine = bench.engine(failpoint="planned")
    await bench.up(engine)
    core = engine._roster.actors[ACCOUNT].core
    engine._roster._world.failpoints._trigger = Trigger("planned", "pause", 2.0)
    asking = asyncio.create_task(bench.command(engine, AddMargin(position=position, amount=700)))
    await bench.clock.advance(1)
    seen = core.book.state
    assert seen is not None
    core.book = replace(
        core.book, state=replace(seen, positions=(), unreadable=frozenset({position}))
    )

    await asking

    settled = await bench.settled()
    assert [each.state for each in settled] == [IntentState.CANCELED]
    assert "cannot be read" in settled[0].message
    assert bench.venue.effects == []
    await engine.stop(1)
