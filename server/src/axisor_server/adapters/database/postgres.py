"""PostgreSQL sessions: psycopg in pipeline mode, where what nobody waits for costs no trip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from types import MappingProxyType

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from axisor_server.adapters.database.overdue import Overdue
from axisor_server.adapters.database.session import Cursor, Fault, Session
from axisor_server.domain.scopes import Scope

CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT = "2s"
STANDSTILL = "1s"
"""How long a transaction may stand still, as that of a stopped replica does, before the server ends
its session and gives its locks back. Others wait for them a little longer than that."""

TRANSACTION = "4s"
"""How long a transaction may take in all, which is less than a lease lasts."""
STATEMENT_TIMEOUT = "30s"

WRITING_S, READING_S = 10.0, 40.0
"""How long a transaction may take as this side sees it. The server ends it sooner, where it can."""

_SAFE_COMMITS = ("on", "remote_apply")
"""Values of synchronous_commit under which an acknowledged commit is on the disk."""


NETWORK: Mapping[str, int] = MappingProxyType(
    {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": 5_000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    }
)
"""How soon a network that swallows everything counts as gone. Else it would be a quarter of an hour
until a write fails, and minutes after its return until the next one goes through."""


NOW = "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
"""The server's time as the statement runs, not as its transaction began."""


class CommitUnknown(Exception):
    """The connection broke while a COMMIT was under way."""


_AGAIN = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.QueryCanceled,
)
_FULL = (errors.DiskFull, errors.OutOfMemory)
_CORRUPT = (errors.DataCorrupted, errors.IndexCorrupted)
_GONE = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, CommitUnknown)
_ENDED = ("25P03", "25P04")
"""Of a session that the server ended because its transaction stood still or took too long."""

_BOUNDED_TRANSACTIONS = 170_000
"""The first version that bounds a whole transaction, also when its client stops in mid-speech."""


_NARROW = (
    "SELECT set_config('axisor.scope', 'narrow', true), set_config('axisor.accounts', %s, true),"
    " set_config('axisor.principal', %s, true), set_config('axisor.person', %s, true),"
    " set_config('axisor.core', %s, true)"
)


def _settings(scope: Scope) -> tuple[str, str, str, str]:
    accounts = ",".join(sorted(scope.accounts))
    return accounts, scope.principal, scope.person, "yes" if scope.core else "no"


@cache
def _text(sql: str) -> bytes:
    text = sql.replace("{lock}", " FOR UPDATE").replace("{skip}", " FOR UPDATE SKIP LOCKED")
    return text.replace("{now}", NOW).replace("?", "%s").encode()


@cache
def _answers(sql: str) -> bool:
    return sql.startswith("SELECT") or "RETURNING" in sql


