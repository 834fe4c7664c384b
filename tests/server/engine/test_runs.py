"""Runs live by their verbs, fail alone, and are asked only when they wished to be."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from axisor.errors import (
    AccountInUse,
    AccountNotFound,
    ConfigInvalid,
    JournalCorrupt,
    NotSupported,
    RunNotFound,
    RunStateInvalid,
    StrategyNotFound,
    VenueUnavailable,
)
from axisor.events import CoverageChanged, FeedChanged, NoticeGiven, RunState
from axisor.intents import DepositCross, OpenPosition
from axisor.model import FeedQuality, Leash, Side
from axisor_server.domain.intent import encode_action
from axisor_server.domain.journal import Head
from axisor_server.domain.records import TENANT, CommandRecord
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.failpoints import Trigger
from axisor_server.engine.recovery import Chain
from tests.support.core import ACCOUNT, STREAM, Bench


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


async def state_of(bench, run) -> str:
    record = await bench.store.read(lambda r: r.run(run))
    assert record is not None
    return str(record.state.value)


async def test_a_raising_strategy_fails_its_own_run_only(bench, engine):
    bench.long()
    broken = await bench.run(engine, "broken")
    good = await bench.run(engine, "rescuer")

    await bench.move("98100")

    assert await state_of(bench, broken) == "failed"
    assert await state_of(bench, good) == "running"
    assert len(bench.venue.effects) == 1


@pytest.mark.parametrize("kind", ["float", "text", "nan", "huge", "wake", "wake-nan", "exit"])
async def test_nonsense_from_a_strategy_harms_nobody_else(bench, engine, kind):
    bench.long()
    bad = await bench.run(engine, "garbage", b'{"kind": "%s"}' % kind.encode())
    good = await bench.run(engine, "rescuer")

    await bench.move("98100")
    await bench.move("98090")

    assert await state_of(bench, bad) in {"failed", "running"}
    assert await state_of(bench, good) == "running"
    assert [type(a).__name__ for a in bench.venue.sent] == ["AddMargin"]
    assert engine.status().accounts[0].error == ""
    assert len([k for k in await bench.kinds() if k == "RunChanged"]) <= 8


async def test_a_run_that_answers_its_refusals_for_ever_is_failed(bench, engine):
    run = await bench.run(engine, "stubborn")

    assert await state_of(bench, run) == "failed"


async def test_a_paused_run_is_not_called(bench, engine):
    bench.long()
    run = await bench.run(engine, "rescuer")
    await engine.run_verb(run, "pause", principal="owner")

    await bench.move("98100")
    assert bench.venue.sent == []
    await engine.run_verb(run, "resume", principal="owner")
    await bench.clock.advance(1)

    assert len(bench.venue.effects) == 1


async def test_a_stopped_run_is_not_called_and_may_start_again(bench, engine):
    run = await bench.run(engine, "rescuer")

    stopped = await engine.run_verb(run, "stop", principal="owner")
    started = await engine.run_verb(run, "start", principal="owner")

    assert stopped.state is RunState.STOPPED
    assert started.state is RunState.RUNNING


async def test_configuring_a_running_run_starts_it_anew(bench, engine):
    bench.long()
    run = await bench.run(engine, "rescuer", b'{"trigger": "90000"}')
    await bench.move("98100")
    assert bench.venue.sent == []

    await engine.run_verb(run, "configure", principal="owner", config=b'{"trigger": "98116"}')
    await bench.clock.advance(1)

    assert len(bench.venue.effects) == 1


async def test_wrong_verbs_and_configurations_are_refused(bench, engine):
    run = await bench.run(engine, "rescuer")

    with pytest.raises(RunStateInvalid):
        await engine.run_verb(run, "start", principal="owner")
    with pytest.raises(RunNotFound):
        await engine.run_verb("nothing", "start", principal="owner")
    with pytest.raises(ConfigInvalid):
        await engine.run_verb(run, "configure", principal="owner", config=b'{"amount": "x"}')
    with pytest.raises(StrategyNotFound):
        await engine.create_run(
            ACCOUNT, strategy="no", config=b"{}", leash=Leash(), label="", principal="owner"
        )
    with pytest.raises(NotSupported):
        engine.protection(run)


async def test_a_step_that_asks_for_nothing_is_not_journaled(bench, engine):
    await bench.run(engine, "rescuer")
    before = len(await bench.events())

    await bench.move("99000")

    assert len(await bench.events()) == before


async def test_a_silent_feed_is_told_to_everyone(bench, engine):
    await bench.move("99000")
    assert engine.view(ACCOUNT).quality is FeedQuality.FRESH

    await bench.clock.advance(40)

    view = engine.view(ACCOUNT)
    assert view.quality is FeedQuality.STALE
    assert view.price_age_ms is not None
    assert view.price_age_ms > 30_000
    changes = await bench.payloads(FeedChanged)
    assert changes[-1].quality is FeedQuality.STALE


async def test_an_account_that_cannot_be_read_is_not_believed(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    bench.venue.down = True

    await bench.clock.advance(200)

    assert position in engine.view(ACCOUNT).unreadable
    notices = [p.code for p in await bench.payloads(NoticeGiven)]
    assert sorted(notices) == ["ACCOUNT_UNREADABLE", "PROTECTION_DEGRADED"]


async def test_positions_without_a_guard_are_said_to_be_unprotected(bench, engine):
    bench.long()
    await bench.clock.advance(3)

    found = [p.coverage for p in await bench.payloads(CoverageChanged)]

    assert [c.state.value for c in found] == ["unprotected"]


async def test_margin_added_elsewhere_is_noticed(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    bench.venue.account.isolated.add_margin(bench.clock.now(), position, 5_000)

    await engine.reconcile(ACCOUNT)

    notices = await bench.payloads(NoticeGiven)
    assert [(n.code, n.data["sats"]) for n in notices] == [("MARGIN_MOVED_OUTSIDE", "5000")]


async def test_what_is_published_is_what_is_durable_in_order(bench, engine):
    bench.long()
    await bench.run(engine, "rescuer")
    await bench.move("98100")

    durable = [e.sequence for e in await bench.events()]

    assert [e.sequence for e in bench.published] == durable == list(range(1, len(durable) + 1))


async def test_an_account_in_use_is_not_closed(bench, engine):
    run = await bench.run(engine, "rescuer")
    with pytest.raises(AccountInUse):
        await engine.close_account(ACCOUNT)
    await engine.run_verb(run, "stop", principal="owner")

    await engine.close_account(ACCOUNT)

    assert (await bench.kinds())[-2:] == ["AccountClosed", "ChangeMade"]
    with pytest.raises(AccountNotFound):
        engine.view(ACCOUNT)


async def test_a_reading_begun_before_an_effect_does_not_undo_it(bench, engine):
    bench.venue.slow_reads = 1
    reading = asyncio.ensure_future(engine.reconcile(ACCOUNT))
    await bench.clock.advance(0.2)

    await bench.command(engine, OpenPosition(side=Side.BUY, leverage=5, quantity=100))
    await bench.clock.advance(3)
    await reading

    assert len(engine.view(ACCOUNT).positions) == 1
    assert "PositionClosed" not in await bench.kinds()


async def test_a_plan_that_waited_too_long_is_not_sent(bench):
    bench.long()
    engine = bench.engine(failpoint="planned", plan_ms=15_000)
    engine._roster._world.failpoints._trigger = Trigger("planned", "pause", 16.0)
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await bench.move("98100", seconds=1)

    await bench.move("99900", seconds=20)

    assert bench.venue.sent == []
    assert [s.state.value for s in await bench.settled()] == ["canceled"]
    await engine.stop(0)


async def test_before_the_first_reading_nothing_is_begun(bench):
    bench.venue.down = True
    engine = bench.engine()
    await bench.up(engine)

    refusal = await bench.command(engine, DepositCross(amount=1))
    bench.venue.down = False
    await bench.clock.advance(5)
    result = await bench.command(engine, DepositCross(amount=1))

    assert isinstance(refusal, VenueUnavailable)
    assert isinstance(result, CommandResult)
    await engine.stop(0)


async def test_a_journal_that_ends_elsewhere_is_not_trusted(bench, engine):
    head = await bench.store.read(lambda r: r.head(STREAM))

    def check(tail: int, hash: bytes):
        def walk(reader):
            chain = Chain(STREAM, Head(head.sequence, hash), tail=tail)
            for entry in reader.entries(STREAM, after=0, limit=1_000):
                chain.look([entry])
            chain.close()

        return walk

    await bench.store.read(check(10_000, head.hash))
    await bench.store.read(check(1, head.hash))
    await bench.store.read(check(0, head.hash))
    for tail in (10_000, 1, 0):
        with pytest.raises(JournalCorrupt):
            await bench.store.read(check(tail, bytes(32)))


async def test_a_command_stored_by_another_process_is_carried_out_once(bench):
    action = DepositCross(amount=500)
    record = CommandRecord(
        tenant=TENANT,
        request_id="7d3f3a52-7d5e-4c1e-9d7c-6f2a5e1b9c02",
        account=ACCOUNT,
        method="Test",
        digest=b"d",
        body=encode_action(action),
        principal="owner",
        created_us=0,
    )
    broken = replace(record, request_id="7d3f3a52-7d5e-4c1e-9d7c-6f2a5e1b9c03", body=b"?")
    for row in (broken, record):
        await bench.store.write(lambda tx, row=row: tx.add_command(row))
    engine = bench.engine()
    await bench.up(engine)
    await bench.clock.advance(2)
    await bench.crash(engine)
    engine = bench.engine()
    await bench.up(engine)

    assert bench.venue.effects == [action]
    await engine.stop(0)
