"""Whether all is protected is answered with yes only where a core can act for every position."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.core import ACCOUNT, Bench

from axisor.events import HaltLevel
from axisor_server.services.protection import Protection


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


def protection(bench, engine):
    return Protection(engine=engine, store=bench.store, clock=bench.clock)


async def guarded(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "watcher")
    await bench.clock.advance(2)
    return engine


async def test_an_account_without_positions_needs_no_protection(bench):
    engine = bench.engine()
    await bench.up(engine)

    assert await protection(bench, engine).holds()
    await engine.stop(1)


async def test_a_position_without_a_guard_is_not_protected(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.clock.advance(2)

    assert not await protection(bench, engine).holds()
    await bench.run(engine, "watcher")
    await bench.clock.advance(2)
    assert await protection(bench, engine).holds()
    await engine.stop(1)


@pytest.mark.parametrize("level", [HaltLevel.ALL, HaltLevel.FLATTEN])
async def test_a_halt_that_stops_guards_ends_protection(bench, level):
    engine = await guarded(bench)
    bench.venue.faults = ["refuse-connection"] * 9

    await engine.halt_all(level, principal="owner")
    await bench.clock.advance(2)

    assert not await protection(bench, engine).holds()
    await engine.stop(1)


async def test_a_halt_of_risk_leaves_protection(bench):
    engine = await guarded(bench)

    await engine.halt_all(HaltLevel.RISK, principal="owner")
    await bench.clock.advance(2)

    assert await protection(bench, engine).holds()
    await engine.stop(1)


async def test_a_degraded_account_with_a_position_is_not_protected(bench):
    engine = await guarded(bench)

    await bench.clock.advance(40)

    assert not await protection(bench, engine).holds()
    await engine.stop(1)


async def test_an_account_that_another_core_acts_for_is_that_cores_to_answer_for(bench):
    first = await guarded(bench)
    second = bench.engine(owner="core-2")
    starting = asyncio.ensure_future(second.start())
    await bench.clock.advance(2)
    await starting

    assert await protection(bench, second).holds()
    await bench.crash(first)
    bench.venue.down = True
    await bench.clock.advance(8)

    assert not await protection(bench, second).holds()
    assert second.status().accounts[0].account == ACCOUNT
    await bench.crash(second)
