"""A paper account lives on real prices, and outlives its core."""

from __future__ import annotations

import pytest

from axisor.events import IntentState, PositionClosed
from axisor.intents import AddMargin, OpenPosition
from axisor.model import Mode, Side
from axisor_server.engine.answers import CommandResult
from tests.support.core import ACCOUNT, Bench


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account(mode=Mode.PAPER, network="signet")
    return bench


OPEN = OpenPosition(side=Side.BUY, leverage=25, quantity=2_500)


async def test_a_paper_position_is_rescued_without_the_venue(bench):
    engine = bench.engine()
    await bench.up(engine)
    opened = await bench.command(engine, OPEN)
    await bench.run(engine, "rescuer")

    await bench.move("98100")

    assert isinstance(opened, CommandResult)
    assert opened.state is IntentState.CONFIRMED
    assert engine.view(ACCOUNT).positions[0].margin == 182_541
    assert bench.venue.sent == []
    await engine.stop(0)


async def test_a_paper_position_is_liquidated_by_a_real_price(bench):
    engine = bench.engine()
    await bench.up(engine)
    await bench.command(engine, OPEN)

    await bench.move("96000", seconds=3)

    assert engine.view(ACCOUNT).positions == ()
    ends = [p.end.value for p in await bench.payloads(PositionClosed)]
    assert ends == ["liquidated"]
    await engine.stop(0)


async def test_a_paper_account_is_the_same_after_a_crash(bench):
    first = bench.engine()
    await bench.up(first)
    opened = await bench.command(first, OPEN)
    assert isinstance(opened, CommandResult)
    await bench.command(first, AddMargin(position=opened.venue_id, amount=7))
    before = first.view(ACCOUNT)
    await bench.crash(first)

    second = bench.engine()
    await bench.up(second)

    assert second.view(ACCOUNT).positions == before.positions
    assert second.view(ACCOUNT).balance == before.balance
    await second.stop(0)
