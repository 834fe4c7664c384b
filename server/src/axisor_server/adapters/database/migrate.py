"""Brings a database to the newest schema, in one transaction, with the version row last."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from axisor.errors import StoreUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"

UPGRADE_LOCK = 0x4178_6973_6F72
"""The key of PostgreSQL's transaction-long lock: replicas that start together migrate in turn."""


def config() -> Config:
    """Return Alembic's settings; there is no ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
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


def to_head(engine: sa.Engine) -> None:
    """Run the revisions that are missing, all or none.

    Raises StoreUnavailable when the database has a revision this core does not know: a newer core
    worked with it, and what that one wrote cannot be judged here.
    """
    settings = config()
    known = {
        revision.revision for revision in ScriptDirectory.from_config(settings).walk_revisions()
    }
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        present = MigrationContext.configure(connection).get_current_heads()
        strange = set(present) - known
        if strange:
            raise StoreUnavailable(
                f"The database has the newer schema {', '.join(sorted(strange))}.",
                fix="Start the newer version of Axisor that wrote it, or use another --data-dir.",
            )
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
