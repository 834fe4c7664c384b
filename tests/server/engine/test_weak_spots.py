"""What an earlier system of this kind did wrong about guarding, and is not done here."""

from __future__ import annotations

from decimal import Decimal

import pytest

from axisor.errors import AxisorError, StrategyNotFound
from axisor.events import (
    CoverageChanged,
    CoverageState,
    IntentState,
    NoticeGiven,
    RunState,
    Standing,
)
from axisor.intents import (
    Action,
    AddMargin,
    CashIn,
    ClosePosition,
    DepositCross,
    OpenPosition,
    SetStop,
)
from axisor.model import Leash, Severity, Side
from axisor_server.engine.answers import CommandResult
from tests.support.core import ACCOUNT, Bench
from tests.support.replicas import add
from tests.support.standing import alarms, standing

FALL = ("98100", "98090", "98080", "98070", "98060")


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


def actions(position: str) -> list[Action]:
    """Return one action of each kind that a guard or a client asks for."""
    return [
        AddMargin(position=position, amount=1_000),
        CashIn(position=position, amount=1_000),
        SetStop(position=position, price=Decimal("97000")),
        OpenPosition(side=Side.BUY, leverage=Decimal(10), quantity=100),
        DepositCross(amount=1_000),
        ClosePosition(position=position),
    ]


@pytest.mark.parametrize("fault", ["lose-request", "refuse-connection", "refuse-key"])
async def test_weak_spot_01_no_success_is_told_of_what_the_venue_did_not_do(bench, fault):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)

    for action in actions(position):
        bench.venue.faults = [fault]
        told = await bench.command(engine, action, wait_s=8)
        assert isinstance(told, AxisorError) or told.state is not IntentState.CONFIRMED, action
        await bench.move("100000", seconds=60)  # until the lost one is known not to have been done

    assert bench.venue.effects == []
    assert IntentState.CONFIRMED not in {settled.state for settled in await bench.settled()}
    await engine.stop(1)


async def test_weak_spot_01_a_success_is_told_of_what_the_venue_did(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)

    told = [await bench.command(engine, AddMargin(position=position, amount=n)) for n in (1, 2)]

    assert [each.state for each in told if isinstance(each, CommandResult)] == [
        IntentState.CONFIRMED,
        IntentState.CONFIRMED,
    ]
    assert len(bench.venue.effects) == 2
    await engine.stop(1)


async def test_weak_spot_02_a_guard_that_is_switched_off_is_not_said_to_protect(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    run = await bench.run(engine, "watcher")
    await bench.move("100000", seconds=2)
    await bench.crash(engine)
    before = [each.coverage.state for each in await bench.payloads(CoverageChanged)]

    bench.strategies = {}
    without = bench.engine()
    await bench.up(without)
    await bench.move("100000", seconds=10)

    after = [each.coverage.state for each in await bench.payloads(CoverageChanged)]
    told = [each for each in await bench.payloads(NoticeGiven) if each.code == "RUN_CANNOT_BEGIN"]
    record = await bench.store.read(lambda view: view.run(run))
    assert record is not None
    assert (before[-1], after[-1]) == (CoverageState.PROTECTED, CoverageState.UNPROTECTED)
    assert [each.severity for each in told] == [Severity.CRIT]
    assert record.state is RunState.FAILED
    assert without.status().accounts[0].protected == 0
    with pytest.raises(StrategyNotFound):
        await without.create_run(
            ACCOUNT, strategy="watcher", config=b"{}", leash=Leash(), label="", principal="owner"
        )
    await without.stop(1)


async def test_weak_spot_03_three_replicas_do_not_guard_one_account_thrice(bench):
    bench.long()
    engines = [bench.engine(owner=f"e{number}") for number in range(3)]
    for engine in engines:
        await bench.up(engine)
    await bench.run(engines[0], "rescuer")

    for price in FALL:
        await bench.move(price, seconds=1)

    assert [type(action) for action in bench.venue.sent] == [AddMargin]
    assert len(await bench.settled()) == 1
    for engine in engines:
        await engine.stop(1)


async def test_weak_spot_04_margin_is_not_added_anew_with_every_price(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")

    for number in range(100):
        await bench.move(str(98_100 - number % 7), seconds=0.1)

    assert len(bench.venue.sent) == 1
    told = [kind for kind in await bench.kinds() if kind.startswith("Intent")]
    assert told == ["IntentPlanned", "IntentSent", "IntentSettled"]
    await engine.stop(1)


async def test_weak_spot_04_whoever_asks_with_every_price_stays_within_the_budget(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "greedy", day_spend=25_000)

    for number in range(50):
        await bench.move(str(99_900 - number), seconds=1)

    assert sum(action.amount for action in bench.venue.effects) <= 25_000
    await engine.stop(1)


async def test_weak_spot_05_a_price_that_is_too_old_is_an_alarm_and_not_a_silence(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")

    await bench.clock.advance(35)
    while_silent = (standing(engine), await alarms(bench))
    await bench.move("98100", seconds=2)

    assert while_silent == (Standing.DEGRADED, [("PROTECTION_DEGRADED", Severity.CRIT)])
    assert len(bench.venue.effects) == 1, "what was missed is made up for at the first good price"
    await engine.stop(1)


async def test_weak_spot_06_a_change_counts_at_once_and_for_every_account(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    run = await bench.run(engine, "rescuer", b'{"trigger": "90000"}')
    (later,) = await add(bench, 2)  # while the core runs
    await bench.clock.advance(5)
    other = await engine.create_run(
        later, strategy="greedy", config=b"{}", leash=Leash(), label="", principal="owner"
    )
    await engine.run_verb(other.id, "start", principal="owner")

    await bench.move("98100")
    before = len(bench.venue.effects)
    await engine.run_verb(run, "configure", principal="owner", config=b'{"trigger": "98116"}')
    await bench.clock.advance(1)

    assert before == 1, "the account that came later has a run of its own, which acted"
    assert len(bench.venue.effects) == 2, "the new trigger counts without a restart"
    await engine.stop(1)


async def test_weak_spot_21_what_breaks_one_account_stops_no_guard_of_another(bench):
    bench.long()
    exits, sealed = await add(bench, 2, 3)
    await bench.store.write(lambda tx: tx.put_sealed(sealed, b"no key of ours"))
    engine = bench.engine()
    await bench.up(engine)
    leaves = await engine.create_run(
        exits,
        strategy="garbage",
        config=b'{"kind": "exit"}',
        leash=Leash(),
        label="",
        principal="owner",
    )
    await engine.run_verb(leaves.id, "start", principal="owner")
    await bench.run(engine, "rescuer")

    await bench.move("98100")

    record = await bench.store.read(lambda view: view.run(leaves.id))
    assert record is not None
    assert record.state.value == "failed"
    assert {each.account for each in engine.status().accounts if each.error} == {sealed}
    assert len(bench.venue.effects) == 1
    await engine.stop(1)
