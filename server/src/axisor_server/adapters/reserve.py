"""A file that takes room on the disk, so that there is some when nothing else is left.

When the database finds its disk full the file goes, and what must still be written, such as the
closing of a position, can be. While it is gone nothing additive is begun. It is made again, and all
goes on, once there is twice its size to spare.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from axisor.errors import DiskFull
from axisor.intents import Action
from axisor.strategy import View
from axisor_server.domain.intent import is_additive

FILE = "reserve"
SIZE = 16 * 1024 * 1024

log = logging.getLogger(__name__)


class Reserve:
    """The reserve of a data directory. A thread of the database gives it up, the loop keeps it."""

    def __init__(self, directory: Path, *, size: int = SIZE) -> None:
        self._path = directory / FILE
        self._size = size
        self._lock = threading.Lock()
        self._full = False

    @property
    def full(self) -> bool:
        """Return whether the disk was found full, and no room was found since."""
        return self._full

    def give_up(self) -> bool:
        """Free the room because the disk is full; returns whether there was any."""
        with self._lock:
            self._full = True
            try:
                self._path.unlink()
            except FileNotFoundError:
                return False
            except OSError as error:
                log.error("the reserve %s cannot be given up: %s", self._path, error)
                return False
        log.error("the disk of %s is full; the reserve was given up", self._path.parent)
        return True

    def keep(self, free: int) -> None:
        """Make the reserve where there is room for it, given how many bytes are free."""
        with self._lock:
            if self._held():
                self._full = False
            elif free >= 2 * self._size:
                self._full = not self._make()

    def _held(self) -> bool:
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def _make(self) -> bool:
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            finally:
                os.close(handle)
        except OSError as error:
            log.error("the reserve %s cannot be made: %s", self._path, error)
            self._path.unlink(missing_ok=True)
            return False
        return True

    def review(self, action: Action, run: str, view: View) -> DiskFull | None:
        """Refuse what adds while the disk is full; what closes, and stops, go on."""
        if not (self._full and is_additive(action)):
            return None
        return DiskFull(directory=self._path.parent)
