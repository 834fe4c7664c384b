"""A pause for a time ends by itself, whoever leads the account then, and never twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from axisor.events import CoverageChanged, CoverageState, HaltLevel, RunChanged, RunState
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.records import RunRecord
from axisor_server.engine import Engine
from axisor_server.engine.asks import MoveRun
from axisor_server.engine.pausing import OVER, OVER_HALTED
from axisor_server.services.replay.player import replay
from tests.support.core import ACCOUNT, STREAM, Bench
from tests.support.replicas import pair

QUARTER_S = 15 * 60
QUARTER_US = QUARTER_S * 1_000_000


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


async def pause(engine: Engine, run: str, pause_us: int = QUARTER_US, reason: str = "") -> None:
    ask = MoveRun(run=run, verb="pause", pause_us=pause_us, reason=reason)
    await engine.change_run(ACCOUNT, ask, None, "owner")


async def row(bench: Bench, run: str) -> RunRecord:
    record = await bench.store.read(lambda view: view.run(run))
    assert record is not None
    return record


async def changes(bench: Bench, run: str) -> Sequence[RunChanged]:
    return [each for each in await bench.payloads(RunChanged) if each.run == run]


async def test_a_pause_for_a_time_ends_then_and_the_guard_acts_at_once(bench, engine):
    bench.long()
    run = await bench.run(engine, "rescuer")
    began_us = to_us(bench.clock.now())

    await pause(engine, run, reason="lunch")

    held = await row(bench, run)
    assert (held.state, held.reason) == (RunState.PAUSED, "lunch")
    assert held.resume_us == began_us + QUARTER_US
    await bench.move("98100")
    await bench.clock.advance(QUARTER_S - 5)
    assert bench.venue.sent == []

    await bench.clock.advance(6)

    assert len(bench.venue.effects) == 1
    held = await row(bench, run)
    assert (held.state, held.reason, held.resume_us) == (RunState.RUNNING, OVER, None)


async def test_the_journal_tells_until_when_and_why_it_goes_on(bench, engine):
    run = await bench.run(engine, "rescuer")
    began_us = to_us(bench.clock.now())

    await pause(engine, run)
    await bench.clock.advance(QUARTER_S + 1)

    paused, starting, running = (await changes(bench, run))[-3:]
    assert paused.resumes_at == from_us(began_us + QUARTER_US)
    assert [each.state for each in (starting, running)] == [RunState.STARTING, RunState.RUNNING]
    assert {each.reason for each in (starting, running)} == {OVER}
    assert running.resumes_at is None
    times = [event.time for event in await bench.events() if event.payload == running]
    assert times == [from_us(began_us + QUARTER_US)]


async def test_positions_are_said_to_be_bare_meanwhile(bench, engine):
    position = bench.long()
    run = await bench.run(engine, "watcher")
    await bench.clock.advance(5)

    await pause(engine, run)
    until = f"{bench.clock.now() + timedelta(seconds=QUARTER_S):%H:%M}"
    *_, bare = [each.coverage for each in await bench.payloads(CoverageChanged)]
    assert (bare.position, bare.state) == (position, CoverageState.UNPROTECTED)
    assert bare.reason == f"Its guard is paused until {until} UTC."

    for turn in range(QUARTER_S // 10 + 1):  # prices go on meanwhile
        await bench.move(str(100_000 + turn), seconds=10)

    *_, covered = [each.coverage for each in await bench.payloads(CoverageChanged)]
    assert covered.state is CoverageState.PROTECTED


async def test_a_pause_without_a_time_lasts(bench, engine):
    position = bench.long()
    run = await bench.run(engine, "watcher")
    await bench.clock.advance(5)

    await pause(engine, run, pause_us=0)
    await bench.clock.advance(2 * 86_400)

    assert (await row(bench, run)).state is RunState.PAUSED
    *_, bare = [each.coverage for each in await bench.payloads(CoverageChanged)]
    assert (bare.position, bare.reason) == (position, "Its guard is paused.")


@pytest.mark.parametrize("away_s", [60, QUARTER_S + 60])
async def test_a_pause_outlives_the_core_that_began_it(bench, away_s):
    first = bench.engine()
    await bench.up(first)
    run = await bench.run(first, "rescuer")
    await pause(first, run)
    end_us = (await row(bench, run)).resume_us
    assert end_us is not None
    await bench.crash(first)
    await bench.clock.advance(away_s)

    second = bench.engine()
    await bench.up(second)
    while to_us(bench.clock.now()) < end_us:
        assert (await row(bench, run)).state is RunState.PAUSED
        await bench.clock.advance(30)
    await bench.clock.advance(1)

    assert (await row(bench, run)).state is RunState.RUNNING
    states = [each.state for each in await changes(bench, run)]
    assert states.count(RunState.RUNNING) == 2
    await second.stop(0)


async def test_whoever_takes_the_account_over_ends_the_pause(bench):
    leader, other = await pair(bench)
    run = await bench.run(leader, "rescuer")
    await pause(leader, run)

    await bench.crash(leader)
    await bench.clock.advance(QUARTER_S + 1)

    assert (await row(bench, run)).state is RunState.RUNNING
    assert [each.state for each in await changes(bench, run)].count(RunState.RUNNING) == 2
    await other.stop(0)


async def test_a_pause_that_ends_while_all_is_halted_lifts_no_halt(bench, engine):
    bench.long()
    run = await bench.run(engine, "rescuer")
    await pause(engine, run)
    await engine.halt(ACCOUNT, HaltLevel.ALL, principal="owner")

    await bench.clock.advance(QUARTER_S + 1)
    await bench.move("98100", seconds=5)

    held = await row(bench, run)
    assert (held.state, held.reason) == (RunState.RUNNING, OVER_HALTED)
    assert engine.status().accounts[0].halt is HaltLevel.ALL
    assert bench.venue.sent == []


@pytest.mark.parametrize("verb", ["resume", "stop"])
async def test_a_word_before_the_time_makes_the_time_mean_nothing(bench, engine, verb):
    run = await bench.run(engine, "rescuer")
    await pause(engine, run)

    await engine.run_verb(run, verb, principal="owner")
    before = len(await changes(bench, run))
    assert (await row(bench, run)).resume_us is None
    await bench.clock.advance(QUARTER_S + 1)

    assert len(await changes(bench, run)) == before


async def test_only_the_latest_pause_counts(bench, engine):
    run = await bench.run(engine, "rescuer")
    await pause(engine, run)
    await bench.clock.advance(300)
    await engine.run_verb(run, "resume", principal="owner")
    await pause(engine, run)

    await bench.clock.advance(QUARTER_S - 60)
    assert (await row(bench, run)).state is RunState.PAUSED
    await bench.clock.advance(61)

    assert (await row(bench, run)).state is RunState.RUNNING


async def test_another_configuration_leaves_the_time_as_it_is(bench, engine):
    run = await bench.run(engine, "rescuer")
    await pause(engine, run)
    end_us = (await row(bench, run)).resume_us

    await engine.run_verb(run, "configure", principal="owner", config=b'{"trigger": "97000"}')

    held = await row(bench, run)
    assert (held.state, held.resume_us) == (RunState.PAUSED, end_us)
    await bench.clock.advance(QUARTER_S + 1)
    assert (await row(bench, run)).state is RunState.RUNNING


async def test_a_store_that_is_away_when_the_time_comes_is_asked_again(bench, engine):
    run = await bench.run(engine, "rescuer")
    await pause(engine, run)
    await bench.clock.advance(QUARTER_S - 1)

    await bench.store.close()
    await bench.clock.advance(2)
    await bench.store.open()
    await bench.clock.advance(10)

    assert (await row(bench, run)).state is RunState.RUNNING


async def test_what_a_paused_run_did_is_decided_again_in_the_same_way(bench, engine):
    bench.long()
    run = await bench.run(engine, "rescuer")
    await pause(engine, run)
    await bench.move("98100")
    await bench.clock.advance(QUARTER_S + 1)

    entries = await bench.store.read(lambda view: view.entries(STREAM, after=0, limit=1_000))
    verdict = replay(entries, bench.strategies)

    assert verdict.divergence is None
    assert verdict.decisions > 0
