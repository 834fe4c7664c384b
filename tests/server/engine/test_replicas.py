"""Several engines on one database: each account has one leader, and any of them takes requests."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from datetime import timedelta

import pytest
from msgspec.structs import replace

from axisor.errors import NoEngine, RequestExpired, RequestIdReused
from axisor.events import HaltLevel, IntentState, RunState
from axisor.intents import AddMargin, DepositCross
from axisor.model import Leash
from axisor.ports import Credentials, Secret
from axisor_server.domain.records import TENANT
from axisor_server.engine import Engine
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.asks import Asked, MoveRun
from tests.support.core import ACCOUNT, Bench

REQUEST = "7d3f3a52-7d5e-4c1e-9d7c-6f2a5e1b9c01"


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def add(bench: Bench, *numbers: int) -> list[str]:
    """Store more accounts, each with the key of the first."""
    first = await bench.store.read(lambda r: r.account(ACCOUNT))
    assert first is not None
    ids = [f"{ACCOUNT[:-2]}{number:02}" for number in numbers]
    key = Credentials(Secret("key"), Secret("secret"), Secret("passphrase"))
    for created, id in enumerate(ids, start=1):
        record = replace(first, id=id, created_us=first.created_us + created)
        sealed = bench.vault.seal(key, account=id, network=record.network)

        def unit(tx, record=record, sealed=sealed):
            tx.put_account(record, revision=None)
            tx.put_sealed(record.id, sealed)

        await bench.store.write(unit)
    return ids


async def leaders(bench: Bench) -> dict[str, str]:
    """Return who leads each account."""
    found = await bench.store.read(lambda r: r.live_leases())
    return {lease.account: lease.owner for lease in found}


async def shares(bench: Bench) -> list[int]:
    """Return how many accounts each engine leads, the fewest first."""
    return sorted(Counter((await leaders(bench)).values()).values())


def acting(engine: Engine) -> set[str]:
    return {summary.account for summary in engine.status().accounts if summary.acting}


async def pair(bench: Bench, **settings) -> tuple[Engine, Engine]:
    """Start a leader and an engine that only follows it."""
    leader = bench.engine(owner="leader")
    await bench.up(leader)
    other = bench.engine(owner="other", **settings)
    await bench.up(other)
    return leader, other


# ---------------------------------------------------------------- commands


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


# ---------------------------------------------------------------- sharing


async def test_the_first_engine_takes_all_and_gives_its_surplus_to_the_next(bench):
    await add(bench, 2, 3, 4, 5)
    first = bench.engine(owner="e1")
    await bench.up(first)
    assert await shares(bench) == [5]

    second = bench.engine(owner="e2")
    await bench.up(second)
    await bench.clock.advance(5)

    assert await shares(bench) == [2, 3]
    assert acting(first) | acting(second) == set(await leaders(bench))
    assert not acting(first) & acting(second)
    await second.stop(1)
    await first.stop(1)


async def test_three_engines_share_and_a_dead_one_is_replaced_within_eight_seconds(bench):
    ids = [ACCOUNT, *await add(bench, 2, 3, 4, 5, 6)]
    engines = [bench.engine(owner=f"e{number}") for number in range(3)]
    for engine in engines:
        await bench.up(engine)
    await bench.clock.advance(10)
    assert await shares(bench) == [2, 2, 2]

    await bench.crash(engines[0])
    await bench.clock.advance(8)

    assert await shares(bench) == [3, 3]
    assert acting(engines[1]) | acting(engines[2]) == set(ids)
    for engine in engines[1:]:
        await engine.stop(1)


async def test_an_engine_that_stops_in_order_is_replaced_within_a_round(bench):
    await add(bench, 2)
    first, second = bench.engine(owner="e1"), bench.engine(owner="e2")
    await bench.up(first)
    await bench.up(second)
    await bench.clock.advance(5)
    assert await shares(bench) == [1, 1]

    await first.stop(1)
    await bench.clock.advance(1.2)

    assert await shares(bench) == [2]
    assert set((await leaders(bench)).values()) == {"e2"}
    assert len(acting(second)) == 2
    await second.stop(1)


async def test_an_account_in_danger_does_not_change_hands(bench):
    await add(bench, 2, 3)
    bench.long()  # all three accounts are one at the venue
    bench.venue.move("97000")
    first = bench.engine(owner="e1")
    await bench.up(first)

    second = bench.engine(owner="e2")
    await bench.up(second)
    await bench.clock.advance(10)

    assert await shares(bench) == [3]
    await second.stop(1)
    await first.stop(1)


async def test_what_nobody_else_can_open_is_taken_beyond_the_share(bench):
    await add(bench, 2)
    blind = bench.engine(owner="blind", blind=True)
    await bench.up(blind)
    able = bench.engine(owner="able")
    await bench.up(able)
    await bench.clock.advance(10)

    assert set((await leaders(bench)).values()) == {"able"}
    assert len(acting(able)) == 2
    await able.stop(1)
    await blind.stop(1)


async def test_no_engine_leads_without_the_role(bench):
    api = bench.engine(owner="api", lead=False)
    await bench.up(api)
    await bench.clock.advance(10)

    assert await leaders(bench) == {}
    assert await bench.store.read(lambda r: r.live_engines()) == ()
    assert bench.venue.reads == 0
    await api.stop(0)


async def test_a_command_left_unanswered_by_a_draining_engine_is_for_its_successor(bench):
    first, second = bench.engine(owner="e1"), bench.engine(owner="e2")
    await bench.up(first)
    await bench.up(second)
    first._roster.actors[ACCOUNT].core.stopping = True
    asking = asyncio.ensure_future(bench.command(second, DepositCross(amount=1_000)))
    await bench.clock.advance(2)
    assert bench.venue.sent == []

    await first.stop(0)

    result = await asking
    assert isinstance(result, CommandResult)
    assert len(bench.venue.effects) == 1
    row = await bench.store.read(lambda r: r.command(TENANT, result.intent))
    assert row.answered_us is not None
    await second.stop(0)


# ---------------------------------------------------------------- following


async def test_a_follower_shows_what_the_leader_shows(bench):
    bench.long()
    leader, other = await pair(bench)
    await bench.run(leader, "rescuer")
    await bench.move("98100", seconds=3)
    await bench.command(leader, DepositCross(amount=1_000))
    await bench.clock.advance(3)

    ours, theirs = leader.view(ACCOUNT), other.view(ACCOUNT)

    assert theirs.positions == ours.positions
    assert theirs.orders == ours.orders
    assert theirs.balance == ours.balance
    assert theirs.tick == ours.tick
    led, followed = leader._roster.core(ACCOUNT), other._roster.core(ACCOUNT)
    assert followed.coverage == led.coverage
    assert followed.book.spends == led.book.spends
    assert followed.sequence == led.sequence
    assert {id: r.record for id, r in followed.runs.items()} == {
        id: r.record for id, r in led.runs.items()
    }
    await other.stop(0)
    await leader.stop(0)


async def test_a_follower_writes_nothing_and_asks_the_venue_nothing(bench):
    leader, api = await pair(bench, lead=False)
    before, reads = await bench.kinds(), bench.venue.reads

    await bench.clock.advance(3)
    api.view(ACCOUNT)

    assert await bench.kinds() == before
    assert bench.venue.reads == reads
    assert acting(api) == set()
    assert api.status().accounts[0].error == "Another core acts for this account."
    await api.stop(0)
    await leader.stop(0)


async def test_a_hint_brings_news_at_once(bench):
    leader, api = await pair(bench, lead=False, command_poll_ms=600_000)
    await leader.halt(ACCOUNT, HaltLevel.RISK, principal="owner")
    await bench.clock.advance(2)
    assert api._roster.core(ACCOUNT).book.halt is HaltLevel.NONE

    api.hear(f"accounts/{ACCOUNT}", 99)
    await bench.clock.advance(0)

    assert api._roster.core(ACCOUNT).book.halt is HaltLevel.RISK
    await api.stop(0)
    await leader.stop(0)


async def test_accounts_made_and_removed_elsewhere_come_and_go(bench):
    leader, api = await pair(bench, lead=False)
    (new,) = await add(bench, 2)
    await bench.clock.advance(3)
    assert api.view(new).positions == ()
    assert acting(leader) == {ACCOUNT, new}

    closing = asyncio.ensure_future(api.close_account(new))
    await bench.clock.advance(5)

    await closing
    assert acting(leader) == {ACCOUNT}
    assert {s.account for s in api.status().accounts} == {ACCOUNT}
    assert await bench.store.read(lambda r: r.account(new)) is None
    await api.stop(0)
    await leader.stop(0)
