"""A core restored from an old backup does nothing twice, and nothing before it knows."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from axisor.errors import RestoreReconciling
from axisor.events import (
    HaltLevel,
    IntentReviewRefused,
    IntentState,
    NoticeGiven,
    Standing,
)
from axisor.intents import AddMargin, ClosePosition, DepositCross, OpenPosition, SetStop
from axisor.model import Side
from axisor_server.engine.failpoints import NAMES
from tests.support.core import ACCOUNT, Bench
from tests.support.restoring import (
    AMOUNT,
    SLACK_S,
    WINDOW_S,
    Archive,
    reconciled,
    restored_bench,
    settle,
)

__all__ = ["restored_bench"]


async def test_a_confirmed_rescue_the_backup_lacks_is_not_done_again(bench: Bench):
    position = bench.long()
    first = bench.engine()
    await bench.up(first)
    run = await bench.run(first, "rescuer")
    old = Archive(bench)
    await bench.move("98100", seconds=2)
    assert len(bench.venue.effects) == 1
    await bench.crash(first)
    await old.restore()

    second = bench.engine()
    await bench.up(second)
    await bench.move("98090", seconds=5)
    assert not second.status().accounts[0].acting
    await settle(bench)
    await bench.move("98080", seconds=5)

    assert len(bench.venue.effects) == 1
    found = await reconciled(bench)
    assert [(i.target, i.amount, i.opened) for i in found.increases] == [
        (f"positions/{position}", AMOUNT, False)
    ]
    spent = await bench.store.read(lambda r: r.recent_intents(ACCOUNT, since_us=0, limit=99))
    assert [(i.run, i.amount, i.state) for i in spent] == [(run, 0, IntentState.CONFIRMED)]
    assert second.view(ACCOUNT).outside == {position: AMOUNT}
    assert second.status().accounts[0].acting
    await second.stop(1)


@pytest.mark.parametrize("fault", ["", "lose-request", "lose-response", "late:12", "late:25"])
@pytest.mark.parametrize("taken", ["before", *NAMES])
async def test_a_backup_of_any_moment_of_a_rescue_leads_to_one_effect(
    bench: Bench, taken: str, fault: str
):
    bench.long()
    first = bench.engine(failpoint="" if taken == "before" else taken)
    await bench.up(first)
    await bench.run(first, "rescuer")
    old = Archive(bench)
    bench.venue.faults = [fault]
    if taken == "before":
        await bench.move("98100", seconds=0.2)  # the request is on its way, or done
    else:
        await bench.move("98100", seconds=8)
        old = Archive(bench)
    await bench.crash(first)
    await old.restore()

    second = bench.engine(owner="core-2")
    await bench.up(second)
    await bench.move("98090", seconds=1)
    effects_before = len(bench.venue.effects)
    await settle(bench, 90)
    await bench.move("98080", seconds=60)

    assert [type(a) for a in bench.venue.effects] == [AddMargin], (taken, fault, effects_before)
    assert not second.status().accounts[0].open_intents
    assert second.status().accounts[0].acting
    await second.stop(1)


async def test_a_plan_of_the_backup_is_doubted_and_not_cancelled(bench: Bench):
    bench.long()
    first = bench.engine(failpoint="planned")
    await bench.up(first)
    await bench.run(first, "rescuer")
    await bench.move("98100", seconds=1)
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()

    second = bench.engine()
    await bench.up(second)
    await settle(bench)

    states = [settled.state for settled in await bench.settled()]
    assert states[:2] == [IntentState.UNKNOWN, IntentState.NOT_APPLIED]
    await second.stop(1)


async def test_nothing_is_sent_before_what_was_sent_has_died(bench: Bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "rescuer")
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()

    second = bench.engine()
    await bench.up(second)
    started = bench.clock.now()
    await bench.move("98100", seconds=1)
    while not bench.venue.sent:
        await bench.clock.advance(0.5)

    waited = (bench.clock.now() - started).total_seconds()
    assert WINDOW_S <= waited <= WINDOW_S + SLACK_S
    await settle(bench, 5)
    assert len(bench.venue.effects) == 1
    await second.stop(1)


async def test_the_owner_is_told_at_once(bench: Bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "rescuer")
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()

    second = bench.engine()
    await bench.up(second)
    notices = await bench.payloads(NoticeGiven)

    assert [(n.code, n.severity.value) for n in notices] == [("RESTORED_FROM_BACKUP", "crit")]
    assert "Halts" in notices[0].text
    assert "Restored from a backup" in second.status().accounts[0].error
    await second.stop(1)


@pytest.mark.parametrize(
    "action",
    [
        DepositCross(amount=1),
        SetStop(position="p", price=Decimal(1)),
        OpenPosition(side=Side.BUY, leverage=Decimal(2), quantity=5),
    ],
)
async def test_commands_are_refused_meanwhile(bench: Bench, action: object):
    first = bench.engine()
    await bench.up(first)
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()
    second = bench.engine()
    await bench.up(second)

    answer = await bench.command(second, action, seconds=2)  # type: ignore[arg-type]

    assert isinstance(answer, RestoreReconciling)
    assert bench.venue.sent == []
    await second.stop(1)


async def test_flattening_waits_and_is_done_as_soon_as_it_may_be(bench: Bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()
    second = bench.engine()
    await bench.up(second)

    await second.halt(ACCOUNT, HaltLevel.FLATTEN, principal="owner", reason="")
    await settle(bench, 10)
    assert bench.venue.sent == []
    await settle(bench, 120)

    assert [type(action) for action in bench.venue.effects] == [ClosePosition]
    await second.stop(1)


async def test_a_halt_meanwhile_does_not_cancel_what_may_have_been_sent(bench: Bench):
    bench.long()
    first = bench.engine(failpoint="planned")
    await bench.up(first)
    await bench.run(first, "rescuer")
    await bench.move("98100", seconds=1)
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()
    second = bench.engine()
    starting = asyncio.ensure_future(second.start())
    actors = second._roster.actors
    while ACCOUNT not in actors or actors[ACCOUNT].core.ledger is None:
        await asyncio.sleep(0)
    await second.halt(ACCOUNT, HaltLevel.ALL, principal="owner", reason="")
    await settle(bench)
    await starting

    states = [settled.state for settled in await bench.settled()]
    assert states == [IntentState.UNKNOWN, IntentState.NOT_APPLIED]
    await second.stop(1)


async def test_it_stands_reconcile_only_until_it_is_known(bench: Bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()
    second = bench.engine()
    await bench.up(second)

    assert second.status().accounts[0].standing is Standing.RECONCILE_ONLY
    await settle(bench)
    after = second.status().accounts[0]
    assert after.standing is not Standing.RECONCILE_ONLY
    assert "restored" not in {cause.code for cause in after.causes}
    await second.stop(1)


async def test_a_run_is_not_called_while_nothing_is_known_and_told_afterwards(bench: Bench):
    bench.long()
    first = bench.engine(failpoint="sent-committed")
    await bench.up(first)
    run = await bench.run(first, "rescuer")
    await bench.move("98100", seconds=1)
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()
    second = bench.engine()
    await bench.up(second)
    before = await bench.store.read(lambda r: r.run(run))
    await settle(bench, 20)
    meanwhile = await bench.store.read(lambda r: r.run(run))
    await settle(bench, 60)

    assert before == meanwhile
    assert await bench.payloads(IntentReviewRefused) == []
    assert len(bench.venue.effects) == 1
    await second.stop(1)
