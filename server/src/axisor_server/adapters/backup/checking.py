"""Proves that a backup can be restored: puts it together in a scratch place and checks it there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from axisor.errors import BackupInvalid, JournalCorrupt
from axisor_server.adapters.backup.rows import Rows
from axisor_server.adapters.backup.snapshots import DATABASE_FILE, ROWS, VERSION_TABLE
from axisor_server.adapters.backup.taking import UNCOUNTED
from axisor_server.domain.backups import Kind, Manifest
from axisor_server.domain.journal import Entry, Head, verify

PAGE = 1_000
KEYS = {"intents": ("id",), "commands": ("tenant", "request_id")}
"""Tables of which a part holds some rows, with the columns that name a row."""

ENTRIES = (
    "SELECT stream, sequence, time, mode, kind, payload, prev_hash, hash FROM journal"
    " ORDER BY stream, sequence"
)


def assemble(folders: Sequence[tuple[Manifest, Path]], target: Path) -> None:
    """Make one SQLite database of a chain of unpacked backups, the full one first.

    Raises BackupInvalid where they do not follow one another.
    """
    check_chain([manifest for manifest, _ in folders])
    manifest, first = folders[0]
    if manifest.database == "sqlite":
        (first / DATABASE_FILE).replace(target)
    connection = sqlite3.connect(target, isolation_level=None)
    target.chmod(0o600)
    try:
        if manifest.database != "sqlite":
            from axisor_server.adapters.database import migrate

            migrate.to_revision(migrate.sqlite_engine(connection), manifest.revision)
        # A scratch copy is thrown away when anything fails; only its end is made durable.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")
        rest = folders if manifest.database != "sqlite" else folders[1:]
        for _, folder in rest:
            connection.execute("BEGIN IMMEDIATE")
            _apply(connection, folder / ROWS)
            connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise BackupInvalid(f"The backup cannot be put together: {error}.") from error
    finally:
        connection.close()


def check_chain(chain: Sequence[Manifest]) -> None:
    """Raise BackupInvalid unless backups follow one another from a full one, on one schema."""
    if not chain or chain[0].kind is not Kind.FULL:
        raise BackupInvalid("The chain does not begin with a full backup.")
    before = chain[0]
    for number, part in enumerate(chain[1:], 1):
        if (part.base, part.number, part.follows) != (chain[0].id, number, before.id):
            raise BackupInvalid(
                f"Part {number} of the chain is missing, or of another chain.", part=number
            )
        if (part.revision, part.database) != (before.revision, before.database):
            raise BackupInvalid(f"Part {number} is of another schema than the one before.")
        before = part


def _apply(connection: sqlite3.Connection, folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        rows = Rows(path)
        columns = ", ".join(rows.columns)
        marks = ", ".join("?" * len(rows.columns))
        key = KEYS.get(path.name)
        if key is not None:
            where = " AND ".join(f"{column} = ?" for column in key)
            places = [rows.columns.index(column) for column in key]
            connection.executemany(
                f"DELETE FROM {path.name} WHERE {where}",  # noqa: S608 - checked names
                ([row[place] for place in places] for row in rows),
            )
        elif path.name != "journal":
            connection.execute(f"DELETE FROM {path.name}")  # noqa: S608
        insert = f"INSERT INTO {path.name} ({columns}) VALUES ({marks})"  # noqa: S608
        connection.executemany(insert, rows)


def check(database: Path, manifest: Manifest) -> int:
    """Check a database put together against its manifest; returns how many entries were hashed.

    Every page, the chain of every journal, its head, and how many rows each table has. Raises
    BackupInvalid or JournalCorrupt.
    """
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    try:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise BackupInvalid(f"The database within the backup is damaged: {found}.")
        revision = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()  # noqa: S608
        if revision != [(manifest.revision,)]:
            raise BackupInvalid("The schema within the backup is not the one it names.")
        entries = _check_journals(connection, manifest)
        _check_counts(connection, manifest)
    except sqlite3.Error as error:
        raise BackupInvalid(f"The database within the backup cannot be read: {error}.") from error
    finally:
        connection.close()
    return entries


def _check_journals(connection: sqlite3.Connection, manifest: Manifest) -> int:
    heads: dict[str, Head] = {}
    count = 0
    for entry in _entries(connection):
        heads[entry.stream] = verify(heads.get(entry.stream, Head()), (entry,))
        count += 1
    stated = {name: (head.sequence, head.hash) for name, head in manifest.heads.items()}
    found = {name: (head.sequence, head.hash.hex()) for name, head in heads.items()}
    kept = {
        stream: (sequence, bytes(hash).hex())
        for stream, sequence, hash in connection.execute(
            "SELECT stream, sequence, hash FROM journal_head"
        )
    }
    for stream in sorted({*stated, *found, *kept}):
        ends = stated.get(stream), found.get(stream), kept.get(stream)
        if len(set(ends)) != 1:
            raise JournalCorrupt(
                f"The journal {stream} does not end where the backup says.", stream=stream
            )
    return count


def _entries(connection: sqlite3.Connection) -> Iterator[Entry]:
    cursor = connection.execute(ENTRIES)
    while rows := cursor.fetchmany(PAGE):
        for row in rows:
            yield Entry(*row)


def _check_counts(connection: sqlite3.Connection, manifest: Manifest) -> None:
    for table, count in manifest.counts.items():
        if table in UNCOUNTED or not table.replace("_", "").isalpha():
            continue
        (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        if found != count:
            raise BackupInvalid(f"The table {table} has {found} rows and should have {count}.")


def check_part(folder: Path, before: Manifest, manifest: Manifest) -> int:
    """Check that the entries of a part lead from the heads before to its own; returns how many."""
    heads = {
        stream: Head(head.sequence, bytes.fromhex(head.hash))
        for stream, head in before.heads.items()
    }
    rows = Rows(folder / "journal")
    count = 0
    for row in rows:
        named = dict(zip(rows.columns, row, strict=True))
        named["time_us"] = named.pop("time")
        entry = Entry(**{field: named[field] for field in Entry.__struct_fields__})
        heads[entry.stream] = verify(heads.get(entry.stream, Head()), (entry,))
        count += 1
    for stream, stated in manifest.heads.items():
        found = heads.get(stream, Head())
        if (found.sequence, found.hash.hex()) != (stated.sequence, stated.hash):
            raise JournalCorrupt(
                f"The journal {stream} does not lead to where it ends.", stream=stream
            )
    return count
