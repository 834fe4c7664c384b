"""What only the databases do: locks, migrations, group commit, crashes, damage, races."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from tests.support.records import appending, notice

from axisor.errors import JournalCorrupt, StoreInUse, StoreUnavailable
from axisor_server.adapters.database import migrate, sqlite_store
from axisor_server.adapters.database.schema import metadata
from axisor_server.adapters.database.session import Session
from axisor_server.adapters.database.sqlite import SqliteDialect, SqliteSession
from axisor_server.adapters.database.store import DatabaseStore
from axisor_server.domain.journal import Head, verify

# ---------------------------------------------------------------- SQLite


def test_a_statement_is_handed_the_time_once_wherever_it_asks_for_it():
    times = iter((7, 8))
    connection = sqlite3.connect(":memory:", isolation_level=None)
    session = SqliteSession(connection, lambda: next(times))

    rows = [session.execute("SELECT {now} + ?, ?, {now}", (10, "b")).fetchall() for _ in range(2)]

    assert rows == [[(17, "b", 7)], [(18, "b", 8)]]
    assert session.execute("SELECT ?", (1,)).fetchone() == (1,)
    session.close()


async def test_a_second_core_is_refused_with_the_directory_and_the_process(tmp_path: Path):
    first, second = sqlite_store(tmp_path), sqlite_store(tmp_path)
    await first.open()

    with pytest.raises(StoreInUse) as raised:
        await second.open()

    assert raised.value.metadata == {"directory": str(tmp_path), "pid": str(os.getpid())}
    await first.close()
    await second.open()
    await second.close()


async def test_the_database_is_readable_by_its_owner_only(tmp_path: Path):
    store = sqlite_store(tmp_path / "data")
    await store.open()
    await store.write(appending(notice()))

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}

    assert set(modes.values()) == {0o600}
    await store.close()


async def test_a_damaged_database_is_refused_and_left_alone(tmp_path: Path):
    path = tmp_path / "axisor.db"
    path.write_bytes(b"this is no database, but it was somebody's once" * 50)
    path.chmod(0o600)
    before = path.read_bytes()

    with pytest.raises(JournalCorrupt, match="damaged"):
        await sqlite_store(tmp_path).open()

    assert path.read_bytes() == before


async def test_units_that_wait_together_share_commits(tmp_path: Path):
    traced: list[str] = []

    class Traced(SqliteDialect):
        def connect(self, *, write: bool) -> Session:
            session = super().connect(write=write)
            if write and isinstance(session, SqliteSession):
                session.connection.set_trace_callback(traced.append)
            return session

    first = sqlite_store(tmp_path)
    await first.open()
    await first.close()
    store = DatabaseStore(Traced(tmp_path / "axisor.db"), lambda: None, lambda: None)
    await store.open()

    await asyncio.gather(*(store.write(appending(notice(str(n)))) for n in range(200)))

    await store.close()
    assert traced.count("SAVEPOINT unit") == 200
    assert traced.count("COMMIT") == traced.count("BEGIN IMMEDIATE") <= 20


async def test_a_full_database_refuses_writes_and_still_reads(tmp_path: Path):
    class Small(SqliteDialect):
        def connect(self, *, write: bool) -> Session:
            session = super().connect(write=write)
            if write and isinstance(session, SqliteSession):
                (pages,) = session.connection.execute("PRAGMA page_count").fetchone()
                session.connection.execute(f"PRAGMA max_page_count = {pages + 4}")
            return session

    first = sqlite_store(tmp_path)
    await first.open()
    await first.write(appending(notice("kept")))
    await first.close()
    store = DatabaseStore(Small(tmp_path / "axisor.db"), lambda: None, lambda: None)
    await store.open()

    large, small = notice("x" * 200_000), notice("small")
    results = await asyncio.gather(
        store.write(appending(large)), store.write(appending(small)), return_exceptions=True
    )

    assert isinstance(results[0], StoreUnavailable)
    assert "full" in str(results[0])
    assert results[1] == await store.read(lambda r: r.head("accounts/a"))
    found = await store.read(lambda r: r.entries("accounts/a", after=0, limit=9))
    assert verify(Head(), found).sequence == 2
    await store.close()


async def test_a_cancelled_caller_disturbs_nobody(tmp_path: Path):
    store = sqlite_store(tmp_path)
    await store.open()
    tasks = [asyncio.create_task(store.write(appending(notice()))) for _ in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()

    results = await asyncio.gather(*tasks, return_exceptions=True)

    kept = [result for result in results if isinstance(result, Head)]
    assert len(kept) >= 25
    found = await store.read(lambda r: r.entries("accounts/a", after=0, limit=99))
    assert verify(Head(), found).sequence >= 25
    await store.close()


WRITE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from axisor_server.adapters.database import sqlite_store
from tests.support.records import appending, notice

async def main():
    store = sqlite_store(Path(sys.argv[1]))
    await store.open()
    while True:
        heads = await asyncio.gather(*(store.write(appending(notice("x"))) for _ in range(8)))
        print(max(head.sequence for head in heads), flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("commits", [1, 7, 30])
async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, commits: int):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITE_FOR_EVER), str(tmp_path)],
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    with process.stdout:
        acknowledged = [int(process.stdout.readline()) for _ in range(commits)][-1]
        process.send_signal(signal.SIGKILL)
        process.wait()

    store = sqlite_store(tmp_path)
    await store.open()

    head = await store.read(lambda r: r.head("accounts/a"))
    found = await store.read(lambda r: r.entries("accounts/a", after=0, limit=1_000_000))
    assert verify(Head(), found) == head
    assert head.sequence >= acknowledged
    assert (await store.write(appending(notice("next")))).sequence == head.sequence + 1
    await store.close()


# ---------------------------------------------------------------- migrations

TABLES = frozenset(metadata.tables)


def differences(engine: sa.Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": no_partition})
        return list(compare_metadata(context, metadata))


def no_partition(name: str | None, kind: str, _: object) -> bool:
    """Return whether a table is one of its own: the parts of the journal are the journal's."""
    return kind != "table" or name is None or not name.startswith("journal_") or name in TABLES


