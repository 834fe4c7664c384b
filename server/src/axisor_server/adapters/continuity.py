"""What every store checks before it writes, and how it says that another writer was first."""

from __future__ import annotations

from collections.abc import Sequence

from axisor.errors import JournalCorrupt
from axisor_server.domain.journal import Entry, Head
from axisor_server.domain.records import DocumentRecord, LeaseRecord
from axisor_server.ports import Conflict

ACCOUNTS = "accounts/"


def account_of(stream: str) -> str:
    """Return the account whose lease fences a stream: `accounts/{id}`, else the stream itself."""
    return stream.removeprefix(ACCOUNTS)


def over(stream: str, epoch: int | None, present: LeaseRecord | None) -> Conflict:
    """Return the refusal of an epoch that has been overtaken, or whose time has run out."""
    held = 0 if present is None else present.epoch
    return Conflict(f"Epoch {epoch} of {stream} is over.", stream=stream, epoch=held)


def changed_by_another(record: DocumentRecord) -> Conflict:
    """Return the refusal of a document whose revision has moved on."""
    text = f"The {record.kind} {record.id} was changed by another."
    return Conflict(text, kind=record.kind, id=record.id)


def taken(record: DocumentRecord) -> Conflict:
    """Return the refusal of a key that another document of the kind holds; it may be secret."""
    text = f"Another {record.kind} holds a key of {record.id}; nothing was written."
    return Conflict(text, kind=record.kind, id=record.id)


def check_continues(head: Head, entries: Sequence[Entry]) -> None:
    """Raise JournalCorrupt unless the entries are of one stream, gapless and chained from `head`.

    The hashes themselves are not computed again; that is what verifying is for.
    """
    stream = entries[0].stream
    sequence, previous = head.sequence, head.hash
    for entry in entries:
        sequence += 1
        if (entry.stream, entry.sequence, entry.prev_hash) != (stream, sequence, previous):
            raise JournalCorrupt(
                f"The entry {entry.sequence} of {entry.stream} does not continue {stream}"
                f" at {sequence}.",
                stream=stream,
                sequence=sequence,
            )
        previous = entry.hash
