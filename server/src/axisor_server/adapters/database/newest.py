"""Makes the newest schema in an empty SQLite file at once, and knows a file that has it already.

Such a start needs no migration, and so not Alembic and SQLAlchemy either, which take longer to
load than all the rest. The tables are those that migrations make: `newest.sql` is written from
them, and a test compares the two.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

SCHEMA = "schema"
"""The fact of a database that says which schema it has and who may work with it."""

TABLES = Path(__file__).with_name("newest.sql")

Before = Callable[[str, str], None]
"""What is done before a database with content is changed, told its revision and the next."""


class Schema(Struct, frozen=True):
    """The revision a database has, and the oldest one whose core may work with it."""

    revision: str
    compatible: str


NEWEST = Schema(revision="nearness", compatible="replicas")
"""The newest schema that this version knows: the one that `newest.sql` makes."""


def settle(connection: sqlite3.Connection) -> bool:
    """Return whether a database has the newest schema, which an empty one gets here.

    The connection is in autocommit mode. Raises sqlite3.Error, and then nothing was written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        found = _is_newest(connection) if tables else _make(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return found


def _is_newest(connection: sqlite3.Connection) -> bool:
    named = "SELECT count(*) FROM sqlite_master WHERE name IN ('alembic_version', 'meta')"
    if connection.execute(named).fetchone() != (2,):
        return False
    revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    said = connection.execute("SELECT value FROM meta WHERE key = ?", (SCHEMA,)).fetchall()
    return revisions == [(NEWEST.revision,)] and said == [(_said(),)]


def _make(connection: sqlite3.Connection) -> bool:
    for statement in TABLES.read_text("utf-8").rstrip().split(";\n"):
        connection.execute(statement)
    connection.execute("INSERT INTO alembic_version VALUES (?)", (NEWEST.revision,))
    connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (SCHEMA, _said()))
    return True


@cache
def _said() -> str:
    return msgspec.json.encode(NEWEST).decode()
