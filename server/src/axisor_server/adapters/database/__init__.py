"""The store on SQLite and PostgreSQL: tables, migrations, statements, threads."""

from axisor_server.adapters.database.reading import Reading, read_postgres, read_sqlite
from axisor_server.adapters.database.store import DatabaseStore, postgres_store, sqlite_store

__all__ = [
    "DatabaseStore",
    "Reading",
    "postgres_store",
    "read_postgres",
    "read_sqlite",
    "sqlite_store",
]
