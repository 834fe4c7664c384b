"""A position is brought back from the edge, once, whatever the line does."""

from __future__ import annotations

import pytest

from axisor.events import IntentReviewRefused, IntentState, PositionClosed
from axisor.intents import AddMargin
from axisor.ports import Lane
from tests.support.core import ACCOUNT, Bench
from tests.support.hosting import LocalHost


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def test_a_long_below_its_trigger_is_rescued_once(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")

    await bench.move("98200")
    await bench.move("98100")
    await bench.move("98050")

    assert [type(a) for a in bench.venue.effects] == [AddMargin]
    assert bench.venue.lanes == [Lane.GUARD]
    held = engine.view(ACCOUNT).position(position)
    assert held is not None
    assert held.margin == 182_541
    assert [s.state for s in await bench.settled()] == [IntentState.CONFIRMED]
    await engine.stop(1)


async def test_no_reading_uses_the_lane_of_rescues_not_even_in_danger_or_doubt(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.faults.append("lose-response")

    await bench.move("98100", seconds=60)

    assert Lane.RECONCILE in bench.venue.read_lanes
    assert Lane.GUARD not in bench.venue.read_lanes
    assert len(bench.venue.effects) == 1
    await engine.stop(1)


async def test_the_unit_of_a_step_is_journaled_before_anything_leaves(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")

    await bench.move("98100")

    kinds = [k for k in await bench.kinds() if k.startswith(("Step", "Intent"))]
    assert kinds[-4:] == ["StepTaken", "IntentPlanned", "IntentSent", "IntentSettled"]
    await engine.stop(1)


@pytest.mark.parametrize("fault", ["", "raise"])
async def test_runners_stand_still_from_the_price_to_the_answer_whatever_it_is(bench, fault):
    bench.long()
    host = LocalHost([])
    engine = bench.engine(host=host)
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    calm = list(host.hushes)
    bench.venue.faults += [fault] if fault else []

    await bench.move("98400")
    unneeded = host.hushes[len(calm) :]
    await bench.move("98100")

    rescued = host.hushes[len(calm) + len(unneeded) :]
    assert (calm, unneeded) == ([], [])
    assert rescued == [True, True, False]
    await engine.stop(1)


@pytest.mark.parametrize(
    ("fault", "states"),
    [
        ("lose-response", ["unknown", "confirmed"]),
        ("lose-request", ["unknown", "not_applied", "confirmed"]),
        ("late:20", ["unknown", "confirmed"]),
        ("late:45", ["unknown", "not_applied", "confirmed"]),
        ("raise", ["unknown", "confirmed"]),
        ("slow", ["confirmed"]),
    ],
)
async def test_whatever_becomes_of_the_request_there_is_one_effect(bench, fault, states):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.faults = [fault]

    await bench.move("98100", seconds=60)

    assert len(bench.venue.effects) == 1
    assert [s.state.value for s in await bench.settled()] == states
    await engine.stop(1)


async def test_a_refused_connection_is_definite_and_known_at_once(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.faults = ["refuse-connection"]

    await bench.move("98100")

    assert next(s.state.value for s in await bench.settled()) == "refused"
    await bench.move("98090")
    assert len(bench.venue.effects) == 1
    await engine.stop(1)


async def test_an_unknown_add_blocks_the_next_one_on_its_position(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "greedy")
    bench.venue.faults = ["lose-request"]

    await bench.move("99000", seconds=6)
    await bench.move("98990", seconds=6)

    assert len(bench.venue.sent) == 1
    refused = await bench.payloads(IntentReviewRefused)
    assert {r.reason for r in refused} == {"ACTION_PENDING"}
    await engine.stop(1)


async def test_a_stale_reading_after_an_add_is_not_believed(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.stale_reads = 2

    await bench.move("98100", seconds=5)
    await bench.move("98090", seconds=5)

    assert len(bench.venue.effects) == 1
    held = engine.view(ACCOUNT).position(position)
    assert held is not None
    assert held.margin == 182_541
    await engine.stop(1)


async def test_a_position_gone_while_unknown_ends_dead(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.faults = ["lose-request"]
    await bench.move("98100", seconds=0.1)

    await bench.move("95000", seconds=20)

    assert [s.state.value for s in await bench.settled()] == ["unknown", "dead"]
    closed = await bench.payloads(PositionClosed)
    assert [c.end.value for c in closed] == ["liquidated"]
    await engine.stop(1)
