"""A core restored from an old backup does nothing twice, and nothing before it knows."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal

import msgspec
import pytest

from axisor.errors import RequestExpired, RestoreReconciling
from axisor.events import (
    HaltLevel,
    IntentReviewRefused,
    IntentState,
    NoticeGiven,
    RestoreReconciled,
    Standing,
)
from axisor.intents import AddMargin, ClosePosition, DepositCross, OpenPosition, SetStop
from axisor.model import Mode, Side
from axisor_server.adapters.memory import MemoryStore
from axisor_server.adapters.memory.tables import Table
from axisor_server.domain.backups import EPOCH_STEP, RESTORED, Restored
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import CommandRecord, LeaseRecord
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.failpoints import NAMES
from axisor_server.ports import Transaction
from axisor_server.services.replay.player import replay
from tests.support.core import ACCOUNT, STRATEGIES, STREAM, Bench

BACKUP = "0190f5a0-0000-7000-8000-0000000000b1"
AMOUNT = 82_541
WINDOW_S = 30
SLACK_S = 10


class Archive:
    """A copy of a store as it was, which can take the store's place."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._us = to_us(bench.clock.now())
        self._tables = copied(bench.store)

    async def restore(self) -> None:
        """Put the copy in the store's place, marked as a restore marks it."""
        store = MemoryStore(self._bench.database_us)
        for name, rows in self._tables.items():
            held = getattr(store._tables, name)
            (held if name == "journals" else held.rows).update(rows)
        await store.open()
        await store.write(self._mark)
        self._bench.store = store

    def _mark(self, tx: Transaction) -> None:
        lease = tx.lease(ACCOUNT)
        tables = tx._tables  # type: ignore[attr-defined]  # as the restore writes rows of its own
        if lease is not None:
            raised = LeaseRecord(
                account=ACCOUNT, owner="", epoch=lease.epoch + EPOCH_STEP, until_us=0
            )
            tables.leases.put(ACCOUNT, raised)
        for run in tx.runs():
            tables.runs.put(run.id, msgspec.structs.replace(run, step=run.step + EPOCH_STEP))
        restored = Restored(
            backup=BACKUP,
            backup_us=self._us,
            time_us=to_us(self._bench.clock.now()),
            heads={STREAM: tx.head(STREAM).sequence},
        )
        tx.put_meta(RESTORED, msgspec.json.encode(restored).decode())


