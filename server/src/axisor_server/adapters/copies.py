"""Reads the file of checkpoints as a queue, and remembers in another how far a receiver has it."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from axisor.errors import CheckpointInvalid
from axisor_server.adapters.files import read_private, replace_private
from axisor_server.domain.checkpoints import from_line
from axisor_server.domain.copies import Batch

FILE = "checkpoints.copied"
MOST_BYTES = 32 * 1024
"""How much of the file one message has, some seventy checkpoints."""

log = structlog.get_logger("axisor.copies")


class _Place(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a receiver is; `before` is what ended there, so that another file is noticed."""

    receiver: str
    end: int = 0
    before: str = ""


class CopiesOf:
    """The Queue port over a file that is only ever added to."""

    def __init__(self, path: Path, place: Path, *, receiver: str) -> None:
        self._path = path
        self._file = place
        self._receiver = hashlib.sha256(receiver.encode()).hexdigest()[:16]

    async def waiting(self) -> Batch | None:
        """Return the next checkpoints that the receiver lacks, or None. Raises OSError."""
        return await asyncio.to_thread(self._waiting)

    async def acknowledge(self, batch: Batch) -> None:
        """Note durably that the receiver has them. Raises OSError."""
        place = _Place(self._receiver, batch.end, _digest(self._last(batch.end)))
        await asyncio.to_thread(replace_private, self._file, msgspec.json.encode(place))

    def _waiting(self) -> Batch | None:
        end = self._end()
        while True:
            content = self._read(end, MOST_BYTES)
            whole = content[: content.rfind(b"\n") + 1]
            if len(content) == MOST_BYTES and not whole:
                whole = content  # no checkpoint is as long: another hand wrote here
            if not whole:
                return None
            end += len(whole)
            lines = tuple(line for line in whole.splitlines(keepends=True) if _is_whole(line))
            if lines:
                return Batch(lines=lines, end=end)

    def _end(self) -> int:
        try:
            place = msgspec.json.decode(read_private(self._file), type=_Place)
        except (FileNotFoundError, msgspec.DecodeError):
            return 0  # a new receiver, which gets all
        if place.receiver != self._receiver or place.before != _digest(self._last(place.end)):
            return 0  # another receiver, or another file
        return place.end

    def _last(self, end: int) -> bytes:
        start = max(0, end - MOST_BYTES)
        return self._read(start, end - start)

    def _read(self, start: int, size: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                return file.read(size)
        except FileNotFoundError:
            return b""


def _is_whole(line: bytes) -> bool:
    try:
        from_line(line)
    except CheckpointInvalid:
        # Of another hand, or torn on a disk without locks.
        log.warning("a line of the checkpoints is none")
        return False
    return True


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
