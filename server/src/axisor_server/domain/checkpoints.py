"""Signed statements of how far a journal went and what was in it, for whoever keeps them elsewhere.

A journal whose tail is cut off is a shorter journal that holds; only a statement kept outside the
database tells. What is signed is the text of `statement`, by Ed25519.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import Struct

from axisor.errors import CheckpointInvalid, JournalCorrupt
from axisor_server.domain.journal import Entry, Head, verify
from axisor_server.domain.merkle import Frontier
from axisor_server.domain.records import DocumentRecord

KIND = "checkpoints"
FORMAT = 1
KEPT = 64
"""How many of a journal's latest checkpoints the database keeps; the file keeps all."""

Genuine = Callable[[str, bytes, bytes], bool]
"""Returns whether a key, by its id, made a signature over a text."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """What a journal was at one moment.

    `hash` is that of the last entry, `root` that of the Merkle tree over all entries, `key` names
    the key that signed. Time is UTC microseconds since 1970.
    """

    stream: str
    sequence: int
    hash: bytes
    root: bytes
    time_us: int
    key: str
    signature: bytes = b""

    @property
    def statement(self) -> bytes:
        """Return the text that is signed: a line for each part."""
        parts = (
            f"axisor.checkpoint/{FORMAT}",
            self.stream,
            str(self.sequence),
            self.hash.hex(),
            self.root.hex(),
            str(self.time_us),
            self.key,
        )
        return "\n".join(parts).encode() + b"\n"


class Marks(Struct, frozen=True, kw_only=True):
    """How far a journal's tree has grown, and its latest checkpoints, oldest first."""

    hash: bytes = Head().hash
    frontier: Frontier = Frontier()
    time_us: int = 0
    latest: tuple[Checkpoint, ...] = ()

    @property
    def head(self) -> Head:
        """Return the entry that the latest checkpoint speaks of."""
        return Head(self.frontier.size, self.hash)

    def grown(self, entries: Sequence[Entry]) -> Marks:
        """Return the marks after more entries, which are verified. Raises JournalCorrupt."""
        head = verify(self.head, entries)
        frontier = self.frontier.extended(entry.hash for entry in entries)
        return msgspec.structs.replace(self, hash=head.hash, frontier=frontier)

    def with_checkpoint(self, checkpoint: Checkpoint) -> Marks:
        """Return the marks with one checkpoint more."""
        latest = (*self.latest, checkpoint)[-KEPT:]
        return msgspec.structs.replace(self, time_us=checkpoint.time_us, latest=latest)


def is_due(sequence: int, marks: Marks, *, now_us: int, entries: int, every_us: int) -> bool:
    """Return whether a journal that reached a sequence wants a checkpoint."""
    grown = sequence - marks.frontier.size
    return grown >= entries or (grown > 0 and now_us - marks.time_us >= every_us)


def from_document(record: DocumentRecord | None) -> Marks:
    """Return the marks that a document holds, or those of a journal without any."""
    return Marks() if record is None else msgspec.json.decode(record.body, type=Marks)


def to_document(stream: str, marks: Marks, present: DocumentRecord | None) -> DocumentRecord:
    """Return the document that holds marks and follows the present one."""
    return DocumentRecord(
        kind=KIND,
        id=stream,
        about=stream,
        body=msgspec.json.encode(marks),
        revision=1 if present is None else present.revision + 1,
        created_us=marks.time_us if present is None else present.created_us,
        updated_us=marks.time_us,
    )


class _Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    checkpoint: int
    stream: str
    sequence: int
    hash: str
    root: str
    time_us: int
    key: str
    signature: str


def to_line(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint as a line of JSON, as it is kept outside the database."""
    line = _Line(
        checkpoint=FORMAT,
        stream=checkpoint.stream,
        sequence=checkpoint.sequence,
        hash=checkpoint.hash.hex(),
        root=checkpoint.root.hex(),
        time_us=checkpoint.time_us,
        key=checkpoint.key,
        signature=checkpoint.signature.hex(),
    )
    return msgspec.json.encode(line) + b"\n"


def from_line(text: bytes) -> Checkpoint:
    """Return the checkpoint of a line. Raises CheckpointInvalid where it is none."""
    try:
        line = msgspec.json.decode(text, type=_Line)
        if line.checkpoint != FORMAT:
            raise ValueError(f"version {line.checkpoint}")
        if line.sequence < 1:
            raise ValueError(f"sequence {line.sequence}")
        return Checkpoint(
            stream=line.stream,
            sequence=line.sequence,
            hash=bytes.fromhex(line.hash),
            root=bytes.fromhex(line.root),
            time_us=line.time_us,
            key=line.key,
            signature=bytes.fromhex(line.signature),
        )
    except (msgspec.DecodeError, ValueError) as error:
        raise CheckpointInvalid(f"A checkpoint cannot be read: {error}.") from error


def check_signed(checkpoint: Checkpoint, genuine: Genuine) -> None:
    """Raise CheckpointInvalid unless the key that a checkpoint names signed it."""
    if not genuine(checkpoint.key, checkpoint.statement, checkpoint.signature):
        raise CheckpointInvalid(
            f"The checkpoint of {checkpoint.stream} at {checkpoint.sequence} was not signed by"
            f" the key {checkpoint.key}, or was changed.",
            stream=checkpoint.stream,
            sequence=checkpoint.sequence,
        )


class Comparison:
    """Walks a journal a part at a time, computes every hash, and compares it with checkpoints.

    What does not hold raises JournalCorrupt naming the first sequence at which the journal is not
    what it was: of a changed entry its own, of a journal that ends before a checkpoint the first
    that is missing, and where all hashes were made anew the one after the last checkpoint that
    still fits.
    """

    def __init__(self, stream: str, checkpoints: Iterable[Checkpoint]) -> None:
        own = (each for each in checkpoints if each.stream == stream)
        self._due = deque(sorted(own, key=lambda each: each.sequence))
        self._stream = stream
        self._sound = 0
        self.marks = Marks()

    def take(self, entries: Sequence[Entry]) -> None:
        """Walk the entries that follow. Raises JournalCorrupt."""
        rest = entries
        while rest:
            room = self._due[0].sequence - self.marks.frontier.size if self._due else len(rest)
            self._grow(rest[:room])
            rest = rest[room:]
            while self._due and self._due[0].sequence == self.marks.frontier.size:
                self._check_fits(self._due.popleft())

    def end(self) -> Marks:
        """Return what the whole journal is. Raises JournalCorrupt where it ends too soon."""
        size = self.marks.frontier.size
        if self._due:
            raise JournalCorrupt(
                f"The journal {self._stream} ends at {size}, but a checkpoint speaks of"
                f" {self._due[0].sequence}.",
                stream=self._stream,
                sequence=size + 1,
            )
        return self.marks

    def _grow(self, entries: Sequence[Entry]) -> None:
        for number, entry in enumerate(entries, self.marks.frontier.size + 1):
            if entry.stream != self._stream:
                raise JournalCorrupt(
                    f"Entry {number} is of {entry.stream}, not of {self._stream}.",
                    stream=self._stream,
                    sequence=number,
                )
        self.marks = self.marks.grown(entries)

    def _check_fits(self, checkpoint: Checkpoint) -> None:
        if (checkpoint.hash, checkpoint.root) != (self.marks.hash, self.marks.frontier.root):
            raise JournalCorrupt(
                f"The journal {checkpoint.stream} was written anew between {self._sound + 1} and"
                f" {checkpoint.sequence}: it is not the one its checkpoint speaks of.",
                stream=checkpoint.stream,
                sequence=self._sound + 1,
            )
        self._sound = checkpoint.sequence
