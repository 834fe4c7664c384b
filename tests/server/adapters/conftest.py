"""The stores under contract, the servers they need, and what is logged."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from tests.support.postgres import (
    DatabaseClock,
    clocked_dsn,
    new_postgres_dsn,
    postgres_dsn,
    postgres_server,
)
from tests.support.redis import redis_server

from axisor_server.adapters import logs
from axisor_server.adapters.database import postgres_store, sqlite_store
from axisor_server.adapters.memory import MemoryStore
from axisor_server.ports import Store

__all__ = ["new_postgres_dsn", "postgres_dsn", "postgres_server", "redis_server"]

KINDS = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def make_store(
    kind: str, request: pytest.FixtureRequest, clock: DatabaseClock | None = None
) -> Store:
    """Return an unopened store of a kind, whose database tells the time of a clock."""
    clock = clock or DatabaseClock()
    if kind == "memory":
        return MemoryStore(clock.now_us)
    if kind == "sqlite":
        path: Path = request.getfixturevalue("tmp_path")
        return sqlite_store(path / "data", clock.now_us)
    return postgres_store(clocked_dsn(request.getfixturevalue("postgres_dsn"), clock))


@pytest.fixture
def database_clock() -> DatabaseClock:
    """Return the clock of the stores under contract; it stands until a test moves it."""
    return DatabaseClock()


@pytest.fixture(params=KINDS)
def closed_store(request: pytest.FixtureRequest, database_clock: DatabaseClock) -> Store:
    """Return each store in turn, not yet open."""
    return make_store(request.param, request, database_clock)


@pytest.fixture
async def store(closed_store: Store) -> AsyncIterator[Store]:
    """Open each store in turn."""
    await closed_store.open()
    try:
        yield closed_store
    finally:
        await closed_store.close()


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Return what is logged, and put logging back as it was."""
    kept = logging.root.handlers[:], logging.root.level, sys.excepthook, threading.excepthook
    to = io.StringIO()
    logs.configure("debug", to=to)
    yield to
    structlog.reset_defaults()
    logging.root.handlers[:], level, sys.excepthook, threading.excepthook = kept
    logging.root.setLevel(level)
