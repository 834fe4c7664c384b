"""How a database stands to this version's schema, and the migration without a core."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from msgspec import Struct

from axisor.errors import StoreUnavailable
from axisor_server.adapters.backup.making import Place
from axisor_server.adapters.database import migrate
from axisor_server.adapters.database.directory import DATABASE, DataDirectory
from axisor_server.adapters.database.newest import Before
from axisor_server.adapters.database.postgres import PostgresDialect


class Found(Struct, frozen=True, kw_only=True):
    """A database's revision (None: it is empty) beside the newest one that this version knows.

    `compatible` is the oldest revision whose core may work with it; `works` says that this one may,
    `migrates` that it would change it.
    """

    database: str
    revision: str | None
    newest: str
    compatible: str
    works: bool
    migrates: bool


def status_of(place: Place) -> Found:
    """Return how a database stands. Raises StoreUnavailable where it cannot be read."""
    order = [script.revision for script in migrate.chain()]
    with _engine(place) as engine, engine.connect() as connection:
        present = migrate.present_in(connection)
        kept = None if present is None else migrate.kept(connection)
    compatible = present or order[-1] if kept is None else kept.compatible
    known = present is None or present in order
    return Found(
        database="postgresql" if place.database_url else "sqlite",
        revision=present,
        newest=order[-1],
        compatible=compatible,
        works=known or compatible in order,
        migrates=known and present != order[-1],
    )


def migrate_now(place: Place, before: Before) -> None:
    """Bring a database to the newest schema. Raises StoreInUse where a core works there."""
    if place.database_url:
        with _engine(place) as engine:
            migrate.to_head(engine, before=before)
        return
    held = DataDirectory(place.data_dir)
    held.lock()
    try:
        with _engine(place) as engine:
            migrate.to_head(engine, before=before)
    finally:
        held.release()


@contextmanager
def _engine(place: Place) -> Iterator[sa.Engine]:
    try:
        if place.database_url:
            postgres = PostgresDialect(place.database_url).raw()
            try:
                yield migrate.postgres_engine(postgres)
            finally:
                postgres.close()
            return
        path = place.data_dir / DATABASE
        if not path.exists():
            raise StoreUnavailable(f"There is no database {path}.", path=path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            yield migrate.sqlite_engine(connection)
        finally:
            connection.close()
    except (psycopg.Error, sqlite3.Error, sa.exc.SQLAlchemyError) as error:
        raise StoreUnavailable(f"The database cannot be used: {error}.") from error
