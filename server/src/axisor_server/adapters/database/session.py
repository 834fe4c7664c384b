"""What a database connection offers the units, and how its failures are told apart."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from axisor_server.domain.scopes import Scope

Value: TypeAlias = str | int | bytes | None
"""What a parameter may be; a bool is an int here."""


class Fault(enum.Enum):
    """What a failure of the database means for the unit it hit."""

    AGAIN = "again"
    """The database asks to repeat the transaction; nothing of it was written."""

    CLASH = "clash"
    """A uniqueness rule refused the row: another writer was first."""

    LOST = "lost"
    """The connection is gone."""

    FULL = "full"
    """There is no room left; nothing of the transaction was written."""

    CORRUPT = "corrupt"
    """The file is damaged."""

    OTHER = "other"
    """Anything else the database refuses."""

    BUG = "bug"
    """The statement or its parameters are wrong, or the error is not the database's."""


class Cursor(Protocol):
    """The rows a statement answered with."""

    def fetchone(self) -> tuple[object, ...] | None:
        """Return the next row or None."""
        ...

    def fetchall(self) -> Sequence[tuple[object, ...]]:
        """Return the rows that are left."""
        ...


class Session(Protocol):
    """One connection, used by one thread."""

    def execute(self, sql: str, values: Sequence[object] = ()) -> Cursor:
        """Run one statement written with `?`, `{lock}`, `{skip}` and `{now}`."""
        ...

    def begin(self, *, write: bool) -> None:
        """Begin a transaction that sees one consistent view."""
        ...

    def narrow(self, scope: Scope) -> None:
        """Hold back what is not in a scope until the transaction ends, where rows can be."""
        ...

    def savepoint(self) -> None:
        """Begin a unit inside the transaction."""
        ...

    def release(self) -> None:
        """Keep what the unit wrote."""
        ...

    def undo(self) -> None:
        """Drop what the unit wrote and nothing else."""
        ...

    def settle(self) -> None:
        """Make sure that every statement so far has been carried out, or raise."""
        ...

    def commit(self) -> None:
        """Make the transaction durable."""
        ...

    def rollback(self) -> None:
        """Drop the transaction; never raises for a lost connection."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Dialect(Protocol):
    """One kind of database: opens sessions and reads their errors."""

    name: str

    def connect(self, *, write: bool) -> Session:
        """Open a session. Raises what the driver raises."""
        ...

    def fault(self, error: BaseException) -> Fault:
        """Return what an error means."""
        ...
