"""Appends to one account's journal, under one lease, and knows for certain what was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from axisor.errors import StoreUnavailable
from axisor.events import Payload
from axisor.model import Mode
from axisor_server.domain.journal import Entry, Head, extend, head_of
from axisor_server.ports import Conflict, Store, Transaction

Row = Callable[[Transaction], None]
"""A write that belongs to a unit. Raises Conflict when the row is not as it was thought to be."""


class Ledger:
    """The writing end of a journal. One caller at a time."""

    def __init__(self, store: Store, *, stream: str, mode: Mode, head: Head, epoch: int) -> None:
        self._store = store
        self._stream = stream
        self._account = stream.removeprefix("accounts/")
        self._mode = mode
        self._head = head
        self._epoch = epoch

    @property
    def sequence(self) -> int:
        """Return the last sequence that is durable."""
        return self._head.sequence

    @property
    def epoch(self) -> int:
        """Return the epoch of the lease this ledger writes under."""
        return self._epoch

    async def commit(
        self, time: datetime, payloads: Sequence[Payload], rows: Sequence[Row]
    ) -> tuple[Entry, ...]:
        """Write payloads and rows together; returns the entries once they are durable.

        Raises Conflict when another core took over, StoreUnavailable when nothing was written, as
        far as that can be told: where the acknowledgement is lost the journal itself is asked, and
        where it does not answer either, `is_behind` tells later.
        """
        head = self._head
        entries = extend(head, stream=self._stream, mode=self._mode, time=time, payloads=payloads)

        def unit(tx: Transaction) -> None:
            for row in rows:
                row(tx)
            if entries:
                tx.append(head, entries, epoch=self._epoch)
            else:  # rows alone are fenced as well
                tx.hold_lease(self._account, epoch=self._epoch)

        try:
            await self._store.write(unit)
        except Conflict:
            raise
        except StoreUnavailable:
            if not await self._was_written(head, entries):
                raise
        self._head = head_of(entries, head)
        return entries

    async def is_behind(self) -> bool:
        """Return whether the journal holds more than was written here. Raises StoreUnavailable."""
        return await self._found() != self._head

    async def _found(self) -> Head:
        return await self._store.read(lambda reader: reader.head(self._stream))

    async def _was_written(self, head: Head, entries: tuple[Entry, ...]) -> bool:
        found = await self._found()
        if entries and found == head_of(entries, head):
            return True
        if found == head:
            return False
        raise Conflict("Another core wrote this account's journal.")
