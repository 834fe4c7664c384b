"""What is written of a snapshot: all of it, or what came after the backup before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from axisor_server.adapters.backup.rows import Row, write_rows
from axisor_server.adapters.backup.snapshots import ROWS, Snapshot, revision_of
from axisor_server.domain.backups import Head, Manifest

SLACK_US = 3_600 * 1_000_000
"""How far a core's clock may have gone back between two backups without an answer being missed."""

AT_ONCE = 500

UNCOUNTED = ("journal", "commands")
"""The heads say more about the journal than its count; old commands are deleted meanwhile."""


class Taken(Struct, frozen=True):
    """What a snapshot said of itself."""

    revision: str
    heads: Mapping[str, Head]
    counts: Mapping[str, int]


def describe(snapshot: Snapshot) -> Taken:
    """Return a snapshot's revision, the heads of its journals, and how many rows it has."""
    counts = {}
    for table in snapshot.tables():
        if table not in UNCOUNTED:
            (row,) = snapshot.select(f"SELECT count(*) FROM {table}").rows  # noqa: S608
            counts[table] = int(row[0])
    return Taken(revision_of(snapshot), heads_of(snapshot), counts)


def heads_of(snapshot: Snapshot) -> dict[str, Head]:
    """Return where each journal ends."""
    rows = snapshot.select("SELECT stream, sequence, hash FROM journal_head ORDER BY stream").rows
    return {stream: Head(sequence, bytes(hash).hex()) for stream, sequence, hash in rows}


def take_part(snapshot: Snapshot, folder: Path, before: Manifest) -> None:
    """Write what came after a backup.

    New entries of the journals; the intents they name and those that are open; the commands that
    are open or were answered since; and every other table as it is.
    """
    named: set[str] = set()
    columns = snapshot.select("SELECT * FROM journal WHERE 1 = 0").columns
    place = columns.index("payload")
    entries = _new_entries(snapshot, before)
    write_rows(folder / ROWS / "journal", columns, _noting(entries, place, named))
    _write(
        snapshot,
        folder,
        "intents",
        [
            ("SELECT * FROM intents WHERE state IN ('planned', 'sent', 'unknown')", ()),
            *_by_id("intents", sorted(named)),
        ],
    )
    since = before.time_us - SLACK_US
    _write(
        snapshot,
        folder,
        "commands",
        [("SELECT * FROM commands WHERE answered_us IS NULL OR answered_us >= ?", (since,))],
    )
    for table in snapshot.tables():
        if table not in ("journal", "intents", "commands"):
            _write(snapshot, folder, table, [(f"SELECT * FROM {table}", ())])  # noqa: S608


Query = tuple[str, Sequence[object]]


def _write(snapshot: Snapshot, folder: Path, table: str, queries: Sequence[Query]) -> None:
    columns = snapshot.select(f"SELECT * FROM {table} WHERE 1 = 0").columns  # noqa: S608
    write_rows(folder / ROWS / table, columns, _distinct(snapshot, queries))


def _distinct(snapshot: Snapshot, queries: Sequence[Query]) -> Iterator[Row]:
    seen: set[Any] = set()
    for text, values in queries:
        for row in snapshot.select(text, values).rows:
            if row[0] not in seen or len(queries) == 1:
                yield row
            if len(queries) > 1:
                seen.add(row[0])


def _by_id(table: str, ids: Sequence[str]) -> Iterator[Query]:
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        marks = ", ".join("?" * len(some))
        yield f"SELECT * FROM {table} WHERE id IN ({marks})", some  # noqa: S608


def _new_entries(snapshot: Snapshot, before: Manifest) -> Iterator[Row]:
    for stream, head in heads_of(snapshot).items():
        known = before.heads.get(stream)
        after = 0 if known is None else known.sequence
        if head.sequence > after:
            text = "SELECT * FROM journal WHERE stream = ? AND sequence > ? ORDER BY sequence"
            yield from snapshot.select(text, (stream, after)).rows


class _Naming(Struct, frozen=True):
    """The fields by which a payload of the journal names intents."""

    intent: str = ""
    counted: Any = ()


_naming = msgspec.json.Decoder(_Naming)


def _noting(entries: Iterator[Row], place: int, named: set[str]) -> Iterator[Row]:
    for entry in entries:
        naming = _naming.decode(bytes(entry[place]))
        if naming.intent:
            named.add(naming.intent)
        for counted in naming.counted if isinstance(naming.counted, list) else ():
            named.add(str(counted["intent"]))
        yield entry
