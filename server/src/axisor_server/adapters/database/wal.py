"""Looks whether the write-ahead log of SQLite lost anything that was in it.

SQLite reads its log up to the first frame whose checksum is wrong and forgets the rest, without a
word. After a crash that is right: what comes behind was never acknowledged. But every commit is on
the disk before the next one begins, so two whole commits behind a bad frame mean that the disk
changed what it had kept; and one may be the last that was acknowledged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

HEADER = 32
FRAME = 24
MAGICS = (0x377F0682, 0x377F0683)


class Log(Struct, frozen=True):
    """What a log holds by its own words: the places of its commits, counted in frames from 1.

    `sound` is False where its header was changed while there are frames behind it.
    """

    commits: tuple[int, ...] = ()
    sound: bool = True

    def lost(self, valid: int) -> int:
        """Return how many commits lie behind the last frame that SQLite accepts."""
        return sum(1 for place in self.commits if place > valid)


def look(database: Path) -> Log:
    """Read a database's log before SQLite does; an empty one where there is none."""
    path = database.with_name(f"{database.name}-wal")
    try:
        with path.open("rb") as file:
            header = file.read(HEADER)
            if len(header) < HEADER:
                return Log()
            magic, _, page, _, salt1, salt2, sum1, sum2 = struct.unpack(">8I", header)
            order = ">" if magic & 1 else "<"
            frames = (path.stat().st_size - HEADER) // (page + FRAME) if page else 0
            if magic not in MAGICS or _checksum(header[:24], order) != (sum1, sum2):
                # SQLite ignores a log with such a header. A size that is not whole says nothing.
                return Log(sound=path.stat().st_size < HEADER + FRAME)
            return Log(tuple(_commits(file, page, frames, (salt1, salt2))))
    except FileNotFoundError:
        return Log()


def _checksum(data: bytes, order: str) -> tuple[int, int]:
    one = two = 0
    for first, second in struct.iter_unpack(f"{order}2I", data):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two


def _commits(log: BinaryIO, page: int, frames: int, salts: tuple[int, int]) -> Iterator[int]:
    """Yield the places of the frames of this generation that end a transaction."""
    for place in range(1, frames + 1):
        log.seek(HEADER + (place - 1) * (page + FRAME))
        _, size, salt1, salt2, _, _ = struct.unpack(">6I", log.read(FRAME))
        if size and (salt1, salt2) == salts:
            yield place
