"""Several engines on one database share its accounts; those that do not lead one follow it."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from axisor.events import HaltLevel
from axisor.intents import DepositCross
from axisor_server.domain.records import TENANT
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.projecting import Projection, project_all
from axisor_server.engine.recovery import book_of
from tests.support.core import ACCOUNT, Bench
from tests.support.replicas import acting, add, leaders, pair, shares


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


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


async def test_a_follower_that_reads_on_knows_what_one_that_reads_anew_would(bench):
    bench.long()
    leader, other = await pair(bench)
    await bench.run(leader, "rescuer")

    for price in ("99500", "98100", "98050", "99000", "98000"):
        await bench.move(price, seconds=2)
        if price in ("98050", "99000"):
            await bench.command(leader, DepositCross(amount=1_000))
        await bench.clock.advance(3)
        kept = other._roster.core(ACCOUNT).book
        anew = await bench.store.read(_anew)
        assert replace(kept, unread={}) == anew

    assert len(kept.spends) > 2
    await other.stop(0)
    await leader.stop(0)


def _anew(reader):
    told = project_all(reader, f"accounts/{ACCOUNT}", Projection())
    return book_of(reader, reader.account(ACCOUNT), told, now_us=0)


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

    api.hear(f"accounts/{ACCOUNT}")
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
