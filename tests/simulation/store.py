"""One database that all processes share, through the production SQL and its writer, with faults.

The commit of a process that was killed may still be carried out: it was on its way.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from axisor.errors import StoreUnavailable
from axisor_server.adapters.database import schema
from axisor_server.adapters.database import statements as sql
from axisor_server.adapters.database.jobs import Job, Jobs
from axisor_server.adapters.database.reader import SqlReader
from axisor_server.adapters.database.session import Session
from axisor_server.adapters.database.sqlite import SqliteDialect, SqliteSession
from axisor_server.adapters.database.unit import SqlTransaction
from axisor_server.adapters.database.writer import GROUP as GROUP_SIZE
from axisor_server.adapters.database.writer import Writer
from axisor_server.domain.journal import Entry
from axisor_server.domain.records import LeaseRecord
from axisor_server.ports import Reader, Transaction
from tests.simulation.faults import Faults
from tests.simulation.loop import Freezable, SimLoop
from tests.simulation.recall import Recall, RecallReader, TellingSession

T = TypeVar("T")

NEWER = f"SELECT rowid, {sql.ENTRY} FROM journal WHERE rowid > ? ORDER BY rowid"
LEASES = "SELECT account, owner, epoch FROM leases ORDER BY account"


@cache
def _empty() -> bytes:
    """Return an empty database with every table, as bytes."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        image: bytes = raw.serialize()
    engine.dispose()
    return image


class SharedDatabase:
    """The database itself. `on_entries` and `on_lease` hear of everything that became durable."""

    def __init__(self, loop: SimLoop, faults: Faults, seed: int) -> None:
        self.loop = loop
        self.faults = faults
        self.chance = random.Random(f"{seed}/store")
        self.connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        self.connection.deserialize(_empty())
        self.down = False
        self.on_entries: Callable[[Sequence[Entry]], None] = lambda _: None
        self.on_lease: Callable[[LeaseRecord], None] = lambda _: None
        self._seen = 0
        self.recall = Recall(self.connection, loop.now_us)
        self.recalled = RecallReader(self.recall)
        self._reader = SqlReader(SqliteSession(self.connection, loop.now_us))
        self._leases: list[tuple[str, str, int]] = []

    def reader(self) -> SqlReader:
        """Return reads for the checkers, which no fault touches and nothing remembers."""
        return self._reader

    def setup(self, unit: Callable[[Transaction], T]) -> T:
        """Write before anything else happens."""
        session = TellingSession(self.connection, self.loop.now_us)
        result = unit(SqlTransaction(session))
        self.committed(session.changed)
        return result

    def committed(self, tables: Collection[str]) -> None:
        """Tell whoever watches what a commit to some tables made durable."""
        self.recall.forget(tables)
        if "journal" in tables:
            rows = self.connection.execute(NEWER, (self._seen,)).fetchall()
            if rows:
                self._seen = rows[-1][0]
                self.on_entries([Entry(*row[1:]) for row in rows])
        if "leases" in tables:
            rows = self.connection.execute(LEASES).fetchall()
            if rows != self._leases:
                before, self._leases = set(self._leases), rows
                for account, owner, epoch in (row for row in rows if row not in before):
                    self.on_lease(
                        LeaseRecord(account=account, owner=owner, epoch=epoch, until_us=0)
                    )

    def close(self) -> None:
        """Let go of the memory."""
        self.connection.close()


