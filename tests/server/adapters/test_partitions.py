"""The journal in months on PostgreSQL: made of the one there is, ahead, and never refusing."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from tests.server.adapters.test_migrations import Migrations, postgres_hash
from tests.support.backups import Scene
from tests.support.records import appending, notice

from axisor.errors import StoreUnavailable
from axisor.model import Mode
from axisor_server.adapters.backup.making import Place, Stamp, make
from axisor_server.adapters.backup.seal import Lock
from axisor_server.adapters.database import migrate, partitions, postgres_store
from axisor_server.adapters.database.partitions import AHEAD, DEFAULT, ensure, listed, table_of
from axisor_server.adapters.database.postgres import PostgresDialect
from axisor_server.adapters.database.store import DatabaseStore
from axisor_server.domain.journal import Entry, Head, extend, head_of, to_us, verify
from axisor_server.domain.months import Month, month_of
from axisor_server.ports import Conflict, Transaction

pytestmark = pytest.mark.postgres

STREAM = "accounts/a"
MONTHS = [datetime(2026, month, 28, tzinfo=UTC) for month in (1, 2, 4)]
LATE = [datetime(2131, 7, 1, tzinfo=UTC), datetime(2131, 8, 31, 23, 59, 59, tzinfo=UTC)]


def chained(times: list[datetime], *, each: int = 3, head: Head | None = None) -> list[Entry]:
    found: list[Entry] = []
    at = head or Head()
    for time in times:
        entries = extend(at, stream=STREAM, mode=Mode.SIM, time=time, payloads=[notice()] * each)
        found.extend(entries)
        at = head_of(entries, at)
    return found


def of_before(dsn: str) -> DatabaseStore:
    """Return the store of a core of before, which has the schema of before."""
    dialect = PostgresDialect(dsn)
    return DatabaseStore(dialect, lambda: None, lambda: None)


def old_tables(dsn: str, entries: list[Entry]) -> None:
    """Make a database of before, with a journal in one table."""
    with psycopg.connect(dsn) as connection:
        migrate.to_revision(migrate.postgres_engine(connection), "documents")
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO journal (stream, sequence, time, mode, kind, payload, prev_hash, hash)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [tuple(getattr(e, f) for f in e.__struct_fields__) for e in entries],
        )
        cursor.execute(
            "INSERT INTO journal_head VALUES (%s, %s, %s)",
            (STREAM, entries[-1].sequence, entries[-1].hash),
        )


def to_head(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        migrate.to_head(migrate.postgres_engine(connection))


def tables(dsn: str) -> set[str]:
    return {partition.table for partition in listed(dsn)}


def rows_in(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def this_month() -> Month:
    return month_of(to_us(datetime.now(UTC)))


def months_ahead(ahead: int) -> set[str]:
    month, found = this_month(), set()
    for _ in range(ahead):
        month = month.next
        found.add(table_of(month))
    return found


async def test_a_journal_of_before_becomes_the_first_partition(postgres_dsn: str):
    entries = chained(MONTHS)
    old_tables(postgres_dsn, entries)

    store = postgres_store(postgres_dsn)
    await store.open()
    found = await store.read(lambda r: r.entries(STREAM, after=0, limit=99))
    back = await store.read(lambda r: r.entries_before(STREAM, before=5, kinds=(), limit=99))
    head = await store.write(appending(notice("more"), stream=STREAM))
    await store.close()

    assert list(found) == entries
    assert verify(Head(), found).sequence == 9
    assert [entry.sequence for entry in back] == [4, 3, 2, 1]
    assert head.sequence == 10
    assert tables(postgres_dsn) == {"journal_past", DEFAULT}
    assert rows_in(postgres_dsn, "journal_past") == 10
    (past,) = [one for one in listed(postgres_dsn) if one.table == "journal_past"]
    assert (past.start_us, past.end_us) == (None, this_month().next.start_us)


async def test_entries_of_a_clock_that_was_ahead_are_part_of_the_first_partition(
    postgres_dsn: str,
):
    old_tables(postgres_dsn, chained([*MONTHS, LATE[0]]))

    to_head(postgres_dsn)

    (past,) = [one for one in listed(postgres_dsn) if one.table == "journal_past"]
    assert past.end_us == Month(2131, 8).start_us
    assert rows_in(postgres_dsn, "journal_past") == 12


def scripts_until(folder: Path, revision: str) -> Path:
    """Return the migrations of the version that ended with a revision."""
    target = folder / "migrations"
    shutil.copytree(migrate.MIGRATIONS, target, ignore=shutil.ignore_patterns("__pycache__"))
    names = [script.revision for script in migrate.chain()]
    for script in migrate.chain()[names.index(revision) + 1 :]:
        (target / "versions" / Path(script.path).name).unlink()
    return target


def test_a_conversion_killed_after_any_statement_ends_the_same(
    new_postgres_dsn: Callable[[], str], tmp_path: Path
):
    entries = chained(MONTHS)
    whole = new_postgres_dsn()
    old_tables(whole, entries)
    with Migrations("postgres", scripts_until(tmp_path, "partitions")) as migrations:
        total = migrations.die(whole, 0)
        assert total is not None
        wanted = postgres_hash(whole)

        for statement in range(1, total + 1):
            dsn = new_postgres_dsn()
            old_tables(dsn, entries)
            before = postgres_hash(dsn)
            assert migrations.die(dsn, statement) is None
            assert postgres_hash(dsn) == before, f"killed after statement {statement}"
            assert migrations.die(dsn, 0) is not None
            assert postgres_hash(dsn) == wanted, f"killed after statement {statement}"
            assert rows_in(dsn, "journal") == len(entries)


async def test_a_core_of_before_goes_on_through_the_conversion(postgres_dsn: str):
    old_tables(postgres_dsn, chained(MONTHS))
    store = of_before(postgres_dsn)
    await store.open()
    done = asyncio.Event()

    async def writing() -> int:
        count = 0
        while not done.is_set():
            await store.write(appending(notice(), stream=STREAM))
            count += 1
        return count

    task = asyncio.create_task(writing())
    await asyncio.to_thread(to_head, postgres_dsn)
    ensured = await asyncio.to_thread(ensure, postgres_dsn)
    done.set()
    written = await task
    await store.write(appending(notice("after"), stream=STREAM))

    found = await store.read(lambda r: r.entries(STREAM, after=0, limit=1_000_000))
    assert verify(Head(), found).sequence == 9 + written + 1
    assert set(ensured.made) == months_ahead(AHEAD)
    await store.close()


def test_a_conversion_that_crosses_a_writer_is_done_anew(postgres_dsn: str):
    old_tables(postgres_dsn, chained(MONTHS))
    prepared: list[str] = []
    begun: list[sa.Connection] = []
    with psycopg.connect(postgres_dsn) as writer, psycopg.connect(postgres_dsn) as connection:
        engine = migrate.postgres_engine(connection)
        sa.event.listen(engine, "begin", begun.append)
        writer.execute("UPDATE journal_head SET hash = hash")
        converting = threading.Thread(
            target=migrate.to_head,
            args=(engine,),
            kwargs={"before": lambda present, _: prepared.append(present)},
        )
        converting.start()
        while not waits(postgres_dsn, connection.info.backend_pid):
            pass
        # It has this table and waits for ours, so now each waits for the other.
        writer.execute("UPDATE accounts SET label = label")
        writer.commit()
        converting.join()

    assert len(begun) == 2
    assert len(prepared) == 1
    with (
        psycopg.connect(postgres_dsn) as after,
        migrate.postgres_engine(after).connect() as opened,
    ):
        assert migrate.present_in(opened) == migrate.chain()[-1].revision


def waits(dsn: str, pid: int) -> bool:
    """Return whether a session waits for a lock."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", (pid,)
        ).fetchone()
    return row is not None and row[0] == "Lock"


