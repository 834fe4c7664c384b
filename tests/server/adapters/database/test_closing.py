"""A database is read whole at a start, unless it is as the last core left it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.support.records import appending, notice

from axisor.errors import JournalCorrupt
from axisor_server.adapters.database import sqlite_store
from axisor_server.adapters.database.closing import doubt, is_as_noted, note

DATABASE = "axisor.db"


@pytest.fixture
async def closed(tmp_path: Path) -> Path:
    """Return the database of a core that came to an orderly end."""
    store = sqlite_store(tmp_path)
    await store.open()
    for number in range(200):
        await store.write(appending(notice(f"{number}" * 50)))
    await store.close()
    return tmp_path / DATABASE


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hear every statement of connections that are opened from now on."""
    heard: list[str] = []
    real = sqlite3.connect

    def connect(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*args, **kwargs)  # type: ignore[call-overload]
        connection.set_trace_callback(heard.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    return heard


def checks(asked: list[str]) -> int:
    return sum("quick_check" in each for each in asked)


async def reopened(path: Path) -> None:
    store = sqlite_store(path.parent)
    await store.open()
    await store.close()


async def test_what_was_closed_well_is_not_read_whole_again(closed: Path, asked: list[str]) -> None:
    await reopened(closed)

    assert checks(asked) == 0


async def test_a_core_that_did_not_close_it_leaves_no_note(closed: Path, asked: list[str]) -> None:
    killed = sqlite_store(closed.parent)
    await killed.open()
    assert checks(asked) == 0
    # What a killed core leaves: its threads are gone, and nobody closed anything.
    copy = closed.parent.parent / "after"
    copy.mkdir()
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}.closed"):
        if (closed.parent / name).exists():
            (copy / name).write_bytes((closed.parent / name).read_bytes())
    await killed.close()

    await reopened(copy / DATABASE)

    assert checks(asked) == 1


@pytest.mark.parametrize("change", ["written", "copied", "garbled note"])
async def test_what_was_touched_since_is_read_whole(
    closed: Path, asked: list[str], change: str
) -> None:
    match change:
        case "written":
            content = closed.read_bytes()
            closed.write_bytes(content)
        case "copied":
            content = closed.read_bytes()
            closed.unlink()
            closed.write_bytes(content)
        case _:
            closed.with_name(f"{DATABASE}.closed").write_bytes(b"{")

    await reopened(closed)

    assert checks(asked) == 1


async def test_damage_done_since_is_found_at_the_start(closed: Path) -> None:
    content = bytearray(closed.read_bytes())
    half = len(content) // 2
    content[half : half + 8_192] = bytes(8_192)
    closed.write_bytes(content)

    with pytest.raises(JournalCorrupt, match="damaged"):
        await sqlite_store(closed.parent).open()
    with pytest.raises(JournalCorrupt, match="damaged"):  # nor at the next
        await sqlite_store(closed.parent).open()


def test_a_note_counts_once(closed: Path) -> None:
    assert is_as_noted(closed)
    assert not is_as_noted(closed)


def test_a_database_with_a_log_beside_it_was_not_closed(tmp_path: Path) -> None:
    database = tmp_path / DATABASE
    database.write_bytes(b"x")
    (tmp_path / f"{DATABASE}-wal").write_bytes(b"y")

    note(database)

    assert not is_as_noted(database)


async def test_what_was_found_damaged_is_read_whole_however_it_is_closed(
    closed: Path, asked: list[str]
) -> None:
    store = sqlite_store(closed.parent)
    await store.open()
    doubt(closed)
    await store.close()
    assert checks(asked) == 0

    await reopened(closed)
    assert checks(asked) == 1

    await reopened(closed)  # it was sound after all, and is known again
    assert checks(asked) == 1
