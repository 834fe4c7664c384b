"""The backup that is made by itself before a migration changes a database.

It lies unencrypted in the data directory, beside the database and keys it is a copy of: whoever can
read it could read those.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec.structs import replace

from axisor.ports import Clock
from axisor_server.adapters.backup import archive
from axisor_server.adapters.backup.folder import written
from axisor_server.adapters.backup.making import (
    FILES,
    Place,
    Stamp,
    copy_files,
    first_manifest,
    snapshot_of,
    staging,
)
from axisor_server.adapters.database.newest import Before
from axisor_server.domain.backups import TAKEN
from axisor_server.domain.journal import to_us
from axisor_server.ports import Ids

FOLDER = "before-migration"
KEPT = 3


def before_migration(place: Place, *, clock: Clock, ids: Ids, version: str) -> Before:
    """Return what makes such a backup. It raises StoreUnavailable, and then nothing is migrated."""

    def make(present: str, wanted: str) -> None:
        now = clock.now()
        folder = place.data_dir / FOLDER
        path = folder / f"{now.strftime(TAKEN)}-{present}-to-{wanted}.tar.gz"
        stamp = Stamp(id=ids.new(), time_us=to_us(now), version=version)
        with staging(place.data_dir) as scratch:
            _write(place, scratch, stamp, path)
        for old in sorted(folder.glob("*.tar.gz"))[:-KEPT]:
            os.unlink(old)

    return make


def _write(place: Place, scratch: Path, stamp: Stamp, path: Path) -> None:
    content = scratch / "content"
    content.mkdir(mode=0o700)
    snapshot = snapshot_of(place)
    try:
        manifest = first_manifest(snapshot, stamp)
        snapshot.dump(content)
    finally:
        snapshot.close()
    copy_files(place.data_dir, content / FILES)
    manifest = replace(manifest, members=archive.members(content))
    with written(path) as target:
        archive.pack(content, manifest, target)
