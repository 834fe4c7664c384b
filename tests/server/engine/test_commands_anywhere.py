"""A request may be made at any engine: the account's leader carries it out, once."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import pytest

from axisor.errors import NoEngine, RequestExpired, RequestIdReused
from axisor.events import HaltLevel, IntentState, RunState
from axisor.intents import AddMargin, DepositCross
from axisor.model import Leash
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.asks import Asked, MoveRun
from tests.support.core import ACCOUNT, Bench
from tests.support.replicas import acting, pair

REQUEST = "7d3f3a52-7d5e-4c1e-9d7c-6f2a5e1b9c01"


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def test_a_command_is_taken_by_any_engine_and_carried_out_by_the_leader(bench):
    leader, other = await pair(bench)

    result = await bench.command(other, DepositCross(amount=1_000))

    assert isinstance(result, CommandResult)
    assert result.state is IntentState.CONFIRMED
    assert bench.venue.effects == [DepositCross(amount=1_000)]
    assert result.sequence == leader._roster.core(ACCOUNT).sequence
    await other.stop(0)
    await leader.stop(0)


async def test_the_same_request_at_two_engines_at_once_has_one_effect_and_one_answer(bench):
    leader, other = await pair(bench)
    action = DepositCross(amount=1_000)

    results = await asyncio.gather(
        *(bench.command(e, action, request_id=REQUEST) for e in (leader, other, other, leader))
    )

    assert len(bench.venue.sent) == 1
    assert {(r.intent, r.state) for r in results} == {(REQUEST, IntentState.CONFIRMED)}
    await other.stop(0)
    await leader.stop(0)


async def test_another_body_under_the_same_id_is_refused_wherever_it_is_asked(bench):
    leader, other = await pair(bench)
    await bench.command(leader, DepositCross(amount=1_000), request_id=REQUEST)

    refusal = await bench.command(other, DepositCross(amount=2_000), request_id=REQUEST)

    assert isinstance(refusal, RequestIdReused)
    await other.stop(0)
    await leader.stop(0)


async def test_a_caller_that_goes_away_changes_nothing(bench):
    leader, other = await pair(bench)
    asking = asyncio.ensure_future(
        bench.command(other, DepositCross(amount=1_000), request_id=REQUEST)
    )
    await asyncio.sleep(0)
    await bench.clock.advance(0.01)

    asking.cancel()
    await bench.clock.advance(5)

    assert len(bench.venue.effects) == 1
    again = await bench.command(leader, DepositCross(amount=1_000), request_id=REQUEST)
    assert isinstance(again, CommandResult)
    assert len(bench.venue.effects) == 1
    await other.stop(0)
    await leader.stop(0)


async def test_what_nobody_takes_is_withdrawn_and_not_done_later(bench):
    api = bench.engine(owner="api", lead=False)
    await bench.up(api)

    refusal = await bench.command(api, DepositCross(amount=1_000), request_id=REQUEST)
    leader = bench.engine(owner="leader")
    await bench.up(leader)
    await bench.clock.advance(30)

    assert isinstance(refusal, NoEngine)
    assert bench.venue.sent == []
    again = await bench.command(api, DepositCross(amount=1_000), request_id=REQUEST)
    assert isinstance(again, CommandResult)
    assert len(bench.venue.effects) == 1
    await api.stop(0)
    await leader.stop(0)


async def test_a_command_waits_for_the_leader_that_is_about_to_come(bench):
    api = bench.engine(owner="api", lead=False)
    await bench.up(api)
    asking = asyncio.ensure_future(bench.command(api, DepositCross(amount=1_000)))
    await bench.clock.advance(2)

    leader = bench.engine(owner="leader")
    await bench.up(leader)

    result = await asking
    assert isinstance(result, CommandResult)
    assert result.state is IntentState.CONFIRMED
    await api.stop(0)
    await leader.stop(0)


async def test_a_command_whose_time_is_over_when_a_leader_comes_is_refused(bench):
    api = bench.engine(owner="api", lead=False, command_wait_ms=60_000)
    await bench.up(api)
    limit = bench.clock.now() + timedelta(seconds=3)
    asking = asyncio.ensure_future(
        bench.command(api, DepositCross(amount=1_000), not_after=limit, seconds=60)
    )
    await bench.clock.advance(5)

    leader = bench.engine(owner="leader")
    await bench.up(leader)

    assert isinstance(await asking, RequestExpired)
    assert bench.venue.sent == []
    await api.stop(0)
    await leader.stop(0)


async def test_runs_and_halts_are_asked_of_any_engine(bench):
    leader, other = await pair(bench)
    bench.long()

    async def ask(work):
        task = asyncio.ensure_future(work)
        for _ in range(40):
            await bench.clock.advance(0.25)
            if task.done():
                break
        return await task

    run = await ask(
        other.create_run(
            ACCOUNT,
            strategy="rescuer",
            config=b"{}",
            leash=Leash(),
            label="",
            principal="owner",
        )
    )
    started = await ask(other.run_verb(run.id, "start", principal="owner"))
    await ask(other.halt(ACCOUNT, HaltLevel.RISK, principal="owner"))
    moved = await ask(other.reconcile(ACCOUNT))
    await bench.move("98100", seconds=3)

    assert started.state is RunState.RUNNING
    assert moved.after >= moved.before > 0
    assert leader._roster.core(ACCOUNT).book.halt is HaltLevel.RISK
    assert [type(action) for action in bench.venue.effects] == [AddMargin]
    await other.stop(0)
    await leader.stop(0)


async def test_a_run_is_moved_once_per_request_whoever_is_asked(bench):
    leader, other = await pair(bench)
    run = await bench.run(leader, "rescuer")
    asked = Asked(
        principal="owner",
        request_id=REQUEST,
        method="Pause",
        digest=hashlib.sha256(b"pause").digest(),
    )
    both = [
        asyncio.ensure_future(e.change_run(ACCOUNT, MoveRun(run=run, verb="pause"), asked))
        for e in (leader, other)
    ]
    await bench.clock.advance(3)

    answers = await asyncio.gather(*both)

    assert answers[0] == answers[1]
    assert answers[0].run.state is RunState.PAUSED
    await other.stop(0)
    await leader.stop(0)


async def test_a_takeover_in_the_middle_of_a_command_leads_to_one_answer(bench):
    first = bench.engine(owner="first", failpoint="sent-committed")
    await bench.up(first)
    second = bench.engine(owner="second")
    await bench.up(second)
    asking = asyncio.ensure_future(
        bench.command(second, DepositCross(amount=1_000), request_id=REQUEST, wait_s=1)
    )
    await bench.clock.advance(3)
    await bench.crash(first)

    assert isinstance(await asking, CommandResult)
    await bench.clock.advance(60)

    again = await bench.command(second, DepositCross(amount=1_000), request_id=REQUEST)
    assert len(bench.venue.effects) == 0
    assert (await bench.settled())[-1].state is IntentState.NOT_APPLIED
    assert not isinstance(again, CommandResult)
    await second.stop(0)


async def test_a_command_that_breaks_the_core_is_refused_and_the_next_is_done(bench, monkeypatch):
    engine = bench.engine()
    await bench.up(engine)
    verbs = engine._roster.actors[ACCOUNT].verbs

    async def broken(*_args):
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(verbs, "act", broken)
    refusal = await bench.command(engine, DepositCross(amount=1_000))
    monkeypatch.undo()
    done = await bench.command(engine, DepositCross(amount=1_000))

    assert "failed within itself" in str(refusal)
    assert isinstance(done, CommandResult)
    assert acting(engine) == {ACCOUNT}
    await engine.stop(0)


async def test_the_key_is_asked_about_through_the_leader(bench):
    leader, api = await pair(bench, lead=False)
    asking = asyncio.ensure_future(api.rights(ACCOUNT))
    await bench.clock.advance(3)

    assert (await asking).can_withdraw is None
    assert (leader.leads, api.leads) == (True, False)
    await api.stop(0)
    await leader.stop(0)
