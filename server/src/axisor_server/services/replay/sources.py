"""Where a history comes from, and whether its chain of hashes holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from axisor.errors import AccountNotFound, JournalCorrupt
from axisor_server.domain.journal import Entry, Head, head_of, verify
from axisor_server.ports import Reader

PAGE = 1_000
Read = Callable[[Callable[[Reader], Any]], Any]
"""Runs a unit on a consistent view of the database and returns its result."""


class Source(Protocol):
    """A history that can be read more than once. It may grow meanwhile; its head stays."""

    @property
    def head(self) -> Head:
        """Return the last entry's sequence and hash."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Yield the entries from the first to that of the head."""
        ...


class MemorySource:
    """A history that is in memory already."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        self._head = head_of(self._entries, Head())

    @property
    def head(self) -> Head:
        """Return the last entry's sequence and hash."""
        return self._head

    def entries(self) -> Iterator[Entry]:
        """Yield the entries."""
        return iter(self._entries)


class JournalSource:
    """One journal of a database, read a page at a time."""

    def __init__(self, read: Read, stream: str, head: Head) -> None:
        self._read = read
        self._stream = stream
        self._head = head

    @property
    def head(self) -> Head:
        """Return where the journal ended when it was opened."""
        return self._head

    def entries(self) -> Iterator[Entry]:
        """Yield the entries up to the head; memory holds one page."""
        after = 0
        while after < self._head.sequence:
            page = self._page(after, min(PAGE, self._head.sequence - after))
            yield from page
            if not page:
                return
            after = page[-1].sequence

    def _page(self, after: int, limit: int) -> Sequence[Entry]:
        found: Sequence[Entry] = self._read(
            lambda view: view.entries(self._stream, after=after, limit=limit)
        )
        return found


def journal_source(read: Read, account: str) -> JournalSource:
    """Return an account's journal as it is now. Raises AccountNotFound where there is none."""
    stream = f"accounts/{account}"
    head: Head = read(lambda view: view.head(stream))
    if head.sequence == 0:
        raise AccountNotFound(f"There is no journal of an account {account}.", account=account)
    return JournalSource(read, stream, head)


def chain(source: Source) -> int:
    """Compute every hash again; returns how many entries there are.

    Raises JournalCorrupt naming the first bad sequence.
    """
    head = Head()
    for entry in source.entries():
        if entry.sequence != head.sequence + 1 or entry.prev_hash != head.hash:
            raise JournalCorrupt(
                f"What stands at {head.sequence + 1} of {entry.stream} does not follow "
                "the entry before it.",
                stream=entry.stream,
                sequence=head.sequence + 1,
            )
        head = verify(head, (entry,))
    if head != source.head:
        first = head.sequence + 1 if head.sequence < source.head.sequence else head.sequence
        raise JournalCorrupt(
            f"The journal should end at {source.head.sequence} and ends at {head.sequence}, "
            "or its last entry is another one.",
            sequence=first,
        )
    return head.sequence
