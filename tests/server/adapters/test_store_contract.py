"""What every store promises, whatever it stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from msgspec import structs
from tests.support import records
from tests.support.records import appending, notice

from axisor.errors import JournalCorrupt, StoreUnavailable
from axisor.events import FeedChanged, HaltLevel
from axisor.model import FeedQuality
from axisor_server.domain.journal import GENESIS, Head, verify
from axisor_server.ports import Conflict, Reader, Store, Transaction

# ---------------------------------------------------------------- journal


async def test_an_unknown_journal_ends_at_genesis(store: Store):
    assert await store.read(lambda r: r.head("accounts/a")) == Head(0, GENESIS)


async def test_appended_entries_come_back_as_they_were(store: Store):
    new = records.entries(Head(), notice("one"), notice("two ₿"), notice("three"))

    await store.write(lambda t: t.append(Head(), new, epoch=None))

    found = await store.read(lambda r: r.entries("accounts/a", after=0, limit=10))
    assert tuple(found) == new
    assert verify(Head(), found) == await store.read(lambda r: r.head("accounts/a"))


async def test_a_long_append_is_one_unit(store: Store):
    new = records.entries(Head(), *[notice(str(n)) for n in range(200)])

    await store.write(lambda t: t.append(Head(), new, epoch=None))

    found = await store.read(lambda r: r.entries("accounts/a", after=0, limit=1000))
    assert verify(Head(), found).sequence == 200


async def test_an_append_after_another_writer_was_first_writes_nothing(store: Store):
    await store.write(appending(notice("first")))
    late = records.entries(Head(), notice("late"))

    with pytest.raises(Conflict, match="ends at 1, not at 0"):
        await store.write(lambda t: t.append(Head(), late, epoch=None))

    found = await store.read(lambda r: r.entries("accounts/a", after=0, limit=10))
    assert [entry.sequence for entry in found] == [1]


async def test_an_append_to_a_head_with_another_hash_is_refused(store: Store):
    await store.write(appending(notice("first")))
    other = Head(1, bytes(31) + b"\x01")
    new = records.entries(other, notice("second"))

    with pytest.raises(Conflict):
        await store.write(lambda t: t.append(other, new, epoch=None))


async def test_an_append_to_a_journal_that_does_not_exist_is_refused(store: Store):
    head = Head(4, bytes(32))
    new = records.entries(head, notice())

    with pytest.raises(Conflict, match="ends at 0, not at 4"):
        await store.write(lambda t: t.append(head, new, epoch=None))


async def test_entries_that_do_not_continue_their_head_are_refused(store: Store):
    new = records.entries(Head(), notice("one"), notice("two"))

    with pytest.raises(JournalCorrupt, match="does not continue"):
        await store.write(lambda t: t.append(Head(), new[1:], epoch=None))


async def test_journals_do_not_mix(store: Store):
    await store.write(appending(notice("a")))
    await store.write(appending(notice("b"), notice("b"), stream="accounts/b"))

    assert (await store.read(lambda r: r.head("accounts/a"))).sequence == 1
    assert (await store.read(lambda r: r.head("accounts/b"))).sequence == 2


async def test_entries_are_read_in_pages(store: Store):
    await store.write(appending(*[notice(str(n)) for n in range(10)]))

    def sequences(reader: Reader) -> list[list[int]]:
        pages = [reader.entries("accounts/a", after=after, limit=4) for after in (0, 4, 8, 10)]
        return [[entry.sequence for entry in page] for page in pages]

    assert await store.read(sequences) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10], []]


async def test_entries_before_are_newest_first_and_filtered(store: Store):
    mixed = [notice("1"), FeedChanged(quality=FeedQuality.STALE), notice("3"), notice("4")]
    await store.write(appending(*mixed))

    def unit(reader: Reader) -> list[list[int]]:
        def sequences(before: int | None, *kinds: str, limit: int = 9) -> list[int]:
            found = reader.entries_before("accounts/a", before=before, kinds=kinds, limit=limit)
            return [entry.sequence for entry in found]

        return [
            sequences(None),
            sequences(3),
            sequences(None, "NoticeGiven", limit=2),
            sequences(4, "NoticeGiven", "FeedChanged"),
            sequences(1),
        ]

    assert await store.read(unit) == [[4, 3, 2, 1], [2, 1], [4, 3], [3, 2, 1], []]


# ---------------------------------------------------------------- units


async def test_a_unit_that_raises_leaves_nothing(store: Store):
    await store.write(lambda t: t.put_meta("mode", "sim"))

    def failing(transaction: Transaction) -> None:
        transaction.put_meta("mode", "live")
        transaction.put_account(records.account(), revision=None)
        transaction.put_sealed("a", b"secret")
        appending(notice())(transaction)
        transaction.add_intent(records.intent())
        transaction.add_command(records.command())
        transaction.put_run(records.run(), revision=None)
        transaction.raise_witness("a", "p", counter=1, now_us=1)
        transaction.claim_lease("a", owner="x", ttl_us=9)
        transaction.beat("x", ttl_us=9, room=1, now_us=1)
        transaction.delete_account("a")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await store.write(failing)

    def left(reader: Reader) -> list[object]:
        return [
            reader.meta("mode"),
            *reader.accounts(),
            reader.sealed("a"),
            reader.intent("i"),
            reader.command("local", "q"),
            *reader.runs(),
            reader.witness("a", "p"),
            reader.lease("a"),
            *reader.live_engines(),
            reader.head("accounts/a"),
        ]

    assert await store.read(left) == ["sim", None, None, None, None, None, Head()]


async def test_one_failing_unit_among_many_disturbs_no_other(store: Store):
    def unit(number: int) -> Callable[[Transaction], int]:
        def write(transaction: Transaction) -> int:
            transaction.put_meta(f"k{number}", "written")
            appending(notice(str(number)))(transaction)
            if number % 5 == 3:
                raise ValueError(number)
            return number

        return write

    results = await asyncio.gather(
        *(store.write(unit(n)) for n in range(40)), return_exceptions=True
    )

    good = [n for n in range(40) if n % 5 != 3]
    assert [r for r in results if not isinstance(r, Exception)] == good
    assert sum(isinstance(r, ValueError) for r in results) == 8
    facts = await store.read(lambda r: [n for n in range(40) if r.meta(f"k{n}")])
    assert facts == good
    found = await store.read(lambda r: r.entries("accounts/a", after=0, limit=100))
    assert verify(Head(), found).sequence == len(good)


async def test_a_conflict_among_many_reaches_only_its_own_caller(store: Store):
    await store.write(appending(notice()))
    stale = records.entries(Head(), notice("stale"))

    results = await asyncio.gather(
        store.write(appending(notice())),
        store.write(lambda t: t.append(Head(), stale, epoch=None)),
        store.write(appending(notice())),
        return_exceptions=True,
    )

    assert isinstance(results[1], Conflict)
    assert [getattr(r, "sequence", None) for r in (results[0], results[2])] == [2, 3]


async def test_a_unit_sees_what_it_wrote(store: Store):
    def unit(transaction: Transaction) -> tuple[int, str | None]:
        head = appending(notice(), notice())(transaction)
        transaction.put_meta("k", "v")
        return head.sequence, transaction.meta("k")

    assert await store.write(unit) == (2, "v")


async def test_a_read_after_a_write_sees_it(store: Store):
    for number in range(20):
        await store.write(lambda t, n=number: t.put_meta("n", str(n)))  # type: ignore[misc]
        assert await store.read(lambda r: r.meta("n")) == str(number)


async def test_a_unit_that_raises_stop_iteration_is_told_as_a_runtime_error(store: Store):
    def unit(transaction: Transaction) -> str:
        return next(iter(()))

    with pytest.raises((RuntimeError, StopIteration)):
        await store.write(unit)


async def test_a_closed_store_refuses(closed_store: Store):
    with pytest.raises(StoreUnavailable, match="not open"):
        await closed_store.write(lambda t: None)
    await closed_store.open()
    await closed_store.close()

    with pytest.raises(StoreUnavailable):
        await closed_store.write(lambda t: None)
    with pytest.raises(StoreUnavailable):
        await closed_store.read(lambda r: None)


async def test_a_store_opened_again_has_what_was_written(closed_store: Store):
    await closed_store.open()
    await closed_store.write(appending(notice()))
    await closed_store.close()

    await closed_store.open()

    assert (await closed_store.read(lambda r: r.head("accounts/a"))).sequence == 1
    await closed_store.close()


# ---------------------------------------------------------------- accounts


async def test_accounts_come_oldest_first(store: Store):
    for id, created in (("z", 1), ("y", 3), ("x", 2), ("w", 2)):
        record = records.account(id, created_us=created)
        await store.write(lambda t, r=record: t.put_account(r, revision=None))  # type: ignore[misc]

    found = await store.read(lambda r: r.accounts())

    assert [record.id for record in found] == ["z", "w", "x", "y"]
    assert found[0] == records.account("z")


async def test_an_account_is_replaced_only_at_the_revision_that_was_read(store: Store):
    first = records.account()
    await store.write(lambda t: t.put_account(first, revision=None))
    second = structs.replace(first, revision=2, halt=HaltLevel.RISK, updated_us=9)

    await store.write(lambda t: t.put_account(second, revision=1))
    with pytest.raises(Conflict):
        await store.write(lambda t: t.put_account(first, revision=1))
    with pytest.raises(Conflict):
        await store.write(lambda t: t.put_account(first, revision=None))
    with pytest.raises(Conflict):
        await store.write(lambda t: t.put_account(records.account("b"), revision=1))

    assert await store.read(lambda r: r.accounts()) == (second,)


async def test_a_deleted_account_takes_its_credentials_and_leaves_its_journal(store: Store):
    await store.write(lambda t: t.put_account(records.account(), revision=None))
    await store.write(lambda t: t.put_sealed("a", b"\x00sealed"))
    await store.write(lambda t: t.put_sealed("a", b"\x01sealed"))
    await store.write(appending(notice()))
    assert await store.read(lambda r: r.sealed("a")) == b"\x01sealed"

    await store.write(lambda t: t.delete_account("a"))

    found = await store.read(lambda r: (r.account("a"), r.sealed("a"), r.head("accounts/a")))
    assert found[:2] == (None, None)
    assert found[2].sequence == 1
