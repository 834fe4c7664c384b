"""An empty SQLite file gets the newest tables at once: those that migrations would have made."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from axisor_server.adapters.database import migrate, newest

AGAIN = "Write it anew: migrate an empty database and keep what `migrate.tables_of` returns."


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def migrated() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate.to_head(migrate.sqlite_engine(connection))
        yield connection


def content(connection: sqlite3.Connection) -> list[str]:
    return list(connection.iterdump())


def test_the_text_of_the_tables_is_what_migrations_make(migrated: sqlite3.Connection) -> None:
    assert newest.TABLES.read_text("utf-8") == migrate.tables_of(migrated), AGAIN


def test_an_empty_database_gets_what_migrations_make(
    empty: sqlite3.Connection, migrated: sqlite3.Connection
) -> None:
    assert newest.settle(empty)

    assert content(empty) == content(migrated)


def test_a_database_that_was_migrated_is_known_and_left_alone(migrated: sqlite3.Connection) -> None:
    before = content(migrated)

    assert newest.settle(migrated)
    assert content(migrated) == before


def test_a_database_of_an_older_schema_is_left_to_migrations(empty: sqlite3.Connection) -> None:
    migrate.to_revision(migrate.sqlite_engine(empty), migrate.chain()[-2].revision)
    before = content(empty)

    assert not newest.settle(empty)
    assert content(empty) == before


def test_a_database_that_does_not_say_its_schema_is_left_to_migrations(
    migrated: sqlite3.Connection,
) -> None:
    migrated.execute("DELETE FROM meta")

    assert not newest.settle(migrated)


def test_a_database_with_tables_of_others_is_left_to_migrations(empty: sqlite3.Connection) -> None:
    empty.execute("CREATE TABLE theirs (id TEXT)")

    assert not newest.settle(empty)


def test_tables_that_cannot_be_made_leave_an_empty_database(
    empty: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = newest.Schema(revision="rows", compatible="\udcff")
    monkeypatch.setattr(newest, "NEWEST", broken)
    newest._said.cache_clear()

    with pytest.raises(UnicodeEncodeError):
        newest.settle(empty)

    newest._said.cache_clear()
    assert content(empty) == ["BEGIN TRANSACTION;", "COMMIT;"]
    assert not empty.in_transaction


def test_a_core_on_sqlite_loads_nothing_that_it_does_not_need() -> None:
    unneeded = ("alembic", "sqlalchemy", "psycopg", "redis", "httpx", "httpcore")
    shown = f"import axisor_server.app, sys; print([m for m in {unneeded} if m in sys.modules])"

    found = subprocess.run(
        [sys.executable, "-c", shown], capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "[]"