async def test_a_sequence_is_used_once_whatever_the_month(postgres_dsn: str):
    store = postgres_store(postgres_dsn)
    await store.open()
    await store.write(lambda tx: tx.append(Head(), chained(MONTHS[:1]), epoch=None))
    other_month = chained(LATE[:1])

    with pytest.raises(Conflict):
        await store.write(lambda tx: tx.append(Head(), other_month, epoch=None))

    found = await store.read(lambda r: r.entries(STREAM, after=0, limit=99))
    assert list(found) == chained(MONTHS[:1])
    await store.close()
    ensure(postgres_dsn)
    for one in listed(postgres_dsn):
        with psycopg.connect(postgres_dsn) as connection:
            key = connection.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = %s::regclass AND contype = 'p'",
                (one.table,),
            ).fetchall()
        assert key == [("PRIMARY KEY (stream, sequence)",)], one.table


async def test_an_append_in_a_month_without_a_partition_is_taken_and_moved(postgres_dsn: str):
    store = postgres_store(postgres_dsn)
    await store.open()
    entries = chained(LATE)

    def unit(tx: Transaction) -> None:
        tx.append(Head(), entries, epoch=None)

    await store.write(unit)
    assert rows_in(postgres_dsn, DEFAULT) == 6

    ensured = ensure(postgres_dsn)

    assert set(ensured.made) == {"journal_2131_07", "journal_2131_08", *months_ahead(AHEAD)}
    assert rows_in(postgres_dsn, DEFAULT) == 0
    found = await store.read(lambda r: r.entries(STREAM, after=0, limit=99))
    assert list(found) == entries
    assert ensure(postgres_dsn).made == ()
    head = await store.read(lambda r: r.head(STREAM))
    more = chained([datetime(2131, 9, 1, tzinfo=UTC)], head=head)
    await store.write(lambda tx: tx.append(head, more, epoch=None))
    await store.close()