def copied(store: MemoryStore) -> dict[str, dict[object, object]]:
    tables = store._tables
    found: dict[str, dict[object, object]] = {
        name: dict(table.rows) for name, table in vars(tables).items() if isinstance(table, Table)
    }
    found["journals"] = {stream: list(entries) for stream, entries in tables.journals.items()}
    return found


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Return a bench; at the end its journal, over the restore, is decided again and compared."""
    bench = Bench()
    await bench.add_account()
    yield bench
    entries = await bench.store.read(lambda r: r.entries(STREAM, after=0, limit=100_000))
    assert replay(entries, STRATEGIES).divergence is None


async def reconciled(bench: Bench) -> RestoreReconciled:
    (found,) = await bench.payloads(RestoreReconciled)
    return found


async def settle(bench: Bench, seconds: float = WINDOW_S + SLACK_S) -> None:
    for _ in range(int(seconds * 2)):
        await bench.clock.advance(0.5)


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


async def test_what_cannot_be_explained_counts_against_a_leash(bench: Bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "greedy", day_spend=15_000)
    old = Archive(bench)
    await bench.move("99990", seconds=2)
    assert len(bench.venue.effects) == 1
    await bench.crash(first)
    await old.restore()

    second = bench.engine()
    await bench.up(second)
    await settle(bench)
    await bench.move("99980", seconds=3)

    assert len(bench.venue.effects) == 1
    refused = await bench.payloads(IntentReviewRefused)
    assert {r.reason for r in refused} == {"LEASH_EXCEEDED"}
    await second.stop(1)


async def test_a_position_the_backup_lacks_counts_with_what_it_was_opened_with(bench: Bench):
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "rescuer")
    old = Archive(bench)
    position = bench.long()
    before = bench.venue.state().position(position)
    assert before is not None
    await bench.crash(first)
    await old.restore()

    second = bench.engine()
    await bench.up(second)
    await settle(bench)

    (increase,) = (await reconciled(bench)).increases
    assert increase.opened
    assert increase.amount == before.entry_margin
    await second.stop(1)


async def test_a_deposit_the_backup_lacks_is_counted_by_the_ledger(bench: Bench):
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "rescuer")
    answer = await bench.command(first, DepositCross(amount=5_000))
    assert isinstance(answer, CommandResult), answer
    await settle(bench, 90)
    old = Archive(bench)
    await bench.command(first, DepositCross(amount=7_000))
    await bench.crash(first)
    await old.restore()

    second = bench.engine()
    await bench.up(second)
    await settle(bench)

    found = [(i.target, i.amount) for i in (await reconciled(bench)).increases]
    assert found == [("positions/cross", 7_000)]
    await second.stop(1)


async def test_a_crash_while_reconciling_begins_it_anew_and_loses_nothing(bench: Bench):
    position = bench.long()
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "rescuer")
    old = Archive(bench)
    await bench.move("98100", seconds=2)
    await bench.crash(first)
    await old.restore()
    for _ in range(3):
        dying = bench.engine()
        await bench.up(dying)
        await settle(bench, 20)
        assert not dying.status().accounts[0].acting
        await bench.crash(dying)

    last = bench.engine()
    await bench.up(last)
    await settle(bench)

    found = await reconciled(bench)
    assert [(i.target, i.amount) for i in found.increases] == [(f"positions/{position}", AMOUNT)]
    assert len(bench.venue.effects) == 1
    await last.stop(1)


async def test_a_restore_is_found_out_about_once(bench: Bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()
    second = bench.engine()
    await bench.up(second)
    await settle(bench)
    await second.stop(1)

    third = bench.engine()
    await bench.up(third)

    assert third.status().accounts[0].acting
    assert len(await bench.payloads(RestoreReconciled)) == 1
    await third.stop(1)


async def test_a_request_made_before_the_restore_is_not_carried_out_after_it(bench: Bench):
    first = bench.engine()
    await bench.up(first)
    old = Archive(bench)
    request_id = str(uuid.UUID(bench.ids.new()))
    await bench.command(first, DepositCross(amount=5_000), request_id=request_id)
    assert len(bench.venue.effects) == 1
    await bench.crash(first)
    await old.restore()
    second = bench.engine()
    await bench.up(second)
    await settle(bench)

    answer = await bench.command(second, DepositCross(amount=5_000), request_id=request_id)

    assert isinstance(answer, RequestExpired)
    assert "carried out already" in str(answer)
    assert len(bench.venue.effects) == 1
    await second.stop(1)


async def test_a_command_the_backup_shows_as_stored_is_not_carried_out(bench: Bench):
    first = bench.engine()
    await bench.up(first)
    await bench.crash(first)
    stored = CommandRecord(
        tenant="local",
        request_id="4e3e9a55-0000-4000-8000-000000000001",
        account=ACCOUNT,
        method="Test",
        digest=b"d",
        body=msgspec.json.encode(DepositCross(amount=9)),
        principal="owner",
        created_us=to_us(bench.clock.now()),
    )
    await bench.store.write(lambda tx: tx.add_command(stored))
    old = Archive(bench)
    await bench.clock.advance(5)
    await old.restore()

    second = bench.engine()
    await bench.up(second)
    await settle(bench)

    assert bench.venue.sent == []
    row = await bench.store.read(lambda r: r.command("local", stored.request_id))
    assert row is not None
    assert b"REQUEST_EXPIRED" in row.answer
    await second.stop(1)


async def test_a_venue_that_is_away_keeps_the_account_still(bench: Bench):
    bench.long()
    first = bench.engine()
    await bench.up(first)
    await bench.run(first, "rescuer")
    old = Archive(bench)
    await bench.crash(first)
    await old.restore()
    bench.venue.down = True
    second = bench.engine()
    await bench.up(second)
    await settle(bench, 120)
    assert not second.status().accounts[0].acting

    bench.venue.down = False
    await settle(bench, 10)

    assert second.status().accounts[0].acting
    await second.stop(1)


async def test_an_account_added_later_has_no_past_to_find_out_about(bench: Bench):
    first = bench.engine()
    await bench.up(first)
    await bench.crash(first)
    old = Archive(bench)
    old._tables["accounts"].clear()
    old._tables["journals"].clear()
    await old.restore()
    await bench.clock.advance(600)
    await bench.add_account(mode=Mode.SIM)

    second = bench.engine()
    await bench.up(second)

    assert second.status().accounts[0].acting
    assert await bench.payloads(RestoreReconciled) == []
    await second.stop(1)
