"""What a restored core cannot explain counts as spent, and what it was asked before is not done."""

from __future__ import annotations

import uuid

import msgspec

from axisor.errors import RequestExpired
from axisor.events import (
    IntentReviewRefused,
    RestoreReconciled,
)
from axisor.intents import DepositCross
from axisor.model import Mode
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import CommandRecord
from axisor_server.engine.answers import CommandResult
from tests.support.core import ACCOUNT, Bench
from tests.support.restoring import (
    AMOUNT,
    Archive,
    reconciled,
    restored_bench,
    settle,
)

__all__ = ["restored_bench"]


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
