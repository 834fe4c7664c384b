"""What was decided once is decided again, to the byte, whatever happened in between."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from axisor.errors import ReviewRefused
from axisor.events import HaltLevel
from axisor.intents import AddMargin, OpenPosition
from axisor.model import Side
from axisor_server.domain.journal import Entry
from axisor_server.services.replay import Verdict, replay
from tests.support.core import ACCOUNT, STRATEGIES, STREAM, Bench


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def entries(bench: Bench) -> tuple[Entry, ...]:
    found = await bench.store.read(lambda r: r.entries(STREAM, after=0, limit=100_000))
    return tuple(found)


async def verdict(bench: Bench, **options: Any) -> Verdict:
    return replay(await entries(bench), STRATEGIES, **options)


async def test_a_rescue_is_decided_again(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await bench.move("98100")
    await engine.stop(1)

    found = await verdict(bench)

    assert found.divergence is None
    assert found.decisions >= 1
    assert found.unrecorded == 0
    assert found.entries == len(await entries(bench))


@pytest.mark.parametrize("fault", ["lose-response", "lose-request", "late:45", "raise", "slow"])
async def test_all_that_a_strategy_is_shown_is_shown_again(bench, fault):
    bench.long()
    bench.long(quantity=700, leverage=60)
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "mirror")
    bench.venue.faults = ["", fault, "", fault]

    for step in range(40):
        await bench.move(str(100_000 - 13 * step), seconds=0.7 + step % 5)
    await engine.stop(1)

    found = await verdict(bench)
    assert found.divergence is None
    assert found.decisions > 60
