"""Rows of one table in one file: the names of its columns, then the rows, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from axisor.errors import BackupInvalid

Row = Sequence[Any]
"""The values of a row: text, whole numbers, bytes, None; Any, as tables differ."""

LONGEST = 1 << 28
_SIZE = 4


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write a table's rows; returns how many there were."""
    encoder = msgspec.msgpack.Encoder()
    count = 0
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("xb") as file:
        path.chmod(0o600)
        file.write(_framed(encoder.encode(list(columns))))
        for row in rows:
            file.write(_framed(encoder.encode(list(row))))
            count += 1
    return count


def _framed(encoded: bytes) -> bytes:
    return len(encoded).to_bytes(_SIZE, "big") + encoded


class Rows:
    """The rows of a file, read one by one. Raises BackupInvalid where it is not whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            first = _next(file)
        if first is None:
            raise BackupInvalid(f"{path.name} holds no table.")
        self.columns: tuple[str, ...] = tuple(first)

    def __iter__(self) -> Iterator[list[Any]]:
        with self._path.open("rb") as file:
            _next(file)
            while (row := _next(file)) is not None:
                yield row


def _next(file: Any) -> list[Any] | None:
    head = file.read(_SIZE)
    if not head:
        return None
    size = int.from_bytes(head, "big")
    encoded = file.read(size) if size <= LONGEST else b""
    if len(encoded) != size or len(head) != _SIZE:
        raise BackupInvalid("A table of the backup ends in the middle of a row.")
    try:
        row: list[Any] = msgspec.msgpack.decode(encoded, type=list[Any])
    except msgspec.DecodeError as error:
        raise BackupInvalid(f"A row of the backup cannot be read: {error}.") from error
    return row
