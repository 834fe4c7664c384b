"""Opens a backup with all it follows, and puts the database together in a scratch place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from axisor_server.adapters.backup import archive, checking, seal
from axisor_server.adapters.backup.folder import chain_to
from axisor_server.adapters.backup.making import FILES, staging
from axisor_server.adapters.backup.snapshots import DATABASE_FILE
from axisor_server.domain.backups import Manifest


class Opened(Struct, frozen=True, kw_only=True):
    """A backup that was opened, put together and checked.

    `database` is a SQLite file, whatever kind the core's was; `files` the folder of the data
    directory's keys and tokens; `chain` the files it was made of.
    """

    manifest: Manifest
    database: Path
    files: Path
    chain: tuple[Path, ...]
    entries: int


@contextmanager
def opened(path: Path, key: seal.Key, *, scratch_in: Path) -> Iterator[Opened]:
    """Open and check the backup at a path, or the newest of a folder; gone afterwards.

    Raises ArchiveRefused, BackupInvalid, JournalCorrupt, SettingsInvalid, StoreUnavailable.
    """
    chain = chain_to(path)
    with staging(scratch_in) as scratch:
        folders = [_unpacked(file, key, scratch / str(at)) for at, file in enumerate(chain)]
        target = scratch / DATABASE_FILE
        checking.assemble(folders, target)
        manifest, newest = folders[-1]
        entries = checking.check(target, manifest)
        yield Opened(
            manifest=manifest,
            database=target,
            files=newest / FILES,
            chain=tuple(chain),
            entries=entries,
        )


def _unpacked(file: Path, key: seal.Key, folder: Path) -> tuple[Manifest, Path]:
    packed = folder.with_suffix(".packed")
    packed.touch(mode=0o600)
    with packed.open("wb") as target:
        seal.decrypt(file, target, key)
    folder.mkdir(mode=0o700)
    with packed.open("rb") as source:
        manifest = archive.unpack(source, folder)
    packed.unlink()
    return manifest, folder
