"""Keeps checkpoints in a file of their own, a line each, which is only ever added to."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from axisor.errors import CheckpointInvalid
from axisor_server.adapters.files import PRIVATE, sync_directory
from axisor_server.domain.checkpoints import Checkpoint, from_line, to_line

FILE = "checkpoints.ndjson"
LONGEST = 4_096
"""No line is as long."""


class CheckpointFile:
    """The Keeper of a file, best on another machine's disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def keep(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Add them durably. Raises OSError where that cannot be done."""
        await asyncio.to_thread(self._add, b"".join(map(to_line, checkpoints)))

    def _add(self, lines: bytes) -> None:
        made = not self.path.exists()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(self.path, flags, PRIVATE), "ab") as file:
            _cut_torn(file.fileno())
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        if made:
            sync_directory(self.path.parent)


def _cut_torn(handle: int) -> None:
    """Cut off the end of a line that a crash tore, or what is added would be part of it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # cores may share the file; none cuts what one writes
    except OSError:
        return  # a disk without locks: what was torn stays, and the line with it is left out
    size = os.fstat(handle).st_size
    tail = os.pread(handle, LONGEST, max(0, size - LONGEST))
    torn = len(tail) - (tail.rfind(b"\n") + 1)
    if torn and (torn < len(tail) or size <= LONGEST):
        os.ftruncate(handle, size - torn)


def read_checkpoints(path: Path) -> Iterator[Checkpoint]:
    """Yield the checkpoints of a file. Raises CheckpointInvalid, with the line, for what is none.

    A last line without an end was torn by a crash; its checkpoint is in the database still.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise CheckpointInvalid(f"{path} cannot be read: {error.strerror}.", file=path) from error
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            return
        try:
            yield from_line(line)
        except CheckpointInvalid as error:
            raise CheckpointInvalid(
                f"Line {number} of {path} is no checkpoint.", file=path, line=number
            ) from error
