"""What every store checks before it appends: the entries really continue the head they claim."""

from __future__ import annotations

from collections.abc import Sequence

from axisor.errors import JournalCorrupt
from axisor_server.domain.journal import Entry, Head

ACCOUNTS = "accounts/"


def account_of(stream: str) -> str:
    """Return the account whose lease fences a stream: `accounts/{id}`, else the stream itself."""
    return stream.removeprefix(ACCOUNTS)


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
