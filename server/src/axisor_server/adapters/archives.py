"""Reads archives that somebody else may have made: each member judged before anything is unpacked.

An archive is a tar under gzip. Its members are plain files with plain names below the folder they
are meant for, each name once, and all of it within bounds, whatever the headers claim. An archive
within is a file like others: nothing looks into it.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from collections.abc import Generator
from typing import BinaryIO, cast

from msgspec import Struct

from axisor.errors import ArchiveRefused

BLOCK = 1 << 20
MOST_HEADERS = 1 << 20
"""How many bytes may describe one member: names are short, and headers are read into memory."""

LONGEST_NAME = 255
MOST_FOLDERS = 8
_NAME = re.compile(r"[A-Za-z0-9_+@.-]+(?:/[A-Za-z0-9_+@.-]+)*")
_KINDS = (
    (tarfile.TarInfo.issym, "symlink"),
    (tarfile.TarInfo.islnk, "hardlink"),
    (tarfile.TarInfo.isdev, "device"),
    (tarfile.TarInfo.isdir, "folder"),
    (tarfile.TarInfo.issparse, "sparse"),
)


class Bounds(Struct, frozen=True, kw_only=True):
    """How much an archive may hold; `ratio` counts once it is larger than `free_bytes`."""

    members: int = 10_000
    total_bytes: int
    ratio: int = 200
    free_bytes: int = 16 << 20


class Member(Struct, frozen=True):
    """A file within an archive."""

    name: str
    size: int


class _Metered(io.RawIOBase):
    """What comes out of gzip, never more than was allowed before."""

    def __init__(self, packed: BinaryIO, bounds: Bounds) -> None:
        self._packed = packed
        self._out = gzip.GzipFile(fileobj=packed, mode="rb")
        self._bounds = bounds
        self._count = 0
        self._allowed = 0

    def allow(self, more: int) -> None:
        """Let so much more come out, and what one header needs."""
        self._allowed = self._count + more + MOST_HEADERS

    def read(self, size: int = -1, /) -> bytes:
        content = self._out.read(size)
        self._count += len(content)
        if self._count > self._allowed:
            raise _refused("headers", "describes a member at too great length")
        packed = max(1, self._packed.tell())
        if self._count > self._bounds.free_bytes and self._count > packed * self._bounds.ratio:
            raise _refused("ratio", f"is more than {self._bounds.ratio} times as large unpacked")
        return content


class Names:
    """Names that are used already, for a disk that takes `A` and `a` for one."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self._folders: set[str] = set()

    def add(self, name: str) -> bool:
        """Take a plain name of a file, and return whether it is one and was still free."""
        if cause_against(name):
            return False
        path = name.casefold()
        parts = path.split("/")
        folders = {"/".join(parts[:end]) for end in range(1, len(parts))}
        if path in self.files or path in self._folders or folders & self.files:
            return False
        self.files.add(path)
        self._folders |= folders
        return True


def inspect(source: BinaryIO, bounds: Bounds) -> tuple[Member, ...]:
    """Return the members of an archive, all of it read and nothing of it kept.

    Raises ArchiveRefused, and what tarfile and gzip raise for what is no archive.
    """
    return tuple(member for member, _ in members(source, bounds))


def members(source: BinaryIO, bounds: Bounds) -> Generator[tuple[Member, BinaryIO], None, None]:
    """Yield each member with its content, which is to be read before the next one is asked for.

    Raises ArchiveRefused before the content of a member that is not to be unpacked.
    """
    metered = _Metered(source, bounds)
    metered.allow(0)
    with tarfile.open(fileobj=cast("BinaryIO", metered), mode="r|") as tar:
        names = Names()
        left = bounds.total_bytes
        while (entry := tar.next()) is not None:
            member = _judged(entry, names, left)
            if len(names.files) > bounds.members:
                raise _refused("members", f"holds more than {bounds.members:,} files")
            left -= member.size
            content = tar.extractfile(entry)
            if content is None:
                raise _refused("kind", "holds something that is no file", member.name)
            metered.allow(member.size)
            yield member, cast("BinaryIO", content)  # a stream of bytes, by another name
            while content.read(BLOCK):
                pass  # what the caller left, before its room is taken back
            metered.allow(0)


def _judged(entry: tarfile.TarInfo, names: Names, left: int) -> Member:
    name = entry.name
    for is_kind, kind in _KINDS:
        if is_kind(entry):
            raise _refused(kind, f"holds a {kind}", name)
    if not entry.isreg():
        raise _refused("kind", "holds something that is no file", name)
    cause = cause_against(name)
    if cause:
        raise _refused(cause, "holds a name that is not plain", name)
    if not names.add(name):
        raise _refused("duplicate", "holds a name twice", name)
    if not 0 <= entry.size <= left:
        raise _refused("size", "holds more than there is room for", name)
    return Member(name, entry.size)


def cause_against(name: str) -> str:
    """Return why a name is not plain, or an empty text."""
    if name.startswith(("/", "\\")):
        return "absolute"
    if re.match(r"[A-Za-z]:", name):
        return "drive"
    if any(part in ("..", ".", "") for part in re.split(r"[/\\]", name)):
        return "outside"
    if len(name) > LONGEST_NAME or name.count("/") >= MOST_FOLDERS:
        return "long"
    return "" if _NAME.fullmatch(name) else "characters"


def _refused(cause: str, text: str, member: str = "") -> ArchiveRefused:
    shown = member.encode("unicode_escape").decode()[:LONGEST_NAME]
    where = f": {shown}" if member else ""
    return ArchiveRefused(f"The archive {text}{where}.", cause=cause, member=shown)
