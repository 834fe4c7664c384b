"""An engine without its gates, for one trial: proof that the gates are what holds.

Importing this changes the core of this process, and only a process of a trial imports it. What is
taken away: the lease, the epoch that fences every append, the journal's compare-and-set, the step
that must follow, and the id that two engines would both derive. The trial drops the index too that
allows one open addition for a position.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from axisor_server.adapters.database.reader import SqlReader
from axisor_server.adapters.database.unit import SqlTransaction
from axisor_server.domain.journal import Entry, Head, entry_hash
from axisor_server.engine import desk

EPOCH = 1
_append = SqlTransaction.append


def _claim(self: SqlTransaction, account: str, *, owner: str, ttl_us: int) -> int:
    """Renew everybody's lease."""
    return EPOCH


def _claim_next(
    self: SqlTransaction, accounts: Sequence[str], *, owner: str, ttl_us: int
) -> tuple[str, int] | None:
    """Give an account to whoever asks for it, however many have it already."""
    return (accounts[0], EPOCH) if accounts else None


def _hold(self: SqlTransaction, account: str, *, epoch: int) -> None:
    """Hold nothing."""


def _nobody(self: SqlTransaction) -> Sequence[Any]:
    """Say that no other engine is alive and that nobody holds anything."""
    return ()


def _append_anyhow(
    self: SqlTransaction, head: Head, entries: Sequence[Entry], *, epoch: int | None
) -> None:
    """Append after whatever the journal holds by now."""
    if entries:
        present = self.head(entries[0].stream)
        _append(self, present, _moved(present, entries), epoch=None)


def _moved(head: Head, entries: Sequence[Entry]) -> list[Entry]:
    found: list[Entry] = []
    for entry in entries:
        sequence = head.sequence + 1
        digest = entry_hash(
            stream=entry.stream,
            sequence=sequence,
            time_us=entry.time_us,
            mode=entry.mode,
            payload=entry.payload,
            prev_hash=head.hash,
        )
        found.append(replace(entry, sequence=sequence, prev_hash=head.hash, hash=digest))
        head = Head(sequence, digest)
    return found


def _save_anyhow(
    self: SqlTransaction, run: str, *, step: int, memory: bytes, wake: bytes, now_us: int
) -> None:
    """Keep whoever's step came last."""
    text = "UPDATE runs SET step = ?, memory = ?, wake = ?, updated_us = ? WHERE id = ?"
    self._session.execute(text, (step, memory, wake, now_us, run))


def _id_of_ones_own(run: str, step: int, index: int) -> str:
    # Asked for at each call: the process that forks cores has imported this already.
    return str(uuid.uuid5(uuid.UUID(int=os.getpid()), f"{run}/{step}/{index}"))


def open_the_gates() -> None:
    """Take the gates away in this process."""
    changes: dict[str, Any] = {
        "claim_lease": _claim,
        "claim_next": _claim_next,
        "hold_lease": _hold,
        "append": _append_anyhow,
        "save_step": _save_anyhow,
    }
    for name, change in changes.items():
        setattr(SqlTransaction, name, change)
    for name in ("live_leases", "live_engines"):
        setattr(SqlReader, name, _nobody)
    setattr(desk, "intent_id", _id_of_ones_own)  # noqa: B010 - it is no export of the desk


open_the_gates()
