"""One still moment of a database, read beside a core at work; here SQLite's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from axisor.errors import BackupInvalid, StoreUnavailable
from axisor_server.adapters.backup.rows import Row

DATABASE_FILE = "database.db"
ROWS = "rows"
VERSION_TABLE = "alembic_version"
BUSY_TIMEOUT_S = 30


class Selected(NamedTuple):
    """What a query answered: the names of its columns, and its rows as they are asked for."""

    columns: tuple[str, ...]
    rows: Iterator[Row]


class Snapshot(Protocol):
    """A database as it was when this was opened, whatever is written meanwhile."""

    database: str
    broken: tuple[type[Exception], ...]
    """What its database raises."""

    def tables(self) -> list[str]:
        """Return the names of its tables, but for the one of the schema's version."""
        ...

    def select(self, text: str, values: Sequence[object] = ()) -> Selected:
        """Run a query written with `?`."""
        ...

    def dump(self, folder: Path) -> None:
        """Write everything in it below a folder."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class SqliteSnapshot:
    """A SQLite file within a read transaction, which keeps nobody from writing."""

    database = "sqlite"
    broken: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise StoreUnavailable(f"There is no database {path}.", path=path)
        self._path = path
        try:
            self._connection = _open(path)
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"The database {path} cannot be read: {error}.") from error

    def tables(self) -> list[str]:
        """Return the names of its tables."""
        text = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        names = {str(name) for (name,) in self._connection.execute(text)}
        return sorted(names - {VERSION_TABLE})

    def select(self, text: str, values: Sequence[object] = ()) -> Selected:
        """Run a query."""
        cursor = self._connection.execute(text, values)
        return Selected(tuple(column[0] for column in cursor.description), cursor)

    def dump(self, folder: Path) -> None:
        """Copy the file page by page, by SQLite's online backup, as one plain file."""
        target = folder / DATABASE_FILE
        target.touch(mode=0o600, exist_ok=False)
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            # All pages in one step: within one read transaction, so that no writer is in the way.
            self._connection.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise StoreUnavailable(f"The database cannot be copied: {error}.") from error
        finally:
            copy.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _open(path: Path) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(
        address, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False
    )


def revision_of(snapshot: Snapshot) -> str:
    """Return the schema's revision. Raises BackupInvalid where the database is nobody's."""
    try:
        found = list(snapshot.select(f"SELECT version_num FROM {VERSION_TABLE}").rows)  # noqa: S608
    except snapshot.broken as error:
        raise BackupInvalid("The database has no schema of Axisor.") from error
    if len(found) != 1:
        raise BackupInvalid("The database has no schema of Axisor.")
    return cast(str, found[0][0])
