"""One still moment of a PostgreSQL database, read beside the cores at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from axisor.errors import StoreUnavailable
from axisor_server.adapters.backup.rows import Row, write_rows
from axisor_server.adapters.backup.snapshots import ROWS, VERSION_TABLE, Selected

CONNECT_TIMEOUT_S = 10


class PostgresSnapshot:
    """A PostgreSQL schema within a repeatable read."""

    database = "postgresql"
    broken: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, dsn: str) -> None:
        try:
            self._connection = psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S)
            self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self._connection.read_only = True
            self._connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise StoreUnavailable(
                f"The database cannot be read ({type(error).__name__})."
            ) from error

    def tables(self) -> list[str]:
        """Return the names of its tables; partitions are read through their table."""
        rows = self._connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = current_schema()::regnamespace ORDER BY relname"
        ).fetchall()
        return [str(name) for (name,) in rows if name != VERSION_TABLE]

    def select(self, text: str, values: Sequence[object] = ()) -> Selected:
        """Run a query, whose rows are held here; everything at once goes by `dump`."""
        cursor = self._connection.execute(text.replace("?", "%s").encode(), values, binary=True)
        columns = tuple(column.name for column in cursor.description or ())
        return Selected(columns, iter(cursor))

    def dump(self, folder: Path) -> None:
        """Copy every table out."""
        for table in self.tables():
            columns, types = self._shape(table)
            write_rows(folder / ROWS / table, columns, self._copied(table, columns, types))

    def _shape(self, table: str) -> tuple[tuple[str, ...], list[int]]:
        empty = sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(table))
        description = self._connection.execute(empty).description or ()
        return tuple(c.name for c in description), [c.type_code for c in description]

    def _copied(self, table: str, columns: Sequence[str], types: list[int]) -> Iterator[Row]:
        order = sql.SQL("stream, sequence") if table == "journal" else sql.SQL("1")
        text = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT BINARY)").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table), order
        )
        with self._connection.cursor() as cursor, cursor.copy(text) as copy:
            copy.set_types(types)
            yield from copy.rows()

    def close(self) -> None:
        """Close the connection."""
        with suppress(psycopg.Error):  # nothing was written
            self._connection.rollback()
        self._connection.close()