def _broken(code: int, text: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


class FaultySession(TellingSession):
    """A process's connection to the shared database; it breaks as real ones do."""

    def __init__(self, shared: SharedDatabase, door: StoreDoor) -> None:
        super().__init__(shared.connection, shared.loop.now_us)
        self._shared = shared
        self._door = door

    def _reached(self) -> None:
        if self._shared.down or self._door.cut:
            raise _broken(sqlite3.SQLITE_IOERR, "the database does not answer")

    def begin(self, *, write: bool) -> None:
        """Begin, unless the database is busy or gone."""
        self._reached()
        if self._shared.faults.strikes("store-busy"):
            raise _broken(sqlite3.SQLITE_BUSY, "database is locked")
        self.changed.clear()
        super().begin(write=write)

    def commit(self) -> None:
        """Commit, and say so, unless the line breaks just before or just after."""
        if self._shared.faults.strikes("commit-lost"):
            super().rollback()
            raise _broken(sqlite3.SQLITE_IOERR, "the line broke before the commit")
        super().commit()
        self._shared.committed(self.changed)
        if self._shared.faults.strikes("ack-lost"):
            raise _broken(sqlite3.SQLITE_IOERR, "the line broke after the commit")

    def close(self) -> None:
        """Leave the shared connection open."""


class _Dialect(SqliteDialect):
    """Opens faulty sessions on the shared database."""

    def __init__(self, shared: SharedDatabase, door: StoreDoor) -> None:
        self._shared = shared
        self._door = door

    def connect(self, *, write: bool) -> Session:
        """Return a new session where the database answers."""
        session = FaultySession(self._shared, self._door)
        session._reached()
        return session


class StoreDoor:
    """The Store port of one process: latency, group commit by the production writer, outages."""

    def __init__(self, shared: SharedDatabase, process: Freezable) -> None:
        self._shared = shared
        self._process = process
        self._loop = shared.loop
        self._chance = shared.chance
        self._waiting: list[Job[SqlTransaction]] = []
        self.cut = False
        self.dead = False
        dialect = _Dialect(shared, self)
        self._writer = Writer(dialect, Jobs(1), FaultySession(shared, self))

    async def open(self) -> None:
        """Do nothing: the tables are there."""
        if self.dead:
            raise asyncio.CancelledError

    async def close(self) -> None:
        """Do nothing: the others go on with it."""

    def _latency(self) -> float:
        faults = self._shared.faults
        if "store-slow" in faults.rates and faults.strikes("store-slow"):
            return faults.chance("store-slow").uniform(0.5, 8)
        return 0.0005 + 0.004 * self._chance.random()

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit together with all that wait, through the production writer."""
        if self.dead:
            raise asyncio.CancelledError
        future: asyncio.Future[T] = asyncio.Future(loop=self._loop)
        self._waiting.append(Job(unit, self._loop, future))
        if len(self._waiting) == 1:
            self._loop.call_later(self._latency(), self._flush)
        try:
            result = await future
        finally:
            del future  # or the frames of its error would hold it, and it them
        if self.dead:
            raise asyncio.CancelledError
        return result

    def _flush(self) -> None:
        if self.dead:
            return
        jobs, self._waiting = self._waiting[:GROUP_SIZE], self._waiting[GROUP_SIZE:]
        outcomes = self._writer._group(jobs)
        if self._waiting:
            self._loop.call_later(self._latency(), self._flush)
        self._loop.call_later(self._latency() / 2, self._deliver, outcomes)

    def _deliver(self, outcomes: Sequence[tuple[Job[SqlTransaction], Any, Any]]) -> None:
        for job, result, error in outcomes:
            if job.future.done() or self.dead:
                continue
            if error is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(error)

    async def read(self, unit: Callable[[Reader], T]) -> T:
        """Run a unit on what is committed at some moment from now on."""
        if self.dead:
            raise asyncio.CancelledError
        future: asyncio.Future[T] = asyncio.Future(loop=self._loop)
        self._loop.call_later(self._latency(), self._read, unit, future)
        try:
            result = await future
        finally:
            del future  # or the frames of its error would hold it, and it them
        if self.dead:
            raise asyncio.CancelledError
        return result

    def _read(self, unit: Callable[[Reader], T], future: asyncio.Future[T]) -> None:
        if future.done() or self.dead:
            return
        if self._shared.down or self.cut:
            future.set_exception(StoreUnavailable("The database does not answer."))
            return
        try:
            result = unit(self._shared.recalled)
        except Exception as error:  # a unit may raise what it likes; its caller gets it
            future.set_exception(error)
        else:
            future.set_result(result)

    def die(self, *, last_words: bool) -> None:
        """Become inert; what waited may still be carried out, though nobody hears of it."""
        jobs, self._waiting = self._waiting, []
        self.dead = True
        if jobs and last_words:
            self._loop.call_later(
                self._shared.chance.uniform(0, 2), self._finish, jobs, context=_nobody()
            )

    def _finish(self, jobs: Sequence[Job[SqlTransaction]]) -> None:
        self._writer._group([Job(job.unit, job.loop, self._loop.create_future()) for job in jobs])


def _nobody() -> Any:
    from contextvars import Context

    return Context()
