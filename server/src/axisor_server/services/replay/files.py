"""A history as one file: JSON lines, the head first, then the entries with their exact bytes."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from axisor.errors import HistoryInvalid, JournalCorrupt
from axisor_server.domain.journal import Entry, Head
from axisor_server.services.replay.sources import Source

FORMAT = 1
"""The version of the file's shape. Another one is not read."""

MOST_LINE = 16 << 20


class Opening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line: what history it is, and how far it goes."""

    history: int
    stream: str
    sequence: int
    hash: str
    about: str = ""


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry. `payload` keeps the bytes that were hashed."""

    sequence: int
    time_us: int
    mode: str
    payload: Raw
    hash: str


class Kind(Struct, frozen=True):
    """The one thing of a payload that an entry names beside it."""

    name: str = msgspec.field(name="is")


_opening = msgspec.json.Decoder(Opening)
_line = msgspec.json.Decoder(Line)
_kind = msgspec.json.Decoder(Kind)


def export(source: Source, path: Path, *, about: str = "") -> int:
    """Write a history to a file, compressed where its name ends in `.gz`; returns its length.

    The file is complete or not there: it takes its name when all of it is written.
    """
    part = path.with_name(f"{path.name}.part")
    count = 0
    try:
        with _writing(part, packed=path.suffix == ".gz") as write:
            for entry in source.entries():
                if count == 0:
                    write(_first(source.head, entry.stream, about))
                write(_entry(entry))
                count += 1
        part.replace(path)
    except OSError as error:
        raise HistoryInvalid(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            part.unlink()
    return count


def _first(head: Head, stream: str, about: str) -> bytes:
    opening = Opening(
        history=FORMAT, stream=stream, sequence=head.sequence, hash=head.hash.hex(), about=about
    )
    return msgspec.json.encode(opening) + b"\n"


def _entry(entry: Entry) -> bytes:
    line = Line(entry.sequence, entry.time_us, entry.mode, Raw(entry.payload), entry.hash.hex())
    return msgspec.json.encode(line) + b"\n"


@contextmanager
def _writing(path: Path, *, packed: bool) -> Iterator[Callable[[bytes], object]]:
    with path.open("wb") as raw:
        if not packed:
            yield raw.write
            return
        # No name and no time within: the same history gives the same bytes.
        with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
            yield file.write


class FileSource:
    """A history read from a file. Raises HistoryInvalid, with the line, for what is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.opening = self._open()
        self._head = Head(self.opening.sequence, self._hash(self.opening.hash))

    @property
    def head(self) -> Head:
        """Return where the file says the history ends."""
        return self._head

    def entries(self) -> Iterator[Entry]:
        """Yield the entries of the file, one line at a time.

        Raises JournalCorrupt for a line that is no entry.
        """
        prev, sequence = Head().hash, 0
        for number, text in self._lines():
            if number == 1:
                continue
            sequence += 1
            try:
                line = _line.decode(text)
                kind = _kind.decode(line.payload).name
                digest = bytes.fromhex(line.hash)
            except (msgspec.DecodeError, ValueError) as error:
                raise JournalCorrupt(
                    f"Entry {sequence} of {self._path} cannot be read: {error}.",
                    stream=self.opening.stream,
                    sequence=sequence,
                ) from error
            yield Entry(
                stream=self.opening.stream,
                sequence=line.sequence,
                time_us=line.time_us,
                mode=line.mode,
                kind=kind,
                payload=bytes(line.payload),
                prev_hash=prev,
                hash=digest,
            )
            prev = digest

    def _open(self) -> Opening:
        for number, text in self._lines():
            try:
                opening = _opening.decode(text)
            except msgspec.DecodeError as error:
                raise self._invalid(number, f"it does not open a history: {error}") from error
            if opening.history != FORMAT:
                raise self._invalid(number, f"version {opening.history} is not {FORMAT}")
            return opening
        raise self._invalid(1, "it is empty")

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        try:
            with self._path.open("rb") as raw:
                packed = raw.read(2) == b"\x1f\x8b"
                raw.seek(0)
                file = gzip.GzipFile(fileobj=raw) if packed else raw
                number = 0
                while text := file.readline(MOST_LINE):
                    number += 1
                    if not text.endswith(b"\n"):
                        raise self._invalid(number, "it is cut off or too long")
                    yield number, text
        except (OSError, EOFError, zlib.error) as error:
            raise HistoryInvalid(
                f"The history {self._path} cannot be read: {error}.", file=self._path
            ) from error

    def _hash(self, text: str) -> bytes:
        try:
            return bytes.fromhex(text)
        except ValueError as error:
            raise self._invalid(1, "its hash is not hexadecimal") from error

    def _invalid(self, number: int, problem: str) -> HistoryInvalid:
        return HistoryInvalid(
            f"Line {number} of the history {self._path} is wrong: {problem}.",
            file=self._path,
            line=number,
        )
