"""Makes one backup: a snapshot, written out, checked, encrypted, and put in place as a whole."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import AxisorError, StoreInUse, StoreUnavailable
from axisor_server.adapters.archives import Names
from axisor_server.adapters.backup import archive, checking, seal
from axisor_server.adapters.backup.folder import listed, prove, written
from axisor_server.adapters.backup.snapshots import (
    DATABASE_FILE,
    ROWS,
    Snapshot,
    SqliteSnapshot,
)
from axisor_server.adapters.backup.taking import Taken, describe, heads_of, take_part
from axisor_server.adapters.database.directory import DATABASE, LOCK
from axisor_server.adapters.files import replace_private
from axisor_server.domain.backups import Kind, Manifest, name_of, parse_name, short
from axisor_server.domain.journal import to_us

STATE_FILE = "backup.json"
FILES = "files"
STAGING = ".backup-"
LOCK_FILE = "backup.lock"
LARGEST_FILE = 1 << 20
PASSING = ("address", "reserve", LOCK, LOCK_FILE, STATE_FILE)
"""Files of a data directory that mean nothing elsewhere."""


class Place(Struct, frozen=True, kw_only=True):
    """What is backed up: a data directory, and the database beside it ('' for its own SQLite)."""

    data_dir: Path
    database_url: str = ""


class Stamp(Struct, frozen=True, kw_only=True):
    """What one backup is named by."""

    id: str
    time_us: int
    version: str


class Made(Struct, frozen=True, kw_only=True):
    """A backup that was made: its manifest, its file, its size, and how many entries it checked."""

    manifest: Manifest
    path: Path
    size: int
    entries: int


def snapshot_of(place: Place) -> Snapshot:
    """Return a still moment of a database. Raises StoreUnavailable."""
    if place.database_url:
        from axisor_server.adapters.backup.postgres_snapshots import PostgresSnapshot

        return PostgresSnapshot(place.database_url)
    return SqliteSnapshot(place.data_dir / DATABASE)


def _broken(place: Place) -> tuple[type[Exception], ...]:
    """Return what the database raises; only whose is PostgreSQL loads its driver."""
    if not place.database_url:
        return (sqlite3.Error,)
    import psycopg

    return (sqlite3.Error, psycopg.Error)


def make(
    place: Place,
    folder: Path,
    lock: seal.Lock,
    stamp: Stamp,
    *,
    full: bool,
    full_every_us: int = 0,
) -> Made | None:
    """Make a backup; None where nothing was written to a journal since the one before.

    It is a part of the present chain unless `full` is asked for, the chain is older than
    `full_every_us`, or there is none to go on from. Raises StoreUnavailable, SettingsInvalid,
    JournalCorrupt, and BackupInvalid where what was written could not be put together again.
    """
    try:
        return _make(place, folder, lock, stamp, full=full, full_every_us=full_every_us)
    except _broken(place) as error:
        raise StoreUnavailable(f"The database cannot be backed up: {error}.") from error


def _make(
    place: Place,
    folder: Path,
    lock: seal.Lock,
    stamp: Stamp,
    *,
    full: bool,
    full_every_us: int,
) -> Made | None:
    seal.check_lock(lock)
    before = None if full else _going_on(place, folder, stamp, full_every_us)
    with staging(place.data_dir) as scratch, _open(place) as snapshot:
        content = scratch / "content"
        content.mkdir(mode=0o700)
        if before is not None and _unchanged(snapshot, before):
            return None
        taken = describe(snapshot)
        if before is None or before.revision != taken.revision:
            before = None
            snapshot.dump(content)
        else:
            take_part(snapshot, content, before)
        left_out = copy_files(place.data_dir, content / FILES)
        manifest = _manifest(snapshot.database, taken, stamp, before, left_out)
        manifest = replace(manifest, members=archive.members(content))
        entries = _checked(manifest, before, content, scratch)
        path = folder / str(name_of(manifest))
        _seal(content, manifest, path, lock, scratch)
    prove(path, now_us=stamp.time_us, opened=False)
    remember(place.data_dir, manifest)
    return Made(manifest=manifest, path=path, size=path.stat().st_size, entries=entries)


@contextmanager
def staging(data_dir: Path) -> Iterator[Path]:
    """Give a private folder beside the database, gone afterwards; what crashes left goes first.

    One at a time in each data directory. Raises StoreInUse, and StoreUnavailable for a disk that
    does not take it.
    """
    try:
        lock = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _not_made(f"There is no room for a backup: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise StoreInUse(
            f"Another backup of {data_dir} is under way.", fix="Wait until it is made."
        ) from None
    try:
        with _scratch(data_dir) as scratch:
            yield scratch
    finally:
        os.close(lock)


@contextmanager
def _scratch(data_dir: Path) -> Iterator[Path]:
    for old in data_dir.glob(f"{STAGING}*"):
        shutil.rmtree(old, ignore_errors=True)
    try:
        scratch = Path(tempfile.mkdtemp(prefix=STAGING, dir=data_dir))
    except OSError as error:
        raise _not_made(f"There is no room for a backup: {error.strerror}.") from error
    try:
        yield scratch
    except OSError as error:
        raise _not_made(f"The backup could not be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _not_made(what: str) -> StoreUnavailable:
    return StoreUnavailable(
        what,
        money="Trading and guarding go on; there is no newer backup.",
        fix="Free space on the disks of the data directory and of the folder of backups.",
    )


@contextmanager
def _open(place: Place) -> Iterator[Snapshot]:
    snapshot = snapshot_of(place)
    try:
        yield snapshot
    finally:
        snapshot.close()


def _manifest(
    database: str,
    taken: Taken,
    stamp: Stamp,
    before: Manifest | None,
    left_out: Sequence[str],
) -> Manifest:
    return Manifest(
        id=stamp.id,
        kind=Kind.FULL if before is None else Kind.PART,
        base=stamp.id if before is None else before.base,
        follows="" if before is None else before.id,
        number=0 if before is None else before.number + 1,
        time_us=stamp.time_us,
        version=stamp.version,
        revision=taken.revision,
        database=database,
        heads=taken.heads,
        counts=taken.counts,
        left_out=tuple(left_out),
    )


def first_manifest(snapshot: Snapshot, stamp: Stamp) -> Manifest:
    """Return the manifest of a full backup of a snapshot, its members not yet known."""
    return _manifest(snapshot.database, describe(snapshot), stamp, None, ())


def _unchanged(snapshot: Snapshot, before: Manifest) -> bool:
    return heads_of(snapshot) == dict(before.heads)


def _going_on(place: Place, folder: Path, stamp: Stamp, full_every_us: int) -> Manifest | None:
    """Return the backup that a part would follow, None where the chain cannot go on."""
    before = remembered(place.data_dir)
    if before is None:
        return None
    lying = {found.name.id: found for found in listed(folder)}
    if short(before.id) not in lying or short(before.base) not in lying:
        return None
    age_us = stamp.time_us - to_us(lying[short(before.base)].name.time)
    return before if not full_every_us or 0 <= age_us < full_every_us else None


def remember(data_dir: Path, manifest: Manifest) -> None:
    """Note which backup a part would follow; what is in it stays in it."""
    replace_private(data_dir / STATE_FILE, msgspec.json.encode(replace(manifest, members=())))


def remembered(data_dir: Path) -> Manifest | None:
    """Return the last backup made from here, None where that is not known."""
    try:
        return archive.decode_manifest((data_dir / STATE_FILE).read_bytes())
    except (OSError, AxisorError):
        return None  # then the next one is a full one


def copy_files(data_dir: Path, target: Path) -> list[str]:
    """Copy keys, tokens and certificates; returns what is too large or too oddly named for one."""
    left_out = []
    names = Names()
    for path in sorted(data_dir.rglob("*"), key=_ours_first):
        name = path.relative_to(data_dir)
        if path.is_symlink() or not path.is_file() or _passes(name):
            continue
        fits = path.stat().st_size <= LARGEST_FILE and len(name.parts) <= 2
        if not fits or not names.add(name.as_posix()):
            left_out.append(name.as_posix())
            continue
        copy = target / name
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy.touch(mode=0o600)
        copy.write_bytes(path.read_bytes())
    return left_out


def _ours_first(path: Path) -> tuple[bool, Path]:
    # Ours have small letters, and come before what differs from them in that alone.
    return path.name != path.name.lower(), path


def _passes(name: Path) -> bool:
    first = name.parts[0]
    if first in PASSING or first.startswith((".", f"{DATABASE}", "before-")):
        return True
    return parse_name(name.name) is not None or name.suffix == ".checked"


def _checked(manifest: Manifest, before: Manifest | None, content: Path, scratch: Path) -> int:
    """Put a full backup together and check it; of a part, that its entries go on from before."""
    if before is not None:
        return checking.check_part(content / ROWS, before, manifest)
    if manifest.database == "sqlite":
        return checking.check(content / DATABASE_FILE, manifest)
    copy = scratch / DATABASE_FILE
    checking.assemble([(manifest, content)], copy)
    return checking.check(copy, manifest)


def _seal(content: Path, manifest: Manifest, path: Path, lock: seal.Lock, scratch: Path) -> None:
    packed = scratch / "packed"
    with packed.open("wb") as file:
        packed.chmod(0o600)
        archive.pack(content, manifest, file)
    with packed.open("rb") as file, written(path) as target:
        seal.encrypt(file, target, lock)
