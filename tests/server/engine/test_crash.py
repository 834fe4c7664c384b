"""A core that dies at any point leaves exactly one effect behind once it is back."""

from __future__ import annotations

import pytest

from axisor.events import IntentState, Outcome, StepTaken
from axisor.intents import AddMargin, DepositCross, OpenPosition
from axisor.model import Side
from axisor_server.engine.failpoints import NAMES
from axisor_server.ports import Conflict
from tests.support.core import ACCOUNT, Bench


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


@pytest.mark.parametrize("owner", ["core-1", "core-2"], ids=["same core", "another core"])
@pytest.mark.parametrize("name", NAMES)
async def test_a_crash_at_a_failpoint_leads_to_one_effect(bench, name, owner):
    bench.long()
    first = bench.engine(failpoint=name)
    await bench.up(first)
    await bench.run(first, "rescuer")
    await bench.move("98100", seconds=0.5)

    await bench.crash(first)
    second = bench.engine(owner=owner)
    await bench.up(second)
    await bench.clock.advance(10)
    await bench.move("98090", seconds=60)

    assert [type(a) for a in bench.venue.effects] == [AddMargin]
    settled = await bench.settled()
    assert settled[-1].state is IntentState.CONFIRMED
    assert not second.status().accounts[0].open_intents
    await second.stop(1)


@pytest.mark.parametrize("fault", ["lose-request", "lose-response", "late:12", "late:40"])
async def test_a_crash_while_the_line_is_dead_leads_to_one_effect(bench, fault):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "rescuer")
    bench.venue.faults = [fault]
    await bench.move("98100", seconds=1)

    await bench.crash(first)
    second = bench.engine()
    await bench.up(second)
    await bench.move("98090", seconds=60)

    assert len(bench.venue.effects) == 1
    await second.stop(1)


@pytest.mark.parametrize("name", NAMES)
async def test_a_deposit_that_crashed_is_found_in_the_ledger(bench, name):
    first = bench.engine(failpoint=name)
    await bench.up(first)
    answer = await bench.command(first, DepositCross(amount=5_000), request_id=REQUEST, wait_s=1)
    await bench.crash(first)

    second = bench.engine()
    await bench.up(second)
    await bench.clock.advance(60)

    expected = 1 if name in {"response-received", "settled"} else 0
    assert len(bench.venue.effects) == expected, answer
    state = (await bench.settled())[-1].state
    if name == "planned":
        assert state is IntentState.CANCELED
    elif expected:
        assert state is IntentState.CONFIRMED
    else:
        assert state is IntentState.NOT_APPLIED
    again = await bench.command(second, DepositCross(amount=5_000), request_id=REQUEST)
    assert len(bench.venue.effects) == expected, again
    await second.stop(1)


@pytest.mark.parametrize("name", NAMES)
async def test_an_opening_that_crashed_is_found_by_its_client_id(bench, name):
    first = bench.engine(failpoint=name)
    await bench.up(first)
    action = OpenPosition(side=Side.BUY, leverage=10, quantity=1_000)
    await bench.command(first, action, request_id=REQUEST, wait_s=1)
    await bench.crash(first)

    second = bench.engine()
    await bench.up(second)
    await bench.clock.advance(60)

    expected = 1 if name in {"response-received", "settled"} else 0
    assert len(bench.venue.account.isolated.running()) == expected
    assert len(second.view(ACCOUNT).positions) == expected
    assert not second.status().accounts[0].open_intents
    await second.stop(1)


async def test_a_restarted_core_goes_on_with_its_runs_and_their_memory(bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    run = await bench.run(first, "rescuer")
    await bench.move("98100")
    await bench.crash(first)

    second = bench.engine()
    await bench.up(second)

    record = await bench.store.read(lambda r: r.run(run))
    assert record is not None
    assert record.state.value == "running"
    assert b'"asked":1' in record.memory
    await second.stop(1)


async def test_of_two_cores_on_one_store_only_the_lease_holder_writes(bench):
    bench.long()
    first = bench.engine(owner="core-1")
    await bench.up(first)
    await bench.run(first, "rescuer")
    second = bench.engine(owner="core-2")
    await bench.up(second)

    await bench.move("98100", seconds=2)

    assert [s.acting for s in (first.status().accounts[0], second.status().accounts[0])] == [
        True,
        False,
    ]
    assert len(bench.venue.effects) == 1
    await second.stop(1)
    await first.stop(1)


async def test_a_core_whose_lease_was_taken_cannot_write_and_stops(bench):
    bench.long()
    first = bench.engine(owner="core-1", renew_ms=600_000)
    await bench.up(first)
    await bench.run(first, "rescuer")
    await bench.clock.advance(6)
    second = bench.engine(owner="core-2")
    await bench.up(second)

    await bench.move("98100", seconds=5)

    assert len(bench.venue.effects) == 1
    states = [e.status().accounts[0].acting for e in (first, second)]
    assert states == [False, True]
    await second.stop(1)
    await first.stop(1)


async def test_the_fenced_core_cannot_write_its_journal(bench):
    first = bench.engine(owner="core-1", renew_ms=600_000)
    await bench.up(first)
    core = first._roster.actors[ACCOUNT].core
    ledger = core.ledger
    assert ledger is not None
    await bench.clock.advance(6)
    second = bench.engine(owner="core-2")
    await bench.up(second)

    with pytest.raises(Conflict):
        await ledger.commit(bench.clock.now(), [(await bench.events())[0].payload], [])

    await bench.crash(first)
    await second.stop(1)


REQUEST = "7d3f3a52-7d5e-4c1e-9d7c-6f2a5e1b9c01"


async def test_a_run_learns_that_its_action_never_left_whatever_ends_before_it_begins(bench):
    bench.long()
    first = bench.engine(failpoint="planned")
    await bench.up(first)
    await bench.run(first, "rescuer")
    await bench.move("98100", seconds=0.5)
    await bench.crash(first)
    bench.venue.down = True
    second = bench.engine()
    await bench.up(second)
    await bench.crash(second)
    assert (await bench.settled()) == []

    bench.venue.down = False
    third = bench.engine()
    await bench.up(third)
    await bench.move("98090", seconds=5)

    causes = [taken.cause for taken in await bench.payloads(StepTaken)]
    told = [cause.state for cause in causes if isinstance(cause, Outcome)]
    assert told == [IntentState.CANCELED, IntentState.CONFIRMED]
    assert [type(a) for a in bench.venue.effects] == [AddMargin]
    states = [settled.state for settled in await bench.settled()]
    assert states == [IntentState.CANCELED, IntentState.CONFIRMED]
    await third.stop(1)


async def test_what_a_run_planned_as_its_core_stops_is_left_to_the_next_which_rescues_at_once(
    bench,
):
    """Told while its core stops, a run would ask there again, and wait once that failed too."""
    bench.long()
    first = bench.engine(failpoint="planned")
    await bench.up(first)
    await bench.run(first, "rescuer")
    await bench.move("98100", seconds=0.5)
    (planned,) = await bench.store.read(lambda reader: reader.open_intents(ACCOUNT))
    actor = first._roster.actors[ACCOUNT]

    actor.core.stopping = True
    order = await actor.effects.mark_sent(planned.id)

    assert order is None
    assert await bench.store.read(lambda reader: reader.open_intents(ACCOUNT)) == (planned,)
    await first.stop(1)
    second = bench.engine(owner="core-2")
    await bench.up(second)
    assert [s.state for s in await bench.settled()] == [
        IntentState.CANCELED,
        IntentState.CONFIRMED,
    ]
    assert [type(a) for a in bench.venue.effects] == [AddMargin]
    await second.stop(1)
