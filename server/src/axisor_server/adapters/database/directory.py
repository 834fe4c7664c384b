"""The data directory of a SQLite core: private, and held by one process at a time."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from axisor.errors import StoreInUse, StoreUnavailable

LOCK = "core.lock"
DATABASE = "axisor.db"


class DataDirectory:
    """A directory with the database and the lock. The lock dies with the process that holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def database(self) -> Path:
        """Return the path of the database file."""
        return self.path / DATABASE

    def take(self) -> None:
        """Make the directory and its empty database where missing, and lock it.

        Raises StoreInUse with the directory and the other process's id, or StoreUnavailable.
        """
        self.lock()
        # SQLite would make the file readable by others; its log files copy its permissions.
        os.close(os.open(self.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def lock(self) -> None:
        """Make the directory where missing, and lock it. Raises as `take` does."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(
                f"The data directory {self.path} cannot be used: {error.strerror}.",
                directory=self.path,
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.read(lock, 32).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise StoreInUse(
                f"Another core (process {pid}) works with {self.path}.",
                directory=self.path,
                pid=pid,
            ) from error
        os.ftruncate(lock, 0)
        os.write(lock, b"%d\n" % os.getpid())
        self._lock = lock

    def release(self) -> None:
        """Unlock the directory."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(OSError):  # a full disk must not keep the lock
                os.ftruncate(lock, 0)
            os.close(lock)
