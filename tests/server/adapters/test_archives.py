"""Fifteen kinds of hostile archives, each refused before anything of it is unpacked."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.errors import ArchiveRefused, BackupInvalid
from axisor_server.adapters.archives import MOST_HEADERS, Bounds, Member, inspect, members
from axisor_server.adapters.backup import archive
from axisor_server.domain.backups import Kind, Manifest
from axisor_server.domain.backups import Member as Listed

BOUNDS = Bounds(members=100, total_bytes=1 << 20, ratio=200, free_bytes=64 << 10)
Build = Callable[[tarfile.TarFile], None]


def plain(name: str, content: bytes = b"evil") -> Build:
    """Return what adds a plain file of any name."""

    def build(tar: tarfile.TarFile) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))

    return build


def odd(name: str, kind: bytes, target: str = "") -> Build:
    """Return what adds something that is no plain file."""

    def build(tar: tarfile.TarFile) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, target
        entry.devmajor, entry.devminor = 1, 5
        tar.addfile(entry)

    return build


def several(*builds: Build) -> Build:
    """Return what adds several things."""

    def build(tar: tarfile.TarFile) -> None:
        for each in builds:
            each(tar)

    return build


def claiming(size: int) -> Build:
    """Return what adds a header that claims a size, and nothing after it."""

    def build(tar: tarfile.TarFile) -> None:
        entry = tarfile.TarInfo("claims")
        entry.size = size
        assert tar.fileobj is not None
        tar.fileobj.write(entry.tobuf(tarfile.GNU_FORMAT))

    return build


def described(**headers: str) -> Build:
    """Return what adds a file with PAX headers."""

    def build(tar: tarfile.TarFile) -> None:
        entry = tarfile.TarInfo("x")
        entry.pax_headers = headers
        tar.addfile(entry)

    return build


def packed(build: Build) -> bytes:
    """Return an archive under gzip."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        build(tar)
    return target.getvalue()


LONG = random.Random(2).randbytes(MOST_HEADERS).hex()
NOISE = random.Random(1).randbytes(300_000)

HOSTILE: tuple[tuple[str, Build, str], ...] = (
    ("a way out", plain("../../etc/cron.d/evil"), "outside"),
    ("a way out within", plain("files/../../evil"), "outside"),
    ("an absolute name", plain("/etc/cron.d/evil"), "absolute"),
    ("a drive", plain("C:/windows/evil"), "drive"),
    ("backslashes", plain("files\\..\\..\\evil"), "outside"),
    (
        "a symlink and a file through it",
        several(odd("files", tarfile.SYMTYPE, "/etc"), plain("files/passwd")),
        "symlink",
    ),
    ("a hardlink", odd("files/key", tarfile.LNKTYPE, "/etc/shadow"), "hardlink"),
    ("a device", odd("files/disk", tarfile.BLKTYPE), "device"),
    ("a pipe", odd("files/pipe", tarfile.FIFOTYPE), "device"),
    ("a bomb", plain("bomb", bytes(900_000)), "ratio"),
    ("too many", several(*(plain(f"f{number}") for number in range(101))), "members"),
    ("a huge size", claiming(8 << 40), "size"),
    ("a name twice, but for case", several(plain("Key"), plain("kEY")), "duplicate"),
    ("a name read backwards", plain("files/\u202egnp.exe"), "characters"),
    ("a zero in a name", described(path="files/key\0.txt"), "characters"),
)
FURTHER: tuple[tuple[str, Build, str], ...] = (
    ("a folder", odd("files", tarfile.DIRTYPE), "folder"),
    ("a character device", odd("files/null", tarfile.CHRTYPE), "device"),
    ("a file that is a folder too", several(plain("a"), plain("a/b")), "duplicate"),
    ("a folder that is a file too", several(plain("a/b"), plain("A")), "duplicate"),
    ("an unknown kind", odd("x", b"Z"), "kind"),
    (
        "headers without end",
        described(comment=LONG),
        "headers",
    ),
    ("a name without end", plain("a" * 300), "long"),
    ("folders without end", plain("a/" * 20 + "b"), "long"),
    ("an empty folder name", plain("a//b"), "outside"),
    ("together too much", several(*(plain(f"f{n}", NOISE) for n in range(5))), "size"),
    ("a sparse file", described(**{"GNU.sparse.map": "0,0", "GNU.sparse.size": "9"}), "sparse"),
)