def test_migrations_end_at_the_schema_on_sqlite(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / "db", isolation_level=None)
    engine = migrate.sqlite_engine(connection)

    migrate.to_head(engine)
    migrate.to_head(engine)

    assert differences(engine) == []
    made = sqlite3.connect(tmp_path / "made", isolation_level=None)
    metadata.create_all(migrate.sqlite_engine(made))
    shape = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE '%alembic%'"
    indexes = {row for row in connection.execute(shape) if row[0] == "index"}
    assert indexes == {row for row in made.execute(shape) if row[0] == "index"}
    connection.close()
    made.close()


@pytest.mark.postgres
def test_migrations_end_at_the_schema_on_postgres(postgres_dsn: str):
    with psycopg.connect(postgres_dsn) as connection:
        engine = migrate.postgres_engine(connection)

        migrate.to_head(engine)
        migrate.to_head(engine)

        assert differences(engine) == []


def test_a_migration_that_is_interrupted_leaves_nothing(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / "db", isolation_level=None)
    connection.execute("CREATE TABLE runs (oops TEXT)")  # the last table of the first revision
    with pytest.raises(sa.exc.OperationalError):
        migrate.to_head(migrate.sqlite_engine(connection))

    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]

    assert tables == ["runs"]
    connection.close()


async def test_a_newer_schema_is_refused(tmp_path: Path):
    store = sqlite_store(tmp_path)
    await store.open()
    await store.close()
    with sqlite3.connect(tmp_path / "axisor.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    with pytest.raises(StoreUnavailable, match="newer schema 9999"):
        await sqlite_store(tmp_path).open()