async def test_a_default_partition_that_is_too_full_is_left_as_it_is(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(partitions, "MOVED_AT_MOST", 2)
    store = postgres_store(postgres_dsn)
    await store.open()
    entries = chained(LATE[:1])
    await store.write(lambda tx: tx.append(Head(), entries, epoch=None))

    ensured = ensure(postgres_dsn)

    assert ensured.left == ("journal_2131_07",)
    assert set(ensured.made) == months_ahead(AHEAD)
    found = await store.read(lambda r: r.entries(STREAM, after=0, limit=99))
    assert list(found) == entries
    await store.close()


def test_as_many_months_are_made_as_are_asked_for(postgres_dsn: str):
    to_head(postgres_dsn)

    assert ensure(postgres_dsn, ahead=0).made == ()
    assert set(ensure(postgres_dsn, ahead=14).made) == months_ahead(14)

    assert tables(postgres_dsn) == {"journal_past", DEFAULT, *months_ahead(14)}


def test_two_that_make_partitions_at_once_make_each_once(postgres_dsn: str):
    to_head(postgres_dsn)

    async def both() -> list[str]:
        found = await asyncio.gather(*(asyncio.to_thread(ensure, postgres_dsn) for _ in range(4)))
        return [name for ensured in found for name in ensured.made]

    assert sorted(asyncio.run(both())) == sorted(months_ahead(AHEAD))


def test_who_holds_the_journal_makes_it_fail_and_not_wait(postgres_dsn: str):
    to_head(postgres_dsn)
    with psycopg.connect(postgres_dsn) as holding:
        holding.execute("SELECT count(*) FROM journal")

        with pytest.raises(StoreUnavailable, match="LockNotAvailable"):
            ensure(postgres_dsn)

    assert len(ensure(postgres_dsn).made) == AHEAD


def test_a_database_of_before_is_told_apart(postgres_dsn: str):
    old_tables(postgres_dsn, chained(MONTHS))

    with pytest.raises(StoreUnavailable, match="no partitions yet"):
        listed(postgres_dsn)


async def test_a_part_of_a_backup_has_the_entries_of_every_partition(
    postgres_dsn: str, tmp_path: Path
):
    scene = Scene(tmp_path, postgres_dsn)
    store = scene.store()
    await store.open()
    scene.files()
    await scene.grow(store)
    assert scene.made(full=True).entries > 0
    head = await store.read(lambda r: r.head(STREAM))
    await store.write(lambda tx: tx.append(head, chained(LATE, head=head), epoch=None))
    ensure(postgres_dsn)

    made = scene.made()

    await store.close()
    assert made.entries == 6


def test_the_folder_of_a_backup_names_no_partition(postgres_dsn: str, tmp_path: Path):
    to_head(postgres_dsn)
    ensure(postgres_dsn)
    scene = Scene(tmp_path, postgres_dsn)
    place = Place(data_dir=scene.place.data_dir, database_url=postgres_dsn)
    stamp = Stamp(id="0190f5a0-0000-7000-8000-000000000001", time_us=1, version="0")

    made = make(
        place, tmp_path / "b", Lock(recipients=scene.keys.lock.recipients), stamp, full=True
    )

    assert made is not None
    assert not [name for name in made.manifest.counts if name.startswith("journal_2")]
