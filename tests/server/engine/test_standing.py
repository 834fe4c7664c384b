"""What keeps a core from acting is said at once, alarmed once, and over when it is over."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from axisor.errors import ReduceOnly, RestoreReconciling
from axisor.events import (
    Cause,
    CoverageChanged,
    CoverageState,
    HaltLevel,
    NoticeGiven,
    Standing,
    StandingChanged,
)
from axisor.intents import AddMargin, OpenPosition
from axisor.model import Severity, Side
from tests.support.core import ACCOUNT, Bench
from tests.support.standing import alarms, codes, standing, ticking

OPEN = OpenPosition(side=Side.BUY, leverage=Decimal(5), quantity=100)


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
    await engine.stop(1)


async def test_a_healthy_account_is_active_from_the_start_and_nothing_is_said(bench, engine):
    await ticking(bench, 30)

    assert standing(engine) is Standing.ACTIVE
    assert await bench.payloads(StandingChanged) == []
    assert await alarms(bench) == []


async def test_a_stale_price_degrades_with_an_alarm_and_a_fresh_one_restores(bench, engine):
    bench.long()
    await bench.clock.advance(3)

    await bench.clock.advance(32)
    assert codes(engine) == ["price_stale"]
    await ticking(bench, 15)

    changes = await bench.payloads(StandingChanged)
    assert [c.standing for c in changes] == [Standing.DEGRADED, Standing.ACTIVE]
    assert await alarms(bench) == [
        ("PROTECTION_DEGRADED", Severity.CRIT),
        ("PROTECTION_RESTORED", Severity.OK),
    ]
    told = (await bench.payloads(NoticeGiven))[0]
    assert (told.data["positions"], told.data["margin_sats"]) == ("1", "100000")


async def test_without_a_position_the_alarm_is_a_warning(bench, engine):
    await bench.clock.advance(40)

    assert await alarms(bench) == [("PROTECTION_DEGRADED", Severity.WARN)]


async def test_a_position_that_comes_while_degraded_makes_the_alarm_loud(bench, engine):
    await bench.clock.advance(40)

    bench.long()
    await bench.clock.advance(5)

    assert [severity for _, severity in await alarms(bench)] == [Severity.WARN, Severity.CRIT]


async def test_a_price_that_comes_and_goes_is_one_alarm(bench):
    bench.long()
    engine = bench.engine(stale_ms=5_000)
    await bench.up(engine)

    for _ in range(10):
        await bench.clock.advance(8)
        await bench.move("100000", seconds=1)

    assert await alarms(bench) == [("PROTECTION_DEGRADED", Severity.CRIT)]
    assert len(await bench.payloads(StandingChanged)) == 1
    await engine.stop(1)


async def test_a_restart_while_degraded_alarms_no_second_time(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.clock.advance(40)
    await bench.crash(engine)

    bench.venue.move("100000")
    again = bench.engine()
    await bench.up(again)
    await bench.clock.advance(40)

    assert [a for a in await alarms(bench) if a[0] == "PROTECTION_DEGRADED"] == [
        ("PROTECTION_DEGRADED", Severity.CRIT)
    ] * (1 + sum(a[0] == "PROTECTION_RESTORED" for a in await alarms(bench)))
    await again.stop(1)


async def test_five_failed_readings_degrade_at_once_though_the_last_is_young(bench, engine):
    bench.long()
    await bench.clock.advance(3)
    bench.venue.down = True
    await ticking(bench, 58)  # the next reading is far off when all is quiet
    bench.venue.changed.set()

    await ticking(bench, 12)

    assert "account_unreadable" in codes(engine)
    assert engine.view(ACCOUNT).unreadable
    bench.venue.down = False
    await ticking(bench, 15)
    assert standing(engine) is Standing.ACTIVE


async def test_two_failed_readings_are_not_many(bench, engine):
    bench.venue.down = True
    bench.venue.changed.set()
    await ticking(bench, 3)
    bench.venue.down = False

    await ticking(bench, 20)

    assert await bench.payloads(StandingChanged) == []


async def test_a_revoked_key_degrades_and_is_tried_less_and_less_often(bench, engine):
    bench.long()
    await bench.clock.advance(3)
    bench.venue.key_refused = True
    bench.venue.changed.set()
    await ticking(bench, 3)
    assert "key_refused" in codes(engine)

    before = bench.venue.tries, bench.venue.logins
    await ticking(bench, 600)
    tries, logins = bench.venue.tries - before[0], bench.venue.logins - before[1]

    assert tries <= 15
    assert logins <= 15
    assert [code for code, _ in await alarms(bench)] == ["PROTECTION_DEGRADED"]
    bench.venue.key_refused = False
    await ticking(bench, 75)
    assert standing(engine) is Standing.ACTIVE


async def test_a_core_that_starts_with_a_revoked_key_asks_seldom_and_recovers(bench):
    bench.venue.key_refused = True
    engine = bench.engine()
    await bench.up(engine)
    await ticking(bench, 300)

    assert bench.venue.tries <= 12
    assert "key_refused" in codes(engine)
    bench.venue.key_refused = False
    await ticking(bench, 75)
    assert standing(engine) is Standing.ACTIVE
    await engine.stop(1)


async def test_an_action_that_the_key_may_not_do_degrades_until_one_works(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    bench.venue.faults = ["refuse-key"]

    await bench.command(engine, AddMargin(position=position, amount=1_000))
    await ticking(bench, 100)
    assert codes(engine) == ["key_refused"]
    await bench.command(engine, AddMargin(position=position, amount=1_000))
    await ticking(bench, 12)

    assert standing(engine) is Standing.ACTIVE


async def test_an_unknown_action_is_not_asked_about_each_second_with_a_refused_key(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    bench.venue.faults = ["lose-request"]
    await bench.command(engine, AddMargin(position=position, amount=1_000))
    bench.venue.key_refused = True
    await ticking(bench, 60)

    before = bench.venue.tries
    await ticking(bench, 600)

    assert bench.venue.tries - before <= 40


async def test_a_store_that_takes_nothing_degrades_and_is_said_when_it_does(bench, engine):
    await ticking(bench, 2)
    await bench.store.close()
    await ticking(bench, 3)
    assert "store_failing" in codes(engine)

    await bench.store.open()
    await ticking(bench, 40)

    assert standing(engine) is Standing.ACTIVE


async def test_a_disk_nearly_full_refuses_what_adds_risk_and_lets_a_rescue_through(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    engine.vitals.disk(500 * 1024**2, 100 * 1024**3)

    refused = await bench.command(engine, OPEN)
    added = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert isinstance(refused, ReduceOnly)
    assert not isinstance(added, Exception)
    assert codes(engine) == ["disk_low"]


async def test_a_small_disk_with_much_of_it_free_is_not_nearly_full(bench, engine):
    engine.vitals.disk(500 * 1024**2, 1024**3)

    assert standing(engine) is Standing.ACTIVE


async def test_a_disk_of_which_nothing_is_known_counts_as_nearly_full(bench, engine):
    engine.vitals.disk(0, 0)

    assert codes(engine) == ["disk_low"]


async def test_a_stalled_loop_is_shown_for_a_while(bench, engine):
    engine.vitals.lagged(2_500)
    assert codes(engine) == ["loop_stalled"]

    await ticking(bench, 45)

    assert standing(engine) is Standing.ACTIVE


async def test_halts_are_standings_at_once_both_ways(bench, engine):
    await engine.halt(ACCOUNT, HaltLevel.RISK, principal="owner")
    assert standing(engine) is Standing.REDUCE_ONLY
    await engine.halt_all(HaltLevel.ALL, principal="owner")
    assert standing(engine) is Standing.HALTED

    await engine.resume_all(principal="owner")
    await engine.halt(ACCOUNT, HaltLevel.NONE, principal="owner")

    assert standing(engine) is Standing.ACTIVE


async def test_while_nothing_can_be_done_no_position_is_said_to_be_protected(bench, engine):
    bench.long()
    await bench.clock.advance(3)
    await bench.run(engine, "watcher")
    states = [p.coverage.state for p in await bench.payloads(CoverageChanged)]
    assert states[-1] is CoverageState.PROTECTED

    await engine.halt_all(HaltLevel.ALL, principal="owner")
    await ticking(bench, 3)

    last = (await bench.payloads(CoverageChanged))[-1].coverage
    assert (last.state, last.reason) == (
        CoverageState.DEGRADED,
        "All accounts are halted (all).",
    )
    summary = engine.status().accounts[0]
    assert (summary.positions, summary.protected) == (1, 0)


async def test_what_others_hold_an_account_for_counts_until_it_is_released(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    health = engine.health(ACCOUNT)

    health.hold(Cause("restored", "The database was restored."))
    refused = await bench.command(engine, AddMargin(position=position, amount=1_000))
    await ticking(bench, 2)
    assert standing(engine) is Standing.RECONCILE_ONLY
    health.release("restored")
    await ticking(bench, 12)

    assert isinstance(refused, RestoreReconciling)
    assert standing(engine) is Standing.ACTIVE


async def test_a_core_that_stood_still_lets_another_take_over():
    bench = Bench()
    await bench.add_account()
    well = [True]
    first = bench.engine(owner="core-1", may_renew=lambda: well[0])
    second = bench.engine(owner="core-2")
    await bench.up(first)
    starting = asyncio.ensure_future(second.start())
    await bench.clock.advance(2)
    await starting
    assert first.status().accounts[0].acting

    well[0] = False
    await bench.clock.advance(8)

    assert not first.status().accounts[0].acting
    assert second.status().accounts[0].acting
    well[0] = True
    await bench.clock.advance(8)
    assert second.status().accounts[0].acting
    await first.stop(1)
    await second.stop(1)
