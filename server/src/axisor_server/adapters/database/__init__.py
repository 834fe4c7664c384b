"""The store on SQLite and PostgreSQL: tables, migrations, statements, threads."""

from axisor_server.adapters.database.store import DatabaseStore, postgres_store, sqlite_store

__all__ = ["DatabaseStore", "postgres_store", "sqlite_store"]
