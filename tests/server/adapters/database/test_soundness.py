"""The file of a database is read whole while its core works, and damage is told."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from tests.support.records import appending, notice

from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor_server.adapters.database import sqlite_store
from axisor_server.adapters.database.soundness import EVERY_S, FIRST_S, Soundness, check
from axisor_server.adapters.memory import VirtualClock


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    store = sqlite_store(tmp_path)
    await store.open()
    for number in range(200):
        await store.write(appending(notice(f"{number}" * 50)))
    await store.close()
    return tmp_path / "axisor.db"


def spoil(database: Path) -> None:
    content = bytearray(database.read_bytes())
    half = len(content) // 2
    content[half : half + 8_192] = bytes(8_192)
    database.write_bytes(content)


async def test_a_sound_database_is_nothing_to_tell(database: Path) -> None:
    told: list[NoticeGiven] = []

    await Soundness(database, VirtualClock(), told=told.append).look()

    assert told == []


async def test_damage_is_told_with_what_to_do(database: Path) -> None:
    told: list[NoticeGiven] = []
    spoil(database)

    await Soundness(database, VirtualClock(), told=told.append).look()

    (notice_,) = told
    assert (notice_.severity, notice_.code) == (Severity.CRIT, "database_damaged")
    assert "restore the newest backup" in notice_.text
    assert database.with_name("axisor.db.doubted").exists(), "the next start refuses it, as is said"


async def test_it_is_looked_at_after_a_minute_and_every_day(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    clock = VirtualClock()

    class Counted(Soundness):
        async def look(self) -> None:
            looks.append(clock.monotonic_ms())

    began = clock.monotonic_ms()
    running = asyncio.create_task(Counted(database, clock, told=lambda notice: None).run())
    await clock.advance(0)
    await clock.advance(FIRST_S)
    await clock.advance(EVERY_S)

    assert [at - began for at in looks] == [FIRST_S * 1_000, (FIRST_S + EVERY_S) * 1_000]
    running.cancel()


async def test_a_core_that_stops_does_not_wait_for_a_look(database: Path) -> None:
    looking = asyncio.create_task(
        Soundness(database, VirtualClock(), told=lambda notice: None).look()
    )
    await asyncio.sleep(0)

    looking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await looking


def test_a_look_that_is_broken_off_says_nothing(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.set_progress_handler(lambda: 1, 1)  # as if somebody interrupted it

    assert check(connection) == ""
    connection.close()