class PostgresSession:
    """A connection in autocommit mode; transactions are begun and ended by hand.

    Each transaction sets what it needs for itself, so a pooler that hands the connection on between
    transactions changes nothing.
    """

    def __init__(
        self,
        connection: psycopg.Connection[tuple[object, ...]],
        overdue: Overdue,
        patience_s: float,
    ) -> None:
        self._connection = connection
        self._overdue = overdue
        self._patience_s = patience_s
        self._pipeline: psycopg.Pipeline | None = None
        self._stack = ExitStack()
        with self._bounded():
            row = connection.execute(b"SHOW synchronous_commit").fetchone()
        self._must_ask_durability = row is None or row[0] not in _SAFE_COMMITS
        self._bounds_transactions = connection.info.server_version >= _BOUNDED_TRANSACTIONS

    def execute(self, sql: str, values: Sequence[object] = ()) -> Cursor:
        """Queue one statement; fetching from its cursor waits for it."""
        cursor = self._connection.execute(_text(sql), values, binary=True)
        if self._pipeline is not None and not self._bounds_transactions and _answers(sql):
            # Only between exchanges does an older server notice that nothing comes any more.
            self._pipeline.sync()
        return cursor

    def begin(self, *, write: bool) -> None:
        """Begin with a snapshot; a writer waits neither for locks nor for statements for ever."""
        self._stack.enter_context(self._bounded())
        self._pipeline = self._stack.enter_context(self._connection.pipeline())
        access = b"READ WRITE" if write else b"READ ONLY"
        self._connection.execute(b"BEGIN ISOLATION LEVEL REPEATABLE READ " + access)
        self._connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'".encode())
        if write:
            self._connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'".encode())
            self._give_locks_back_in_time()
        if write and self._must_ask_durability:
            self._connection.execute(b"SET LOCAL synchronous_commit = on")

    def _give_locks_back_in_time(self) -> None:
        """Have the server end this session where this process stops within a transaction."""
        name = b"idle_in_transaction_session_timeout"
        self._connection.execute(b"SET LOCAL " + name + f" = '{STANDSTILL}'".encode())
        if self._bounds_transactions:
            self._connection.execute(f"SET LOCAL transaction_timeout = '{TRANSACTION}'".encode())

    def narrow(self, scope: Scope) -> None:
        """Say for whom this transaction reads; the policies of the tables do the rest."""
        self._connection.execute(_NARROW, _settings(scope))

    def savepoint(self) -> None:
        """Begin a unit."""
        self._connection.execute(b"SAVEPOINT unit")

    def release(self) -> None:
        """Keep the unit."""
        self._connection.execute(b"RELEASE SAVEPOINT unit")

    def undo(self) -> None:
        """Drop the unit."""
        self._connection.execute(b"ROLLBACK TO SAVEPOINT unit")
        self._connection.execute(b"RELEASE SAVEPOINT unit")

    def settle(self) -> None:
        """Wait for every queued statement."""
        if self._pipeline is not None:
            self._pipeline.sync()

    def commit(self) -> None:
        """Commit; raises CommitUnknown when the connection breaks before the answer."""
        try:
            cursor = self._connection.execute(b"COMMIT")
            self._leave()
        except psycopg.Error as error:
            if self._connection.broken or self._connection.closed:
                raise CommitUnknown("The connection broke during COMMIT.") from error
            raise
        if cursor.statusmessage != "COMMIT":
            # PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error.
            raise errors.SerializationFailure("The transaction had failed and was rolled back.")

    def rollback(self) -> None:
        """Drop the transaction; with a lost connection the server drops it."""
        with suppress(psycopg.Error):
            self._leave()
        if not self._connection.closed:
            with suppress(psycopg.Error), self._bounded():
                self._connection.execute(b"ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _leave(self) -> None:
        self._pipeline = None
        self._stack.close()

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Break the connection if what is done here takes too long."""
        exchange = self._overdue.begin(self._connection.fileno(), self._patience_s)
        try:
            yield
        finally:
            self._overdue.end(exchange)


class PostgresDialect:
    """Opens sessions on one database; `dsn` is libpq's text and may hold a password."""

    name = "postgresql"

    def __init__(
        self, dsn: str, *, writing_s: float = WRITING_S, reading_s: float = READING_S
    ) -> None:
        self._dsn = dsn
        self._overdue = Overdue()
        self._writing_s, self._reading_s = writing_s, reading_s
        stated = conninfo_to_dict(dsn)
        self._usual = {name: value for name, value in NETWORK.items() if name not in stated}

    def raw(self) -> psycopg.Connection[tuple[object, ...]]:
        """Open a bare connection in autocommit mode; what the address says of it counts."""
        return psycopg.connect(make_conninfo(self._dsn, **self._usual), autocommit=True)

    def connect(self, *, write: bool) -> Session:
        """Open a session; readers and the writer differ only in how they begin."""
        connection = self.raw()
        try:
            patience_s = self._writing_s if write else self._reading_s
            return PostgresSession(connection, self._overdue, patience_s)
        except BaseException:
            connection.close()
            raise

    def fault(self, error: BaseException) -> Fault:
        """Return what an error means, by its SQLSTATE's class."""
        if isinstance(error, _AGAIN):
            return Fault.AGAIN
        if isinstance(error, _FULL):
            return Fault.FULL
        if isinstance(error, _CORRUPT):
            return Fault.CORRUPT
        if isinstance(error, errors.IntegrityError):
            return Fault.CLASH
        if isinstance(error, _GONE) or getattr(error, "sqlstate", None) in _ENDED:
            return Fault.LOST
        if isinstance(error, psycopg.OperationalError):
            # Without a SQLSTATE it is libpq that speaks: the connection is gone or never was.
            return Fault.LOST if error.sqlstate is None else Fault.OTHER
        return Fault.BUG