def test_there_are_fifteen():
    assert len(HOSTILE) == 15


@pytest.mark.parametrize(
    ("build", "cause"), [pytest.param(*rest, id=name) for name, *rest in (*HOSTILE, *FURTHER)]
)
def test_a_hostile_archive_is_refused(build: Build, cause: str):
    with pytest.raises(ArchiveRefused) as caught:
        inspect(io.BytesIO(packed(build)), BOUNDS)

    assert caught.value.metadata["cause"] == cause
    assert caught.value.metadata["member"].isprintable()


@pytest.mark.parametrize("build", [pytest.param(build, id=name) for name, build, _ in HOSTILE])
def test_nothing_of_a_hostile_backup_is_unpacked(build: Build, tmp_path: Path):
    # All that comes before is as a backup has it; only what it must not hold follows.
    good = b"key"
    listed = Listed("files/token", len(good), "0" * 64)
    manifest = Manifest(
        id="b", kind=Kind.FULL, base="b", time_us=1, version="1", revision="1",
        database="sqlite", heads={}, counts={}, members=(listed,),
    )  # fmt: skip
    begins = several(
        plain(archive.MANIFEST, msgspec.json.encode(manifest)), plain("files/token", good)
    )
    folder = tmp_path / "folder"
    folder.mkdir()

    with pytest.raises(ArchiveRefused):
        archive.unpack(io.BytesIO(packed(several(begins, build))), folder, BOUNDS)

    assert list(tmp_path.rglob("*")) == [folder]


def test_what_holds_plain_files_is_read_whole():
    builds = (plain("database.db", NOISE), plain("files/vault.key", b"k"), plain("empty", b""))
    content = packed(several(*builds))

    found = [(member, source.read()) for member, source in members(io.BytesIO(content), BOUNDS)]

    assert found == [
        (Member("database.db", len(NOISE)), NOISE),
        (Member("files/vault.key", 1), b"k"),
        (Member("empty", 0), b""),
    ]
    assert inspect(io.BytesIO(content), BOUNDS) == tuple(member for member, _ in found)


@pytest.mark.parametrize(
    "within",
    [packed(plain("../evil")), gzip.compress(bytes(1 << 22))],
    ids=["a way out", "a bomb"],
)
def test_an_archive_within_is_a_file_that_nothing_looks_into(within: bytes):
    ((member, content),) = [
        (member, source.read())
        for member, source in members(io.BytesIO(packed(plain("inner.gz", within))), BOUNDS)
    ]

    assert (member, content) == (Member("inner.gz", len(within)), within)


def test_a_member_that_is_not_read_does_not_hold_up_the_next():
    content = packed(several(plain("first", NOISE), plain("second", b"2")))

    read = members(io.BytesIO(content), BOUNDS)
    found = [(member.name, source.read(1)) for member, source in read]

    assert found == [("first", NOISE[:1]), ("second", b"2")]


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_what_is_no_archive_or_ends_too_soon_is_no_backup(cut: int, tmp_path: Path):
    content = packed(plain(archive.MANIFEST, NOISE))

    with pytest.raises(BackupInvalid):
        archive.unpack(io.BytesIO(content[: len(content) // cut - 20]), tmp_path)
    with pytest.raises(BackupInvalid):
        archive.unpack(io.BytesIO(b"nonsense"), tmp_path)


@given(st.data())
def test_a_changed_archive_is_whole_or_refused(data: st.DataObject):
    good = several(plain("first", NOISE[:700]), plain("files/second", b"2"), described(path="p"))
    content = bytearray(gzip.decompress(packed(good)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 4_000))] = data.draw(st.integers(0, 255))

    try:
        found = inspect(io.BytesIO(gzip.compress(bytes(content), 1)), BOUNDS)
    except (ArchiveRefused, *archive.BROKEN):
        return

    assert all(member.name.isascii() and ".." not in member.name for member in found)
