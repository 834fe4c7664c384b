"""Packs the files of a backup into one stream, and unpacks it with every byte checked."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from axisor.errors import BackupInvalid
from axisor_server.adapters import archives
from axisor_server.domain.backups import FORMAT, Manifest, Member

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1 << 24
BLOCK = 1 << 20
LEVEL = 3
"""How hard gzip tries: a third of the time of its usual level for a tenth more bytes."""

_MEMBER = re.compile(r"(?:database\.db|rows/[a-z_]+|files/[\w+@.-]+(?:/[\w+@.-]+)?)")
BROKEN = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, UnicodeError, ValueError)
"""What tarfile and gzip raise for what is damaged."""

_Members: TypeAlias = Iterator[tuple[archives.Member, BinaryIO]]

_decoder = msgspec.json.Decoder(Manifest)


def members(folder: Path) -> tuple[Member, ...]:
    """Return every file below a folder with its size and digest."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(_member(folder, path) for path in paths)


def _member(folder: Path, path: Path) -> Member:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Member(path.relative_to(folder).as_posix(), path.stat().st_size, digest)


def pack(folder: Path, manifest: Manifest, target: BinaryIO) -> None:
    """Write the manifest and then its members, which lie in `folder`, as one compressed tar."""
    with (
        gzip.GzipFile(fileobj=target, mode="wb", compresslevel=LEVEL, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        encoded = msgspec.json.encode(manifest)
        _add(tar, MANIFEST, len(encoded), io.BytesIO(encoded))
        for member in manifest.members:
            with (folder / member.name).open("rb") as file:
                _add(tar, member.name, member.size, file)


def _add(tar: tarfile.TarFile, name: str, size: int, source: BinaryIO) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o600
    tar.addfile(entry, source)


def unpack(source: BinaryIO, folder: Path, bounds: archives.Bounds | None = None) -> Manifest:
    """Write the members into `folder`, which must be empty, and return the manifest.

    Everything is looked at before anything is written; without `bounds` it may fill the disk.
    Raises ArchiveRefused for what no backup holds, and BackupInvalid where anything is missing,
    added, renamed or changed; what was written by then is not to be used.
    """
    bounds = bounds or archives.Bounds(total_bytes=shutil.disk_usage(folder).free)
    try:
        archives.inspect(source, bounds)
        source.seek(0)
        with closing(archives.members(source, bounds)) as found:
            return _unpack(found, folder)
    except BROKEN as error:
        raise BackupInvalid(f"The backup is not whole: {error}.") from error


def _unpack(found: _Members, folder: Path) -> Manifest:
    first, content = next(found, (None, None))
    if first is None or content is None or first.name != MANIFEST or first.size > LARGEST_MANIFEST:
        raise BackupInvalid("It does not begin as a backup does.")
    manifest = decode_manifest(content.read())
    for member in manifest.members:
        entry, content = next(found, (None, None))
        if (
            entry is None
            or content is None
            or (entry.name, entry.size) != (member.name, member.size)
        ):
            raise BackupInvalid(f"The backup lacks {member.name}.", member=member.name)
        if not _MEMBER.fullmatch(member.name):
            raise BackupInvalid(f"The backup holds the strange file {member.name!r}.")
        _extract(content, folder / member.name, member)
    if next(found, None) is not None:
        raise BackupInvalid("The backup holds more than it says.")
    return manifest


def decode_manifest(encoded: bytes) -> Manifest:
    """Return the manifest of its JSON. Raises BackupInvalid for another layout than is known."""
    try:
        manifest = _decoder.decode(encoded)
    except msgspec.DecodeError as error:
        raise BackupInvalid(f"The backup's manifest cannot be read: {error}.") from error
    if manifest.format != FORMAT:
        raise BackupInvalid(
            f"The backup has layout {manifest.format}; this core reads {FORMAT}.",
            fix="Restore it with the version of Axisor that made it, or a newer one.",
        )
    return manifest


def _extract(source: BinaryIO, path: Path, member: Member) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        path.chmod(0o600)
        while block := source.read(BLOCK):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != member.sha256:
        raise BackupInvalid(f"{member.name} in the backup was changed.", member=member.name)
