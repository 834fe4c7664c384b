"""The core bounds what a run tries on one position, tells its owner once, and lets clients act."""

from __future__ import annotations

import pytest

from axisor.events import IntentReviewRefused, NoticeGiven
from axisor.intents import AddMargin
from axisor_server.domain.attempts import Bounds
from axisor_server.engine.answers import CommandResult
from tests.support.core import Bench


@pytest.fixture
async def bench():
    bench = Bench(balance=10_000_000)
    await bench.add_account()
    return bench


async def exhausted(bench):
    told = await bench.payloads(NoticeGiven)
    return [n.severity.value for n in told if n.code == "ATTEMPTS_EXHAUSTED"]


async def reasons(bench):
    return [r.reason for r in await bench.payloads(IntentReviewRefused)]


async def falls(bench, count, *, seconds=3.0):
    for step in range(count):
        await bench.move(str(99_900 - 10 * step), seconds=seconds)


async def test_a_run_that_adds_and_adds_is_stopped_and_told_of_once(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "greedy", intents_per_minute=None)

    await falls(bench, 12)

    assert len(bench.venue.effects) == 6
    assert await exhausted(bench) == ["crit"]
    assert set(await reasons(bench)) == {"ATTEMPTS_EXHAUSTED"}
    mine = await bench.command(engine, AddMargin(position=position, amount=500))
    assert isinstance(mine, CommandResult)
    await bench.clock.advance(600)
    await bench.move("99700", seconds=3)
    assert len(bench.venue.effects) == 8
    await engine.stop(1)


async def test_attempts_are_counted_over_a_restart(bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "greedy", intents_per_minute=None)
    await falls(bench, 4)
    await bench.crash(first)

    second = bench.engine()
    await bench.up(second)
    await falls(bench, 6)

    assert len(bench.venue.effects) == 6
    await second.stop(1)


async def test_attempts_that_the_venue_lost_are_made_again_until_there_are_too_many(bench):
    bench.long()
    engine = bench.engine(attempts=Bounds(episode=2, position=4))
    await bench.up(engine)
    await bench.run(engine, "greedy", intents_per_minute=None)
    bench.venue.faults = ["lose-request"] * 9

    await falls(bench, 7, seconds=45)

    assert len(bench.venue.sent) == 4
    assert await exhausted(bench) == ["crit"]
    await engine.stop(1)


async def test_a_venue_that_refuses_costs_no_attempts(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "greedy", intents_per_minute=None)
    bench.venue.faults = ["refuse-connection"] * 9

    await falls(bench, 12)

    assert len(bench.venue.effects) == 3
    assert await exhausted(bench) == []
    await engine.stop(1)
