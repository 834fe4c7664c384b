"""A database to back up, with rows in every table, and keys that open what was made of it."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct

from axisor.events import IntentSettled, IntentState
from axisor_server.adapters.backup import seal
from axisor_server.adapters.backup.making import Made, Place, Stamp, make
from axisor_server.adapters.database import postgres_store, sqlite_store
from axisor_server.ports import Store, Transaction
from tests.support import records

CANARY = "canary-sealed-5d1e"
START_US = 1_790_000_000_000_000


class Keys(Struct, frozen=True):
    """A key pair: the file of the private half, and what closes a backup to it."""

    key: seal.Key
    lock: seal.Lock


def new_keys(folder: Path) -> Keys:
    """Make a key pair."""
    private, public = seal.new_identity()
    path = folder / "identity"
    path.touch(mode=0o600)
    path.write_text(f"# a key of tests\n{private}\n")
    return Keys(seal.Key(identity_file=path), seal.Lock(recipients=(public,)))


class Scene:
    """A place with a database, a folder of backups, and a clock that goes a minute a backup."""

    def __init__(self, root: Path, dsn: str = "") -> None:
        self.place = Place(data_dir=root / "data", database_url=dsn)
        self.folder = root / "backups"
        self.place.data_dir.mkdir(mode=0o700, exist_ok=True)
        self.keys = new_keys(root)
        self._numbers = itertools.count(1)
        self._minutes = itertools.count()

    def store(self) -> Store:
        """Return its store, not open."""
        if self.place.database_url:
            return postgres_store(self.place.database_url)
        return sqlite_store(self.place.data_dir)

    def files(self) -> None:
        """Put keys into the directory, as a core does."""
        data = self.place.data_dir
        (data / "tls").mkdir(mode=0o700, exist_ok=True)
        for name in ("vault.key", "owner.token", "tls/core.key"):
            (data / name).touch(mode=0o600)
            (data / name).write_text(f"{CANARY} {name}\n")

    async def grow(self, store: Store, *, times: int = 5) -> None:
        """Let the database grow in every table."""
        for _ in range(times):
            number = next(self._numbers)
            await store.write(lambda tx, n=number: self._write(tx, n))  # type: ignore[misc]

    def _write(self, tx: Transaction, number: int) -> None:
        account = f"a{number % 3}"
        id = f"intent-{number}"
        if tx.account(account) is None:
            tx.put_account(records.account(account), revision=None)
            tx.put_sealed(account, f"{CANARY} of {account}".encode())
        tx.add_intent(records.intent(id, account=account, target=f"positions/{number}"))
        settled = records.intent(
            id, account=account, target=f"positions/{number}", state=IntentState.CONFIRMED
        )
        if number % 2:
            tx.move_intent(settled, expect=IntentState.PLANNED)
        former = f"intent-{number - 1}"
        if number > 1 and not number % 2:
            before = tx.intent(former)
            assert before is not None
        tx.put_run(records.run(f"run-{number}", account=account), revision=None)
        tx.raise_witness(account, f"positions/{number}", counter=number, now_us=number)
        tx.put_meta(f"fact-{number % 2}", str(number))
        word = IntentSettled(intent=id, state=settled.state)
        records.appending(word, records.notice(str(number)), stream=f"accounts/{account}")(tx)
        records.appending(records.notice(), stream="platform")(tx)

    async def settle(self, store: Store, number: int) -> None:
        """Settle an intent that was open."""
        id, account = f"intent-{number}", f"a{number % 3}"
        moved = records.intent(
            id, account=account, target=f"positions/{number}", state=IntentState.CONFIRMED
        )

        def unit(tx: Transaction) -> None:
            assert tx.move_intent(moved, expect=IntentState.PLANNED)
            word = IntentSettled(intent=id, state=IntentState.CONFIRMED)
            records.appending(word, stream=f"accounts/{account}")(tx)

        await store.write(unit)

    def make(self, *, full: bool = False, lock: seal.Lock | None = None) -> Made | None:
        """Make a backup, a minute after the one before."""
        minute = next(self._minutes)
        stamp = Stamp(
            id=f"0190f5a0-0000-7000-8000-{minute:012x}",
            time_us=START_US + minute * 60_000_000,
            version="0.1.0",
        )
        return make(self.place, self.folder, lock or self.keys.lock, stamp, full=full)

    def made(self, *, full: bool = False) -> Made:
        """Make a backup of which something is new."""
        found = self.make(full=full)
        assert found is not None
        return found

    def content(self) -> Mapping[str, list[tuple[Any, ...]]]:
        """Return every row of every table, in an order of its own."""
        if self.place.database_url:
            with psycopg.connect(self.place.database_url) as connection:
                return _content_postgres(connection)
        return content(self.place.data_dir / "axisor.db")


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of a SQLite database."""
    connection = sqlite3.connect(path)
    try:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for (name,) in names
        }
    finally:
        connection.close()


def _content_postgres(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> dict[str, list[tuple[Any, ...]]]:
    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = current_schema()::regnamespace"
    ).fetchall()
    return {
        name: sorted(connection.execute(f"SELECT * FROM {name}".encode()).fetchall(), key=repr)
        for (name,) in names
    }
