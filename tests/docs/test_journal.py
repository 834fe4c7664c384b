"""The page on the journal: its verifier finds a sound journal sound, and every forgery."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from axisor.events import NoticeGiven, Payload
from axisor.model import Mode, Severity
from axisor_server.adapters.database import sqlite_store
from axisor_server.domain.journal import GENESIS, Head, extend, from_us, head_of
from tests.docs import pages

PAGE = "journal.md"
STREAM = "accounts/0190f5a0-0000-7000-8000-000000000001"


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """Return a database with a journal of five entries, written by the core's own store."""
    store = sqlite_store(tmp_path)
    await store.open()
    notices = [
        NoticeGiven(
            severity=Severity.OK, code="TRIED", text=f"number {n}", data={"b": "2", "a": "1"}
        )
        for n in range(5)
    ]
    entries = extend(
        Head(), stream=STREAM, mode=Mode.SIM, time=from_us(1_700_000_000_000_001), payloads=notices
    )
    await store.write(lambda tx: tx.append(Head(), entries, epoch=None))
    await store.close()
    assert head_of(entries, Head()).sequence == 5
    return tmp_path / "axisor.db"


def verify(database: Path) -> subprocess.CompletedProcess[str]:
    """Run the page's program over a database."""
    program = database.with_name("verify.py")
    program.write_text(pages.only(PAGE, "python", "verifier"), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", str(program), str(database)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_sound_journal_verifies(database: Path) -> None:
    done = verify(database)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{STREAM}: 5 entries, ")


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE journal SET payload = replace(payload, 'number 2', 'number 9') WHERE sequence = 3",
        "UPDATE journal SET time = time + 1 WHERE sequence = 2",
        "UPDATE journal SET mode = 'live' WHERE sequence = 1",
        "DELETE FROM journal WHERE sequence = 4",
        "DELETE FROM journal WHERE sequence = 5",
        "UPDATE journal_head SET sequence = 6",
    ],
)
def test_a_forged_journal_does_not(database: Path, forgery: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(forgery.replace("replace(payload", "replace(CAST(payload AS TEXT)"))

    assert verify(database).returncode == 1


def test_the_page_names_every_kind() -> None:
    from typing import get_args

    text = pages.page(PAGE)

    assert [kind.__name__ for kind in get_args(Payload) if f"`{kind.__name__}`" not in text] == []


def test_the_first_entry_follows_zeros() -> None:
    assert bytes(32) == GENESIS
