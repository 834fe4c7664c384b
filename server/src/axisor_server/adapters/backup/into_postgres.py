"""Loads a backup that was put together into an empty PostgreSQL schema, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from axisor.errors import StoreInUse, StoreUnavailable
from axisor_server.adapters.backup.marking import mark, restored_from
from axisor_server.adapters.backup.opening import Opened
from axisor_server.adapters.backup.postgres_snapshots import CONNECT_TIMEOUT_S
from axisor_server.adapters.backup.snapshots import VERSION_TABLE, SqliteSnapshot
from axisor_server.adapters.database import migrate

RELATIONS = (
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
    " AND relnamespace = current_schema()::regnamespace ORDER BY relispartition DESC, relname"
)
LIVE = (
    "SELECT count(*) FROM {}"
    " WHERE until_us > (extract(epoch from clock_timestamp()) * 1000000)::bigint"
)

Connection = psycopg.Connection[tuple[Any, ...]]


def check_target(dsn: str, *, move_aside: bool) -> None:
    """Raise StoreInUse where the schema is not empty, or where cores act on it."""
    with _connected(dsn) as connection:
        _check(connection, move_aside=move_aside)


def load(dsn: str, backup: Opened, *, time_us: int, move_aside: bool, now: datetime) -> str:
    """Load and mark a backup; returns the schema to which former tables were moved, '' for none.

    Nothing is done unless all is. Raises StoreInUse and StoreUnavailable.
    """
    with _connected(dsn) as connection:
        try:
            engine = migrate.postgres_engine(connection)
            with engine.begin() as transaction:
                full = _check(connection, move_aside=move_aside)
                moved = _move_aside(connection, now) if full else ""
                migrate.upgrade(transaction, backup.manifest.revision)
                _copy_in(connection, backup)
                mark(
                    lambda text, values: connection.execute(
                        text.replace("?", "%s").encode(), values
                    ),
                    restored_from(backup.manifest, time_us=time_us),
                )
        except psycopg.Error as error:
            raise _failed(error) from error
    return moved


def _connected(dsn: str) -> Connection:
    try:
        return psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S)
    except psycopg.Error as error:
        raise _failed(error) from error


def _failed(error: psycopg.Error) -> StoreUnavailable:
    return StoreUnavailable(f"The database does not take the backup ({type(error).__name__}).")


def _check(connection: Connection, *, move_aside: bool) -> bool:
    """Return whether there are tables to move aside."""
    names = [str(name) for (name,) in connection.execute(RELATIONS.encode()).fetchall()]
    if not names:
        return False
    for table in ("leases", "engines"):
        if table in names:
            _check_idle(connection, table)
    if not move_aside:
        raise StoreInUse(
            "The schema of the database is not empty.",
            fix="Restore into an empty one, or add --move-aside: its tables are kept beside.",
        )
    return True


def _check_idle(connection: Connection, table: str) -> None:
    row = connection.execute(sql.SQL(LIVE).format(sql.Identifier(table))).fetchone()
    if row is not None and row[0]:
        raise StoreInUse(
            f"A core acts on this database: {row[0]} of its {table} are alive.",
            fix="Stop every core that uses it, wait ten seconds, and try again.",
        )


def _move_aside(connection: Connection, now: datetime) -> str:
    row = connection.execute(b"SELECT current_schema()").fetchone()
    assert row is not None
    target = f"{row[0]}_before_{now.strftime('%Y%m%dT%H%M%SZ').lower()}"
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(target)))
    for (name,) in connection.execute(RELATIONS.encode()).fetchall():
        connection.execute(
            sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(
                sql.Identifier(name), sql.Identifier(target)
            )
        )
    return target


def _copy_in(connection: Connection, backup: Opened) -> None:
    source = SqliteSnapshot(backup.database)
    try:
        for table in source.tables():
            if table != VERSION_TABLE:
                _copy_table(connection, source, table)
    finally:
        source.close()


def _copy_table(connection: Connection, source: SqliteSnapshot, table: str) -> None:
    columns, rows = source.select(f"SELECT * FROM {table}")  # noqa: S608 - a name of the schema
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    shape = connection.execute(
        sql.SQL("SELECT {} FROM {} LIMIT 0").format(names, sql.Identifier(table))
    )
    types = [column.type_code for column in shape.description or ()]
    # The migration has put facts of its own here; what the backup says counts.
    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    text = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(text) as copy:
        copy.set_types(types)
        for row in _typed(rows, types):
            copy.write_row(row)


def _typed(rows: Iterator[Sequence[Any]], types: Sequence[int]) -> Iterator[Sequence[Any]]:
    boolean = psycopg.adapters.types["bool"].oid
    places = [at for at, type_ in enumerate(types) if type_ == boolean]
    for row in rows:
        typed = list(row)
        for at in places:
            typed[at] = None if typed[at] is None else bool(typed[at])
        yield typed
