"""A dead letter blocks its target until an operator settles or drops it, once, after its fence."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from axisor.errors import (
    ActionPending,
    EventNotFound,
    OutcomeUnknown,
    VenueUnavailable,
    WitnessContradicts,
)
from axisor.events import IntentSettled, IntentState, IntentWitnessed, NoticeGiven
from axisor.intents import AddMargin, DepositCross
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.asks import SettleLetter
from tests.support.core import ACCOUNT, Bench

REQUEST = "7d3f3a52-7d5e-4c1e-9d7c-6f2a5e1b9c01"
CONFIRMED, LOST, DEAD = IntentState.CONFIRMED, IntentState.NOT_APPLIED, IntentState.DEAD


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


@pytest.fixture
async def engine(bench):
    engine = bench.engine()
    await bench.up(engine)
    yield engine
    await engine.stop(0)


def word(state, *, intent=REQUEST, force=False, note="I looked at the venue"):
    return SettleLetter(intent=intent, state=state, note=note, force=force)


async def two_equal_deposits(bench, engine, *, seconds=50.0):
    """Leave a deposit unknown beside another of the same amount made elsewhere."""
    bench.venue.faults = ["lose-response"]
    asking = asyncio.ensure_future(
        bench.command(engine, DepositCross(amount=1_000), request_id=REQUEST, wait_s=8)
    )
    await asyncio.sleep(0)
    await bench.clock.advance(1)
    bench.venue.account.cross.deposit(bench.clock.now(), 1_000)
    await asking
    await bench.clock.advance(seconds)


async def rule(bench, engine, told, **more):
    """Give a word, and drive the clock until it is answered."""
    ask = msgspec.structs.replace(told, **more)
    ruling = asyncio.ensure_future(engine.settle_letter(ACCOUNT, ask, None, "owner"))
    await bench.clock.advance(1)
    return await ruling


def letters(engine):
    return [r.id for r in engine._roster.actors[ACCOUNT].open_intents()]


async def test_what_readings_show_is_journaled_once_each(bench, engine):
    await two_equal_deposits(bench, engine, seconds=120)

    seen = await bench.payloads(IntentWitnessed)

    assert [(w.intent, w.fenced) for w in seen] == [(REQUEST, False), (REQUEST, True)]
    assert "Several transfers" in seen[-1].message
    assert seen[-1].shows["transfers"].count(": 1000") == 2


async def test_what_is_ambiguous_is_told_once_at_its_fence_and_not_only_after_ten_minutes(
    bench, engine
):
    await two_equal_deposits(bench, engine, seconds=1_500)

    told = [n for n in await bench.payloads(NoticeGiven) if n.code == "OUTCOME_STAYS_UNKNOWN"]

    assert [n.severity.value for n in told] == ["crit"]
    assert "Several transfers" in told[0].data["detail"]


async def test_a_venue_that_stays_away_makes_a_dead_letter_that_is_told_once(bench, engine):
    bench.venue.faults = ["lose-request"]
    await bench.command(engine, DepositCross(amount=1_000), request_id=REQUEST, wait_s=8)
    bench.venue.down = True

    await bench.clock.advance(500)
    before = [n.code for n in await bench.payloads(NoticeGiven)]
    await bench.clock.advance(300)
    after = [n.code for n in await bench.payloads(NoticeGiven)]

    assert "OUTCOME_STAYS_UNKNOWN" not in before
    assert after.count("OUTCOME_STAYS_UNKNOWN") == 1


async def test_an_operator_settles_with_their_name_and_note_and_the_target_is_free(bench, engine):
    await two_equal_deposits(bench, engine)

    ruled = await rule(bench, engine, word(CONFIRMED))

    assert (ruled.state, ruled.counted) == (CONFIRMED, 1_000)
    settled = (await bench.payloads(IntentSettled))[-1]
    assert (settled.by, settled.principal, settled.note) == (
        "operator",
        "owner",
        "I looked at the venue",
    )
    assert not settled.forced
    assert letters(engine) == []
    again = await bench.command(engine, DepositCross(amount=2_000))
    assert isinstance(again, CommandResult)


async def test_the_waiting_request_is_answered_with_what_the_operator_said(bench, engine):
    await two_equal_deposits(bench, engine)
    await rule(bench, engine, word(CONFIRMED))

    answer = await bench.command(engine, DepositCross(amount=1_000), request_id=REQUEST)

    assert isinstance(answer, CommandResult)
    assert answer.state is CONFIRMED
    assert len(bench.venue.effects) == 1


async def test_what_is_dropped_is_answered_as_unknown_for_ever(bench, engine):
    await two_equal_deposits(bench, engine)
    await rule(bench, engine, word(DEAD))

    answer = await bench.command(engine, DepositCross(amount=1_000), request_id=REQUEST)

    assert isinstance(answer, OutcomeUnknown)
    assert len(bench.venue.effects) == 1


async def test_a_row_of_a_dropped_deposit_is_not_taken_for_the_next_one(bench, engine):
    await two_equal_deposits(bench, engine)
    await rule(bench, engine, word(DEAD))
    bench.venue.faults = ["lose-request"]

    await bench.command(engine, DepositCross(amount=1_000), wait_s=8)
    await bench.clock.advance(60)

    assert (await bench.settled())[-1].state is LOST


async def test_before_the_fence_nobody_can_know(bench, engine):
    bench.venue.faults = ["lose-request"]
    await bench.command(engine, DepositCross(amount=1_000), request_id=REQUEST, wait_s=8)

    with pytest.raises(ActionPending):
        await rule(bench, engine, word(LOST, force=True))

    assert letters(engine) == [REQUEST]


async def test_a_reading_that_says_otherwise_refuses_unless_forced(bench, engine):
    await two_equal_deposits(bench, engine)
    del bench.venue.account.books.transfers[-1]

    with pytest.raises(WitnessContradicts):
        await engine.settle_letter(ACCOUNT, word(LOST), None, "owner")
    ruled = await engine.settle_letter(ACCOUNT, word(LOST, force=True), None, "owner")

    assert ruled.state is LOST
    assert (await bench.payloads(IntentSettled))[-1].forced


async def test_a_venue_that_does_not_answer_refuses_unless_forced(bench, engine):
    await two_equal_deposits(bench, engine)
    bench.venue.down = True

    with pytest.raises(VenueUnavailable):
        await rule(bench, engine, word(CONFIRMED))
    ruled = await rule(bench, engine, word(CONFIRMED, force=True))

    assert ruled.state is CONFIRMED
    assert (await bench.payloads(IntentSettled))[-1].forced


async def test_the_same_word_again_changes_nothing_and_another_is_refused(bench, engine):
    await two_equal_deposits(bench, engine)
    await rule(bench, engine, word(CONFIRMED))
    count = len(await bench.settled())

    again = await rule(bench, engine, word(CONFIRMED))
    with pytest.raises(WitnessContradicts):
        await rule(bench, engine, word(LOST))

    assert (again.state, again.counted) == (CONFIRMED, 1_000)
    assert len(await bench.settled()) == count


async def test_two_words_at_once_settle_it_once(bench, engine):
    await two_equal_deposits(bench, engine)

    both = asyncio.gather(
        engine.settle_letter(ACCOUNT, word(CONFIRMED), None, "owner"),
        engine.settle_letter(ACCOUNT, word(LOST), None, "owner"),
        return_exceptions=True,
    )
    await bench.clock.advance(1)
    answers = await both

    assert sorted(type(each).__name__ for each in answers) == ["Ruled", "WitnessContradicts"]
    assert [s.by for s in await bench.settled()].count("operator") == 1


async def test_only_looking_changes_nothing(bench, engine):
    await two_equal_deposits(bench, engine)
    count = len(await bench.settled())

    ruled = await rule(bench, engine, word(LOST), validate_only=True)

    assert (ruled.state, ruled.counted) == (LOST, 0)
    assert "Several transfers" in ruled.text
    assert letters(engine) == [REQUEST]
    assert len(await bench.settled()) == count


async def test_an_action_that_is_not_there_is_not_found(bench, engine):
    with pytest.raises(EventNotFound):
        await rule(bench, engine, word(LOST, intent="nothing"))


async def test_a_run_is_told_and_the_position_is_free_again(bench, engine):
    bench.long()
    await bench.clock.advance(3)
    await bench.run(engine, "rescuer")
    bench.venue.faults = ["lose-request"]
    await bench.move("98100", seconds=1)
    bench.venue.down = True
    await bench.clock.advance(60)
    (intent,) = letters(engine)

    await rule(bench, engine, word(LOST, intent=intent, force=True))
    bench.venue.down = False
    await bench.move("98090", seconds=10)

    assert [type(a) for a in bench.venue.effects] == [AddMargin]
    states = [s.state.value for s in await bench.settled()]
    assert states == ["unknown", "not_applied", "refused", "confirmed"]


async def test_sats_of_a_dropped_action_count_against_the_leash(bench, engine):
    bench.long()
    await bench.clock.advance(3)
    await bench.run(engine, "greedy", day_spend=15_000)
    bench.venue.faults = ["lose-request"]
    await bench.move("99900", seconds=1)
    bench.venue.down = True
    await bench.clock.advance(60)
    (intent,) = letters(engine)

    await rule(bench, engine, word(DEAD, intent=intent, force=True))
    bench.venue.down = False
    await bench.move("99800", seconds=5)

    assert bench.venue.effects == []


async def test_a_dead_letter_survives_a_restart_and_blocks_still(bench):
    first = bench.engine()
    await bench.up(first)
    await two_equal_deposits(bench, first)
    await bench.crash(first)
    second = bench.engine()
    await bench.up(second)

    refusal = await bench.command(second, DepositCross(amount=2_000))
    ruled = await rule(bench, second, word(CONFIRMED))

    assert isinstance(refusal, ActionPending)
    assert ruled.state is CONFIRMED
    await second.stop(0)
