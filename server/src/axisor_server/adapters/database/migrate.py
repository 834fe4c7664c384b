"""Brings a database to the newest schema, in one transaction, with the version row last.

Each revision names in `min_compatible` the oldest revision whose core still works with the schema
it makes: a column that is added keeps older cores working, one that is dropped does not. The
newest of these is kept in the database, where an older core reads whether it may work with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from axisor.errors import StoreUnavailable
from axisor_server.adapters.database.newest import SCHEMA, Before, Schema

MIGRATIONS = Path(__file__).parent / "migrations"

UPGRADE_LOCK = 0x4178_6973_6F72
"""The key of PostgreSQL's transaction-long lock: replicas that start together migrate in turn."""

ATTEMPTS = 5
"""How often revisions are begun anew, where PostgreSQL ended them because they and a core at work
waited for each other's locks. What is done before is done once."""


def config(scripts: Path = MIGRATIONS) -> Config:
    """Return Alembic's settings; there is no ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return settings


def sqlite_engine(connection: sqlite3.Connection) -> sa.Engine:
    """Return an engine over one connection in autocommit mode, which begins transactions itself."""
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=sa.StaticPool)

    @sa.event.listens_for(engine, "begin")
    def _begin(opened: sa.Connection) -> None:
        opened.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def postgres_engine(connection: psycopg.Connection[tuple[object, ...]]) -> sa.Engine:
    """Return an engine over one connection, which begins transactions itself."""
    connection.autocommit = False
    return sa.create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=sa.StaticPool
    )


def chain(scripts: Path = MIGRATIONS) -> Sequence[Script]:
    """Return every revision this core knows, the first one first."""
    return list(ScriptDirectory.from_config(config(scripts)).walk_revisions())[::-1]


def compatible_with(revision: str, scripts: Path = MIGRATIONS) -> str:
    """Return the oldest revision whose core may work with the schema of `revision`.

    A revision that does not say is taken to suit its own core and newer ones only.
    """
    order = [script.revision for script in chain(scripts)]
    needed = 0
    for script in chain(scripts):
        stated = getattr(script.module, "min_compatible", None) or script.revision
        needed = max(needed, order.index(stated))
        if script.revision == revision:
            break
    return order[needed]


def tables_of(connection: sqlite3.Connection) -> str:
    """Return the text of a SQLite database's tables and indexes, as `newest.sql` has it."""
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    return ";\n".join(text for (text,) in rows) + "\n"


def present_in(connection: sa.Connection) -> str | None:
    """Return the revision of a database, None of an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def to_head(engine: sa.Engine, *, before: Before | None = None, scripts: Path = MIGRATIONS) -> None:
    """Run the revisions that are missing, all or none; anew where a core at work crossed them.

    A newer schema is left alone where it says that this core may work with it. Raises
    StoreUnavailable where it does not: what a newer core wrote cannot be judged here.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _to_head(engine, before if attempt == 1 else None, scripts)
        except sa.exc.OperationalError as error:
            crossed = isinstance(error.orig, psycopg.errors.DeadlockDetected)
            if not crossed or attempt == ATTEMPTS:
                raise
        else:
            return


def _to_head(engine: sa.Engine, before: Before | None, scripts: Path) -> None:
    order = [script.revision for script in chain(scripts)]
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        present = present_in(connection)
        if present is not None and present not in order:
            _check_newer(connection, present, order)
            return
        if present is not None and present != order[-1] and before is not None:
            before(present, order[-1])
        upgrade(connection, order[-1], scripts=scripts)


def to_revision(engine: sa.Engine, revision: str) -> None:
    """Make the schema of a revision in an empty database. Raises StoreUnavailable for a newer."""
    with engine.begin() as connection:
        upgrade(connection, revision)


def upgrade(connection: sa.Connection, revision: str, *, scripts: Path = MIGRATIONS) -> None:
    """Bring a database to a revision, within the caller's transaction."""
    if revision not in {script.revision for script in chain(scripts)}:
        raise newer(revision)
    settings = config(scripts)
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)
    _keep(connection, Schema(revision, compatible_with(revision, scripts)))


def kept(connection: sa.Connection) -> Schema | None:
    """Return what a database says of its schema; None where it says nothing."""
    row = connection.execute(
        sa.text("SELECT value FROM meta WHERE key = :key"), {"key": SCHEMA}
    ).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=Schema)


def _keep(connection: sa.Connection, schema: Schema) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO meta (key, value) VALUES (:key, :value)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        ),
        {"key": SCHEMA, "value": msgspec.json.encode(schema).decode()},
    )


def _check_newer(connection: sa.Connection, present: str, order: Sequence[str]) -> None:
    schema = kept(connection)
    if schema is None or schema.revision != present or schema.compatible not in order:
        raise newer(present)


def newer(revision: str) -> StoreUnavailable:
    """Return the error of a schema that this core cannot work with."""
    return StoreUnavailable(
        f"The database has the newer schema {revision}, which this version cannot work with.",
        money="Nothing was changed; nobody guards with this database until a core works with it.",
        fix="Start the newer version of Axisor that wrote it, or restore the backup from before.",
        revision=revision,
    )
