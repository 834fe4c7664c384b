"""Private files: made once, readable by their owner only, refused when others can read them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from axisor.errors import SettingsInvalid

PRIVATE = 0o600
_OTHERS = 0o077
_LARGEST = 1 << 20


def load_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return a private file's content, making it with `make()` where there is none.

    Of several processes that start at once one makes it and all read the same. Raises
    SettingsInvalid as `read_private` does.
    """
    try:
        return read_private(path)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = _write_beside(path, make())
    try:
        os.link(fresh, path)  # unlike a rename, this never replaces what another process made
        sync_directory(path.parent)
    except FileExistsError:
        pass  # another process was first, so its file is the one
    finally:
        fresh.unlink()
    return read_private(path)


def replace_private(path: Path, content: bytes) -> None:
    """Replace a private file as a whole: a reader sees the old content or the new one."""
    _write_beside(path, content).replace(path)
    sync_directory(path.parent)


def read_private(path: Path) -> bytes:
    """Return a file's content.

    Raises FileNotFoundError, or SettingsInvalid when it is a link, another user's, readable by
    others, or absurdly large.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SettingsInvalid(
            f"{path} cannot be opened: {error.strerror}.",
            fix="Make it a plain file that the user of the core owns.",
            path=path,
        ) from error
    with os.fdopen(handle, "rb") as file:
        _check(path, os.fstat(file.fileno()))
        return file.read(_LARGEST)


def _check(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
        raise SettingsInvalid(f"{path} is not a small plain file.", path=path)
    if status.st_uid != os.geteuid():
        raise SettingsInvalid(
            f"{path} belongs to another user.",
            fix=f"chown it to the core's user: {path}",
            path=path,
        )
    if status.st_mode & _OTHERS:
        raise SettingsInvalid(
            f"{path} holds a secret and others can read it.",
            money="Whoever read it may act in your name; it is not used.",
            fix=f"Run: chmod 600 {path} - and replace the secret if it may have been read.",
            path=path,
        )


def _write_beside(path: Path, content: bytes) -> Path:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)  # left by a process of this id that died here
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), PRIVATE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
