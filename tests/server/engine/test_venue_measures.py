"""The venue's clock is measured again soon while it is not known well enough to sign by."""

from __future__ import annotations

import pytest

from axisor.intents import DepositCross
from axisor.ports import ClockOffset
from axisor_server.engine.answers import CommandResult
from tests.support.core import Bench
from tests.support.venue import SimFeed


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def test_a_vague_measure_of_the_clock_is_repeated_within_seconds(bench, monkeypatch):
    vague = [3_000, 3_000]

    async def measure(feed: SimFeed) -> ClockOffset:
        return ClockOffset(offset_ms=0, uncertainty_ms=vague.pop() if vague else 50)

    monkeypatch.setattr(SimFeed, "clock_offset", measure)
    engine = bench.engine()
    await bench.up(engine)

    await bench.clock.advance(15)
    answer = await bench.command(engine, DepositCross(amount=5_000))

    assert isinstance(answer, CommandResult), answer
    assert len(bench.venue.effects) == 1
    await engine.stop(1)
