"""The Store port over a database: opens it, checks it, and owns its threads."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from axisor.errors import JournalCorrupt, StoreUnavailable
from axisor_server.adapters import kinds
from axisor_server.adapters.database import closing, newest, wal
from axisor_server.adapters.database.directory import DataDirectory
from axisor_server.adapters.database.doubting import doubt
from axisor_server.adapters.database.jobs import Jobs
from axisor_server.adapters.database.reader import SqlReader
from axisor_server.adapters.database.readers import READERS, ReaderThread
from axisor_server.adapters.database.session import Dialect, Fault
from axisor_server.adapters.database.sqlite import SqliteDialect
from axisor_server.adapters.database.unit import SqlTransaction
from axisor_server.adapters.database.writer import Writer, store_error
from axisor_server.adapters.system import system_now_us
from axisor_server.ports import Reader, Transaction

T = TypeVar("T")

QUEUED_WRITES = 4_096
QUEUED_READS = 256

NEEDED_SQLITE = (3, 35)


class DatabaseStore:
    """One writer thread with group commit, a few reader threads, on SQLite or PostgreSQL."""

    def __init__(
        self,
        dialect: Dialect,
        prepare: Callable[[], None],
        leave: Callable[[], None],
        *,
        relief: Callable[[], bool] = lambda: False,
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        self._dialect = dialect
        self._closed = closed
        self._relief = relief
        self._prepare = prepare
        self._leave = leave
        self._writes: Jobs[SqlTransaction] | None = None
        self._reads: Jobs[SqlReader] | None = None
        self._threads: list[Writer | ReaderThread] = []

    async def open(self) -> None:
        """Take the directory, check and migrate the database, start the threads."""
        kinds.learn()
        await asyncio.to_thread(self._open)

    def _open(self) -> None:
        if self._threads:
            return
        try:
            self._prepare()
            session = self._dialect.connect(write=True)
        except BaseException as error:
            self._leave()
            cause = getattr(error, "orig", None) or error  # a migration's is wrapped
            fault = self._dialect.fault(cause)
            if fault is Fault.BUG:
                raise
            raise store_error(fault, cause) from error
        self._writes, self._reads = Jobs(QUEUED_WRITES), Jobs(QUEUED_READS)
        self._threads = [Writer(self._dialect, self._writes, session, relief=self._relief)]
        self._threads += [ReaderThread(self._dialect, self._reads) for _ in range(READERS)]
        for thread in self._threads:
            thread.start()

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit in the writer thread; returns once its commit is durable."""
        if self._writes is None:
            raise StoreUnavailable("The database is not open.")
        return await self._writes.submit(unit)

    async def read(self, unit: Callable[[Reader], T]) -> T:
        """Run a unit in a reader thread, on what was committed before."""
        if self._reads is None:
            raise StoreUnavailable("The database is not open.")
        return await self._reads.submit(unit)

    async def close(self) -> None:
        """Carry out what is queued, stop the threads, let go of the directory."""
        threads, self._threads = self._threads, []
        # The writer goes last: only it may fold SQLite's log into the database.
        for jobs, kind in ((self._reads, ReaderThread), (self._writes, Writer)):
            if jobs is not None:
                jobs.close()
            for thread in threads:
                if isinstance(thread, kind):
                    await asyncio.to_thread(thread.join)
        if threads:
            self._closed()
        self._leave()


def sqlite_store(
    directory: Path,
    now_us: Callable[[], int] = system_now_us,
    *,
    before: newest.Before | None = None,
    relief: Callable[[], bool] = lambda: False,
) -> DatabaseStore:
    """Return a store on the SQLite database of a data directory, which one core holds at a time.

    `now_us` is the database's clock. `before` is called before a migration changes it, `relief`
    when its disk is full.
    """
    data = DataDirectory(directory)
    dialect = SqliteDialect(data.database, now_us)

    def prepare() -> None:
        if sqlite3.sqlite_version_info < NEEDED_SQLITE:
            raise StoreUnavailable(
                f"SQLite {sqlite3.sqlite_version} is too old.", fix="Use Python with SQLite 3.35."
            )
        data.take()
        known = closing.is_as_noted(data.database)
        _check_and_migrate(data.database, dialect, before, known=known)

    def closed() -> None:
        closing.note(data.database)

    return DatabaseStore(dialect, prepare, data.release, relief=relief, closed=closed)


def _check_and_migrate(
    path: Path, dialect: SqliteDialect, before: newest.Before | None, *, known: bool
) -> None:
    """Read all of a database, unless it is `known` to be as it was closed, and migrate it."""
    log = wal.look(path)
    if not log.sound:
        raise _damaged(path, "its log has no sound beginning")
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        if not known:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise _damaged(path, found)
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA synchronous = FULL")
        lost = 0
        if log.commits:
            _, valid, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            lost = log.lost(valid)
        if lost > 1:
            raise _damaged(path, f"its log breaks off before {lost} commits that it holds")
        if not newest.settle(connection):
            from axisor_server.adapters.database import migrate

            migrate.to_head(migrate.sqlite_engine(connection), before=before)
        if lost:
            doubt(connection)
    except sqlite3.DatabaseError as error:
        if dialect.fault(error) is Fault.CORRUPT:
            raise _damaged(path, str(error)) from error
        raise
    finally:
        connection.close()


def _damaged(path: Path, what: str) -> JournalCorrupt:
    return JournalCorrupt(
        f"The database {path} is damaged: {what}.",
        fix="Keep a copy of the directory, then restore the newest backup that verifies:"
        " axisor backup restore --move-aside. Look at the disk before you trust it again.",
        path=path,
    )


def postgres_store(dsn: str, *, before: newest.Before | None = None) -> DatabaseStore:
    """Return a store on a PostgreSQL database, which several cores may share by leases."""
    from axisor_server.adapters.database import migrate
    from axisor_server.adapters.database.postgres import PostgresDialect

    dialect = PostgresDialect(dsn)

    def prepare() -> None:
        connection = dialect.raw()
        try:
            migrate.to_head(migrate.postgres_engine(connection), before=before)
        finally:
            connection.close()

    return DatabaseStore(dialect, prepare, lambda: None)
