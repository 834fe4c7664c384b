"""The EmergencyLog port over a file that stands beside the store, with room kept for it.

The room is taken when the file is made, so that a disk that fills up later still takes the lines.
Behind the last line the file is zeros.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from axisor.errors import StoreUnavailable
from axisor_server.adapters.files import PRIVATE
from axisor_server.domain.emergency import (
    Deed,
    Ended,
    Left,
    Read,
    Taken,
    not_taken,
    read_lines,
    write_line,
)

NAME = "break-glass.jsonl"
ROOM = 256 * 1024
"""Bytes kept for lines of about half a kilobyte each."""

_Work: TypeAlias = Callable[[], Read]

log = logging.getLogger(__name__)


class FileEmergencyLog:
    """Appends lines to a file of its owner's alone, each durable before it counts."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Make the file and keep its room. Raises StoreUnavailable."""
        await self._safely(self._open)

    async def append(self, deed: Deed) -> None:
        """Write a deed down, durably."""
        await self._safely(lambda: self._append(deed))

    async def deeds(self, account: str) -> Sequence[Left | Ended]:
        """Return what an account's journal may not have yet."""
        return not_taken((await self._safely(self._read)).deeds, account)

    async def retire(self, account: str, *, now_us: int) -> None:
        """Remember that an account's journal has all of it; put the file away when all is taken."""

        def work() -> Read:
            found = self._read()
            if not_taken(found.deeds, account):
                found = self._append(Taken(account=account, at_us=now_us))
            if found.deeds and not any(not_taken(found.deeds, d.account) for d in found.deeds):
                os.truncate(self._put_away(f"done-{now_us}"), found.length)
                self._open()
            return found

        await self._safely(work)

    async def _safely(self, work: _Work) -> Read:
        async with self._turn:
            try:
                return await asyncio.to_thread(work)
            except OSError as error:
                raise StoreUnavailable(
                    f"The emergency log {self._path} cannot be used: {error.strerror}."
                ) from error

    def _open(self) -> Read:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(self._path, flags, PRIVATE)
        try:
            os.fchmod(handle, PRIVATE)
            if os.fstat(handle).st_size < ROOM:
                os.posix_fallocate(handle, 0, ROOM)
            os.fsync(handle)
        finally:
            os.close(handle)
        _sync(self._path.parent)
        return self._read()

    def _read(self) -> Read:
        data = self._data()
        found = read_lines(data)
        if found.broken:
            # What holds is used; the whole is kept for whoever has to find out.
            log.critical("the emergency log %s is broken at byte %d", self._path, found.length)
            self._put_away(f"broken-{found.length}")
            self._path.write_bytes(data[: found.length])
            self._open()
        return found

    def _data(self) -> bytes:
        try:
            return self._path.read_bytes().rstrip(b"\0")
        except FileNotFoundError:
            return b""

    def _append(self, deed: Deed) -> Read:
        if not self._path.exists():
            self._open()
        found = self._read()
        line, _ = write_line(found.head, deed)
        torn = len(self._data()) - found.length - len(line)
        handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.pwrite(handle, line + b"\0" * max(0, torn), found.length)
            os.fsync(handle)
        finally:
            os.close(handle)
        return self._read()

    def _put_away(self, word: str) -> Path:
        target = self._path.with_name(f"break-glass-{word}.jsonl")
        self._path.replace(target)
        _sync(self._path.parent)
        return target


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
