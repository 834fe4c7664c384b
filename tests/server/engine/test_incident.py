"""What no reading can settle by itself is an incident at once, and stays unknown."""

from __future__ import annotations

import pytest

from axisor.events import IntentState, NoticeGiven
from axisor.intents import CrossOrder, DepositCross, OpenPosition
from axisor.model import Side
from axisor.simulated import carry_out
from tests.support.core import Bench


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def test_two_orders_with_one_client_id_are_an_incident_and_stay_unknown(bench):
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.faults = ["lose-response"]
    action = OpenPosition(side=Side.BUY, leverage=10, quantity=1_000)
    answer = await bench.command(engine, action, wait_s=1)
    twin = bench.venue.sent[0]
    carry_out(bench.venue.account, twin, bench.venue.exchange.quote)

    await bench.clock.advance(120)

    notices = [n for n in await bench.payloads(NoticeGiven) if n.code == "OUTCOME_STAYS_UNKNOWN"]
    assert [n.data["detail"] for n in notices] == ["Several orders carry the same client id."]
    assert [s.state for s in await bench.settled()] == [IntentState.UNKNOWN]
    assert len(bench.venue.effects) == 1, answer
    await engine.stop(1)


async def test_two_transfers_that_could_be_it_are_an_incident_and_stay_unknown(bench):
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.faults = ["lose-response"]
    await bench.command(engine, DepositCross(amount=5_000), wait_s=1)
    carry_out(bench.venue.account, DepositCross(amount=5_000), bench.venue.exchange.quote)

    await bench.clock.advance(120)

    codes = [n.code for n in await bench.payloads(NoticeGiven)]
    assert codes.count("OUTCOME_STAYS_UNKNOWN") == 1
    assert [s.state for s in await bench.settled()] == [IntentState.UNKNOWN]
    await engine.stop(1)


async def test_one_order_with_the_client_id_is_no_incident(bench):
    engine = bench.engine()
    await bench.up(engine)
    await bench.command(engine, DepositCross(amount=500_000))
    bench.venue.faults = ["lose-response"]
    await bench.command(engine, CrossOrder(side=Side.BUY, quantity=100), wait_s=1)

    await bench.clock.advance(60)

    codes = [n.code for n in await bench.payloads(NoticeGiven)]
    assert "OUTCOME_STAYS_UNKNOWN" not in codes
    assert (await bench.settled())[-1].state is IntentState.CONFIRMED
    await engine.stop(1)
