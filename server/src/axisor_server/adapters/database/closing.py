"""Remembers how a core closed its database, so that the next start need not read all of it.

What was closed well and not touched since is as sound as it was then, but for what a disk does by
itself; that is looked for while the core runs.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from axisor_server.adapters.files import replace_private

SUFFIX, DOUBTED = ".closed", ".doubted"


class _As(Struct, frozen=True, forbid_unknown_fields=True):
    """A file as the system tells of it. Nobody can set `changed_ns`: every write and move does."""

    device: int
    inode: int
    size: int
    written_ns: int
    changed_ns: int


def note(database: Path) -> None:
    """Note how a database is that was closed just now, and has no log left beside it.

    One that was found damaged is not noted.
    """
    if database.with_name(f"{database.name}-wal").exists() or _path(database, DOUBTED).exists():
        return
    with suppress(OSError):  # without a note the next start reads everything
        replace_private(_path(database), msgspec.json.encode(_as_it_is(database)))


def doubt(database: Path) -> None:
    """Have the next start read all of a database, however it is closed."""
    with suppress(OSError):  # whoever found the damage tells of it anyway
        replace_private(_path(database, DOUBTED), b"")


def is_as_noted(database: Path) -> bool:
    """Return whether a database is as it was noted, and forget the note: it counts once."""
    path = _path(database)
    _path(database, DOUBTED).unlink(missing_ok=True)
    try:
        noted = msgspec.json.decode(path.read_bytes(), type=_As)
        path.unlink()
    except (OSError, msgspec.DecodeError):
        return False
    return noted == _as_it_is(database)


def _as_it_is(database: Path) -> _As:
    found = os.stat(database)
    return _As(
        device=found.st_dev,
        inode=found.st_ino,
        size=found.st_size,
        written_ns=found.st_mtime_ns,
        changed_ns=found.st_ctime_ns,
    )


def _path(database: Path, suffix: str = SUFFIX) -> Path:
    return database.with_name(f"{database.name}{suffix}")
