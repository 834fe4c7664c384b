"""Puts a backup in place: into an empty directory and database, or beside what is moved aside."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from axisor.errors import BackupInvalid, StoreInUse, StoreUnavailable
from axisor_server.adapters.backup import seal
from axisor_server.adapters.backup.making import LOCK_FILE, Place
from axisor_server.adapters.backup.marking import mark, restored_from
from axisor_server.adapters.backup.opening import Opened, opened
from axisor_server.adapters.database.directory import DATABASE, LOCK, DataDirectory
from axisor_server.adapters.files import sync_directory
from axisor_server.domain.backups import Manifest
from axisor_server.domain.journal import to_us

ASIDE = "%Y%m%dT%H%M%SZ"


class Result(Struct, frozen=True, kw_only=True):
    """What was restored, and where what was there before lies now (None: there was nothing)."""

    manifest: Manifest
    entries: int
    chain: tuple[Path, ...]
    moved_to: Path | None = None
    moved_schema: str = ""


def restore(
    source: Path, key: seal.Key, place: Place, *, now: datetime, move_aside: bool
) -> Result:
    """Restore a backup, or the newest of a folder, and mark the database as restored.

    What is there already is refused, or moved aside as a whole; nothing is ever deleted. The
    database comes last, so that an interrupted restore leaves no directory that a core would start
    in. Raises StoreInUse where a core works there or something is in the way, BackupInvalid,
    JournalCorrupt, SettingsInvalid and StoreUnavailable.
    """
    with _held(place.data_dir):
        in_the_way = _content(place.data_dir)
        if in_the_way and not move_aside:
            raise StoreInUse(
                f"The directory {place.data_dir} is not empty.",
                fix="Restore into an empty one, or add --move-aside: what is there is kept beside.",
                directory=place.data_dir,
            )
        if place.database_url:
            from axisor_server.adapters.backup import into_postgres

            into_postgres.check_target(place.database_url, move_aside=move_aside)
        with opened(source, key, scratch_in=place.data_dir) as backup:
            _check_kind(backup.manifest, place)
            moved_to = _move_aside(place.data_dir, in_the_way, now)
            moved_schema = _install(backup, place, now, move_aside=move_aside)
            return Result(
                manifest=backup.manifest,
                entries=backup.entries,
                chain=backup.chain,
                moved_to=moved_to,
                moved_schema=moved_schema,
            )


@contextmanager
def _held(directory: Path) -> Iterator[None]:
    held = DataDirectory(directory)
    held.lock()
    try:
        yield
    finally:
        held.release()


def _content(directory: Path) -> list[Path]:
    return [path for path in sorted(directory.iterdir()) if path.name not in (LOCK, LOCK_FILE)]


def _check_kind(manifest: Manifest, place: Place) -> None:
    wanted = "postgresql" if place.database_url else "sqlite"
    if manifest.database != wanted:
        raise BackupInvalid(
            f"The backup is of a core on {manifest.database}, and this one uses {wanted}.",
            fix="Give --database for PostgreSQL, or leave it out for SQLite.",
        )


def _move_aside(directory: Path, content: list[Path], now: datetime) -> Path | None:
    if not content:
        return None
    target = directory.with_name(f"{directory.name}.before-{now.strftime(ASIDE)}")
    try:
        target.mkdir(mode=0o700)
        for path in content:
            path.rename(target / path.name)
        sync_directory(target)
    except OSError as error:
        raise StoreUnavailable(
            f"What is in {directory} cannot be moved to {target}: {error.strerror}."
        ) from error
    return target


def _install(backup: Opened, place: Place, now: datetime, *, move_aside: bool) -> str:
    for file in sorted(path for path in backup.files.rglob("*") if path.is_file()):
        _put(file, place.data_dir / file.relative_to(backup.files))
    time_us = to_us(now)
    if place.database_url:
        from axisor_server.adapters.backup import into_postgres

        return into_postgres.load(
            place.database_url, backup, time_us=time_us, move_aside=move_aside, now=now
        )
    with sqlite3.connect(backup.database) as connection:
        mark(connection.execute, restored_from(backup.manifest, time_us=time_us))
    connection.close()
    _put(backup.database, place.data_dir / DATABASE)
    return ""


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(source, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    source.chmod(0o600)
    source.rename(target)
    sync_directory(target.parent)
