"""The monthly partitions of the journal on PostgreSQL, listed and made ahead.

An entry whose month has none goes into the default partition, so that no append ever fails for it.
None is ever dropped: what an account is follows from its whole journal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import sql

from axisor.errors import StoreUnavailable
from axisor_server.domain.months import Month, months_from

AHEAD = 2
"""For how many months after this one partitions are there before they are needed."""

AHEAD_AT_MOST = 60

MOVED_AT_MOST = 20_000
"""The most entries that are moved out of the default partition, for appends wait meanwhile."""

DEFAULT = "journal_default"
LOCK = 0x4178_7061_7274
"""The key of the transaction-long lock: one replica at a time makes partitions."""

CONNECT_TIMEOUT_S = 5

NOW = b"SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
KIND = b"SELECT relkind FROM pg_class WHERE oid = to_regclass('journal')"
LISTED = (
    b"SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), c.reltuples::bigint,"
    b" pg_total_relation_size(c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    b" WHERE i.inhparent = to_regclass('journal') ORDER BY c.relname"
)
BOUNDS = re.compile(r"FOR VALUES FROM \((?:MINVALUE|'(-?\d+)')\) TO \('(-?\d+)'\)")
MONTHS = sql.SQL(
    "SELECT DISTINCT extract(year FROM at)::int, extract(month FROM at)::int FROM"
    " (SELECT to_timestamp(time / 1000000) AT TIME ZONE 'UTC' AS at FROM {}) AS times"
).format(sql.Identifier(DEFAULT))
COUNT = sql.SQL(
    "SELECT count(*) FROM (SELECT 1 FROM {} WHERE time >= {} AND time < {} LIMIT {}) AS few"
)
CREATE = sql.SQL(
    "CREATE TABLE {} (LIKE journal INCLUDING DEFAULTS, PRIMARY KEY (stream, sequence))"
)
MOVE = sql.SQL(
    "WITH moved AS (DELETE FROM {} WHERE time >= {} AND time < {} RETURNING *)"
    " INSERT INTO {} SELECT * FROM moved"
)
ATTACH = sql.SQL("ALTER TABLE journal ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})")

Connection = psycopg.Connection[tuple[Any, ...]]


class Partition(Struct, frozen=True):
    """A partition: from and until when its entries are, about how many, and its bytes.

    `start_us` is None where it has no beginning, and `end_us` for the default one; `rows` is the
    database's estimate, -1 before its first.
    """

    table: str
    start_us: int | None
    end_us: int | None
    rows: int
    size: int

    def covers(self, time_us: int) -> bool:
        """Return whether entries of a time lie here by its bounds."""
        return self.end_us is not None and (self.start_us or time_us) <= time_us < self.end_us


class Ensured(Struct, frozen=True):
    """The partitions that were made, and the months that stay in the default one."""

    made: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def table_of(month: Month) -> str:
    """Return the name of a month's partition."""
    return f"journal_{month.year:04}_{month.month:02}"


def listed(dsn: str) -> Sequence[Partition]:
    """Return the partitions of the journal by name. Raises StoreUnavailable."""
    with _connected(dsn) as connection:
        return _listed(connection)


def ensure(dsn: str, *, ahead: int = AHEAD) -> Ensured:
    """Make the partitions that lack: of this month, those ahead, and those in the default one.

    Each in a transaction of its own that waits two seconds for others. Raises StoreUnavailable.
    """
    made: list[str] = []
    left: list[str] = []
    with _connected(dsn) as connection:
        for month in _wanted(connection, ahead):
            with connection.transaction():
                connection.execute(b"SET LOCAL lock_timeout = '2s'")
                connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})".encode())
                if any(one.covers(month.start_us) for one in _listed(connection)):
                    continue
                (made if _make(connection, month) else left).append(table_of(month))
    return Ensured(tuple(made), tuple(left))


def _wanted(connection: Connection, ahead: int) -> list[Month]:
    present = _listed(connection)
    ((now_us,),) = connection.execute(NOW).fetchall()
    misplaced = (Month(year, month) for year, month in connection.execute(MONTHS).fetchall())
    wanted = {*months_from(now_us, ahead=min(ahead, AHEAD_AT_MOST)), *misplaced}
    lacking = [m for m in sorted(wanted) if not any(one.covers(m.start_us) for one in present)]
    return lacking[: AHEAD_AT_MOST + 1]


def _make(connection: Connection, month: Month) -> bool:
    """Fill a table of its own and attach it, which holds up no append to another month."""
    low, high = sql.Literal(month.start_us), sql.Literal(month.next.start_us)
    table, default = sql.Identifier(table_of(month)), sql.Identifier(DEFAULT)
    count = COUNT.format(default, low, high, sql.Literal(MOVED_AT_MOST + 1))
    ((misplaced,),) = connection.execute(count).fetchall()
    if misplaced > MOVED_AT_MOST:
        return False
    if misplaced:
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(default))
    connection.execute(CREATE.format(table))
    if misplaced:
        connection.execute(MOVE.format(default, low, high, table))
    connection.execute(ATTACH.format(table, low, high))
    return True


def _listed(connection: Connection) -> list[Partition]:
    found = []
    for name, bounds, rows, size in connection.execute(LISTED).fetchall():
        match = BOUNDS.fullmatch(bounds)
        start, end = match.groups() if match else (None, None)
        found.append(
            Partition(
                table=str(name),
                start_us=None if start is None else int(start),
                end_us=None if end is None else int(end),
                rows=int(rows),
                size=int(size),
            )
        )
    return found


@contextmanager
def _connected(dsn: str) -> Iterator[Connection]:
    try:
        with psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S, autocommit=True) as connection:
            kind = connection.execute(KIND).fetchone()
            if kind is None or kind[0] not in ("p", b"p"):
                raise StoreUnavailable(
                    "The journal of this database has no partitions yet.",
                    fix="Bring it to this version's schema: axisor db migrate.",
                )
            yield connection
    except psycopg.Error as error:
        raise StoreUnavailable(
            f"The partitions of the journal cannot be looked after ({type(error).__name__}).",
            money="Entries are written all the same, into the default partition.",
        ) from error
