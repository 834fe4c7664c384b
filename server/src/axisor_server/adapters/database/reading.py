"""Reads a database beside the core that writes it, or without one: no lock, no change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from axisor.errors import StoreUnavailable
from axisor_server.adapters.database.directory import DATABASE
from axisor_server.adapters.database.reader import SqlReader
from axisor_server.adapters.database.session import Dialect, Fault, Session
from axisor_server.adapters.database.sqlite import SqliteDialect
from axisor_server.adapters.database.writer import store_error
from axisor_server.ports import Reader

T = TypeVar("T")


class Reading:
    """A read-only session, for one caller at a time."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._session: Session | None = None

    def read(self, unit: Callable[[Reader], T]) -> T:
        """Run a unit on a consistent view. Raises what the unit raises, or StoreUnavailable."""
        try:
            if self._session is None:
                self._session = self._dialect.connect(write=False)
            self._session.begin(write=False)
            result = unit(SqlReader(self._session))
            self._session.commit()
        except BaseException as error:
            if self._session is not None:
                self._session.rollback()
            fault = self._dialect.fault(error)
            if fault is Fault.BUG:
                raise
            raise store_error(fault, error) from error
        return result

    def close(self) -> None:
        """Close the session."""
        session, self._session = self._session, None
        if session is not None:
            session.close()


def read_sqlite(directory: Path) -> Reading:
    """Return a reading of a data directory's database. Raises StoreUnavailable without one."""
    path = directory / DATABASE
    if not path.is_file():
        raise StoreUnavailable(
            f"There is no database in {directory}.",
            fix="Name the core's --data-dir, or its --database.",
            directory=directory,
        )
    return Reading(SqliteDialect(path))


def read_postgres(dsn: str) -> Reading:
    """Return a reading of a PostgreSQL database."""
    from axisor_server.adapters.database.postgres import PostgresDialect

    return Reading(PostgresDialect(dsn))
