"""SQLite sessions: write-ahead log, every commit on the disk before it is acknowledged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from axisor_server.adapters.database.session import Fault, Session
from axisor_server.adapters.system import system_now_us
from axisor_server.domain.scopes import Scope

BUSY_TIMEOUT_MS = 5_000
CACHED_STATEMENTS = 256
CACHE_KIB = 16_384

_AGAIN = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_LOST = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@cache
def text_of(sql: str) -> tuple[str, bool]:
    """Return a statement as SQLite takes it, and whether the time is its last parameter.

    The one writer holds the whole database, so that no row needs a lock.
    """
    text = sql.replace("{lock}", "").replace("{skip}", "")
    if "{now}" not in text:
        return text, False
    first, *rest = text.split("?")
    numbered = "".join(f"?{number}{part}" for number, part in enumerate(rest, 1))
    return (first + numbered).replace("{now}", f"?{len(rest) + 1}"), True


class SqliteSession:
    """A connection in autocommit mode; transactions are begun and ended by hand.

    `now_us` is the database's clock. A statement asks it once, so that time stands still within it,
    as PostgreSQL's does. Statements share one cursor: the next one ends the last.
    """

    def __init__(self, connection: sqlite3.Connection, now_us: Callable[[], int]) -> None:
        self.connection = connection
        self._now_us = now_us
        self._run = connection.cursor().execute

    def execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        text, timed = text_of(sql)
        return self._run(text, (*values, self._now_us()) if timed else values)

    def begin(self, *, write: bool) -> None:
        """Take the write lock at once, or a snapshot for reading."""
        self._run("BEGIN IMMEDIATE" if write else "BEGIN")

    def narrow(self, scope: Scope) -> None:
        """Do nothing: SQLite knows no rules about rows, so whoever reads filters."""

    def savepoint(self) -> None:
        """Begin a unit."""
        self._run("SAVEPOINT unit")

    def release(self) -> None:
        """Keep the unit."""
        self._run("RELEASE unit")

    def undo(self) -> None:
        """Drop the unit."""
        self._run("ROLLBACK TO unit")
        self._run("RELEASE unit")

    def settle(self) -> None:
        """Do nothing: statements are carried out as they come."""

    def commit(self) -> None:
        """Write and sync the log."""
        self._run("COMMIT")

    def rollback(self) -> None:
        """Drop the transaction, unless SQLite did already."""
        if self.connection.in_transaction:
            with suppress(sqlite3.Error):  # the close that follows a failure drops it as well
                self._run("ROLLBACK")

    def close(self) -> None:
        """Close the connection; the last one folds the log into the database."""
        self.connection.close()


class SqliteDialect:
    """Opens sessions on one file; `now_us` is its clock, which has none of its own."""

    name = "sqlite"

    def __init__(self, path: Path, now_us: Callable[[], int] = system_now_us) -> None:
        self.path = path
        self._now_us = now_us

    def connect(self, *, write: bool) -> Session:
        """Open the file: read-write for the writer, read-only for readers."""
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={'rw' if write else 'ro'}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=CACHED_STATEMENTS,
            timeout=BUSY_TIMEOUT_MS / 1000,
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            if write:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return SqliteSession(connection, self._now_us)

    def fault(self, error: BaseException) -> Fault:
        """Return what an error means, by SQLite's result code."""
        if isinstance(error, sqlite3.IntegrityError):
            return Fault.CLASH
        if not isinstance(error, sqlite3.DatabaseError):
            return Fault.BUG
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended one
        if code in _AGAIN:
            return Fault.AGAIN
        if code == sqlite3.SQLITE_FULL:
            return Fault.FULL
        if code in _CORRUPT:
            return Fault.CORRUPT
        if code in _LOST:
            return Fault.LOST
        return Fault.OTHER if isinstance(error, sqlite3.OperationalError) else Fault.BUG
