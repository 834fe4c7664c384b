"""Of many rescues that are planned at once, the one nearest to liquidation leaves first."""

from __future__ import annotations

from decimal import Decimal

import pytest

from axisor.intents import AddMargin
from axisor_margin_guard import MarginGuard
from tests.support import core
from tests.support.core import Bench


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(core.STRATEGIES, "margin-guard", MarginGuard)
    found = Bench()
    await found.add_account()
    return found


async def test_rescues_leave_in_the_order_of_danger(bench: Bench) -> None:
    for leverage in (23, 26, 24, 28, 22, 25, 27):
        bench.long(leverage=leverage)
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "margin-guard")
    liquidations = {p.id: p.liquidation for p in bench.venue.account.isolated.running()}

    await bench.move("97500", seconds=5)

    asked = [action.position for action in bench.venue.sent if isinstance(action, AddMargin)]
    assert len(asked) == len(liquidations)
    dangers = [Decimal("97500") - liquidations[position] for position in asked]
    assert dangers == sorted(dangers)
    await engine.stop(0)
