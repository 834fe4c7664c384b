"""Entries a second that an audit verifies, beside a bare loop of SHA-256 over the same payloads.

The bare loop hashes each payload with the digest before it and does nothing else: no other field,
no tree, no comparison, no database. Verifying is measured twice: of entries in memory, as the core
does with a page it has, and from SQLite to the end, as `axisor db verify` does.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.journal import rows_of
from benchmarks.measure import Part, Plan, Row, median, spread

from axisor_server.adapters.database import read_sqlite, sqlite_store
from axisor_server.domain.checkpoints import Comparison
from axisor_server.domain.journal import Entry, Head
from axisor_server.ports import Transaction
from axisor_server.services.auditing import CHUNK, walk

STREAM = "accounts/audited"
ENTRIES = 50_000
QUICK_ENTRIES = 2_000
TARGET = 50_000
"""Entries a second that an audit is to verify at least."""


def bare(entries: Sequence[Entry]) -> int:
    """Hash every payload with the digest before it, and return how many there were."""
    digest = b""
    for entry in entries:
        digest = hashlib.sha256(entry.payload + digest).digest()
    return len(entries)


def in_memory(entries: Sequence[Entry]) -> int:
    """Verify entries as a page after another, and return how many hold."""
    comparison = Comparison(STREAM, ())
    for start in range(0, len(entries), CHUNK):
        comparison.take(entries[start : start + CHUNK])
    return comparison.end().frontier.size


def from_sqlite(directory: Path) -> int:
    """Verify a journal of a database, and return how many entries hold."""
    reading = read_sqlite(directory)
    try:
        return walk(reading.read, STREAM, ())
    finally:
        reading.close()


async def fill(directory: Path, entries: Sequence[Entry]) -> None:
    """Write entries into a new database."""
    store = sqlite_store(directory)
    await store.open()
    try:
        head = Head()
        for start in range(0, len(entries), CHUNK):
            part = tuple(entries[start : start + CHUNK])

            def unit(
                transaction: Transaction, at: Head = head, new: tuple[Entry, ...] = part
            ) -> None:
                transaction.append(at, new, epoch=None)

            await store.write(unit)
            head = Head(part[-1].sequence, part[-1].hash)
    finally:
        await store.close()


def rate(work: Callable[[], int], count: int) -> float:
    """Return entries a second of one run, which must have seen them all."""
    started = time.perf_counter()
    if work() != count:
        raise AssertionError("not all entries were verified")
    return count / (time.perf_counter() - started)


def run(plan: Plan) -> list[Part]:
    """Measure both ways, in turn with the bare loop."""
    count = QUICK_ENTRIES if plan.quick else ENTRIES
    entries = rows_of(STREAM, count)
    with tempfile.TemporaryDirectory(prefix="axisor-bench-") as name:
        directory = Path(name) / "data"
        asyncio.run(fill(directory, entries))
        ways: dict[str, Callable[[], int]] = {
            "entries in memory": lambda: in_memory(entries),
            "from SQLite, with the reading": lambda: from_sqlite(directory),
        }
        table = [_row(way, work, entries, plan) for way, work in ways.items()]
    notes = (plan.said, f"{count:,} entries; the target is {TARGET:,} a second.")
    title = "Verifying a journal, beside a bare loop of SHA-256"
    return [Part(name="audit", title=title, rows=tuple(table), notes=notes)]


def _row(way: str, work: Callable[[], int], entries: Sequence[Entry], plan: Plan) -> Row:
    pairs = [
        (rate(work, len(entries)), rate(lambda: bare(entries), len(entries)))
        for _ in range(plan.rounds)
    ][plan.warm :]
    ratios = [ours / theirs for ours, theirs in pairs]
    return {
        "way": way,
        "verified, entries/s": round(median([ours for ours, _ in pairs])),
        "bare SHA-256, entries/s": round(median([theirs for _, theirs in pairs])),
        "verified / bare": median(ratios),
        "spread": spread(ratios, 2),
    }
