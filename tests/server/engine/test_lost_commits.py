"""A unit that was written although its commit failed is found out, however quiet the market is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from axisor.errors import StoreUnavailable
from axisor.events import IntentState
from axisor.intents import AddMargin
from axisor_server.adapters.memory import MemoryStore
from axisor_server.ports import Transaction
from tests.support.core import ACCOUNT, Bench

T = TypeVar("T")


class BreakingStore(MemoryStore):
    """A store whose server stops once it has committed a plan, before it can say so."""

    armed = False

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit; the plan's is written, and that is not told."""
        result = await super().write(unit)
        if self.armed:
            open_now = await self.read(lambda reader: reader.open_intents(ACCOUNT))
            if any(record.state is IntentState.PLANNED for record in open_now):
                self.armed = False
                await self.close()
                raise StoreUnavailable("The connection broke during COMMIT.")
        return result


@pytest.fixture
async def bench():
    bench = Bench()
    bench.store = BreakingStore(bench.database_us)
    await bench.add_account()
    return bench


async def test_a_plan_whose_commit_was_not_acknowledged_is_taken_up_while_prices_stand(bench):
    bench.long()
    engine = bench.engine(lease_ms=1_000, renew_ms=300)
    await bench.up(engine)
    await bench.run(engine, "rescuer")

    bench.store.armed = True
    await bench.move("98100", seconds=0.1)  # no price comes any more
    await bench.store.open()  # before anybody has looked how the store is
    await bench.clock.advance(15)

    assert [s.state for s in await bench.settled()] == [
        IntentState.CANCELED,
        IntentState.CONFIRMED,
    ]
    assert [type(action) for action in bench.venue.effects] == [AddMargin]
    assert await bench.store.read(lambda reader: reader.open_intents(ACCOUNT)) == ()
    await engine.stop(1)


async def test_a_commit_that_failed_for_good_ends_no_life(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")

    await bench.store.close()
    await bench.move("98100", seconds=3)
    await bench.store.open()
    await bench.move("98090", seconds=5)

    lease = await bench.store.read(lambda reader: reader.lease(ACCOUNT))
    assert lease is not None
    assert lease.epoch == 1
    assert [s.state for s in await bench.settled()] == [IntentState.CONFIRMED]
    await engine.stop(1)
