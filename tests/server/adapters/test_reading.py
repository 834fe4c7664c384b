"""A database is read beside the core that writes it, and changed by nobody who only reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from axisor.errors import StoreUnavailable
from axisor.events import NoticeGiven
from axisor.model import Mode, Severity
from axisor_server.adapters.database import (
    Reading,
    postgres_store,
    read_postgres,
    read_sqlite,
    sqlite_store,
)
from axisor_server.domain.journal import Entry, Head, extend, from_us
from axisor_server.ports import Store

STREAM = "accounts/0190f5a0-0000-7000-8000-000000000001"
NOTICE = NoticeGiven(severity=Severity.OK, code="TRIED", text="tried")


def entries(head: Head) -> tuple[Entry, ...]:
    return extend(head, stream=STREAM, mode=Mode.SIM, time=from_us(1), payloads=[NOTICE])


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Store, Reading]:
    """Return a store that is not open yet, and a reading of its database."""
    if request.param == "sqlite":
        store = sqlite_store(tmp_path)
        (tmp_path / "axisor.db").touch(mode=0o600)
        return store, read_sqlite(tmp_path)
    dsn = request.getfixturevalue("postgres_dsn")
    return postgres_store(dsn), read_postgres(dsn)


async def test_a_reading_sees_what_the_core_beside_it_wrote(both):
    store, reading = both
    await store.open()
    first = entries(Head())
    second = entries(Head(1, first[0].hash))
    try:
        await store.write(lambda tx: tx.append(Head(), first, epoch=None))
        before = _heard(reading)
        await store.write(lambda tx: tx.append(Head(1, first[0].hash), second, epoch=None))
        after = _heard(reading)
    finally:
        reading.close()
        await store.close()

    assert (before, after) == (first, (*first, *second))


def _heard(reading: Reading) -> tuple[Entry, ...]:
    return tuple(reading.read(lambda view: view.entries(STREAM, after=0, limit=10)))


async def test_a_reading_cannot_write(tmp_path):
    store = sqlite_store(tmp_path)
    await store.open()
    reading = read_sqlite(tmp_path)

    with pytest.raises(StoreUnavailable):
        reading.read(lambda view: view._session.execute("DELETE FROM journal"))  # type: ignore[attr-defined]

    reading.close()
    await store.close()


def test_a_directory_without_a_database_is_said(tmp_path):
    with pytest.raises(StoreUnavailable, match="no database"):
        read_sqlite(tmp_path)


async def test_what_a_unit_raises_passes_through(tmp_path):
    store = sqlite_store(tmp_path)
    await store.open()
    reading = read_sqlite(tmp_path)

    with pytest.raises(ZeroDivisionError):
        reading.read(lambda view: 1 // 0)

    assert reading.read(lambda view: view.head(STREAM)) == Head()
    reading.close()
    await store.close()


def test_a_server_that_is_not_there_is_said(tmp_path: Path):
    reading = read_postgres(f"postgresql:///none?host={tmp_path}")

    with pytest.raises(StoreUnavailable):
        reading.read(lambda view: view.head(STREAM))
