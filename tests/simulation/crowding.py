"""Takes away what keeps two cores from acting for one account at once, and a core from its past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axisor.events import Coverage, CoverageChanged, CoverageState, IntentState
from axisor.model import Mode
from axisor_server.adapters.database.reader import SqlReader
from axisor_server.adapters.database.unit import SqlTransaction
from axisor_server.domain.journal import Entry, Head, decode_payload, extend, from_us
from axisor_server.domain.records import IntentRecord
from axisor_server.engine import settling
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft
from tests.simulation.patches import Patches

GRANT = (
    "INSERT INTO leases (account, owner, epoch, until_us) VALUES (?, ?, 1, 0)"
    " ON CONFLICT (account) DO UPDATE SET owner = excluded.owner"
)


def no_lease(patches: Patches) -> None:
    """Let every core act for every account, all under one epoch."""

    def granted(self: SqlTransaction, account: str, *, owner: str, ttl_us: int) -> int:
        self._session.execute(GRANT, (account, owner))
        return 1

    def any_of(
        self: SqlTransaction, accounts: Sequence[str], *, owner: str, ttl_us: int
    ) -> tuple[str, int] | None:
        return (
            (accounts[0], granted(self, accounts[0], owner=owner, ttl_us=0)) if accounts else None
        )

    patches.put(SqlReader, "live_leases", lambda self: ())
    patches.put(SqlTransaction, "claim_lease", granted)
    patches.put(SqlTransaction, "claim_next", any_of)
    patches.put(Core, "holds", lambda self: True)
    no_epochs(patches)


def no_epochs(patches: Patches) -> None:
    """Let a core write on after another took the account over."""
    append = SqlTransaction.append

    def unfenced(
        self: SqlTransaction, head: Head, entries: Sequence[Entry], *, epoch: int | None
    ) -> None:
        append(self, head, entries, epoch=None)

    patches.put(SqlTransaction, "append", unfenced)
    patches.put(SqlTransaction, "hold_lease", lambda self, account, *, epoch: None)


def no_journal_head(patches: Patches) -> None:
    """Append to the journal wherever it ends, whatever it was thought to end with."""
    append = SqlTransaction.append

    def anywhere(
        self: SqlTransaction, head: Head, entries: Sequence[Entry], *, epoch: int | None
    ) -> None:
        if not entries:
            return
        first, present = entries[0], self.head(entries[0].stream)
        moved = extend(
            present,
            stream=first.stream,
            mode=Mode(first.mode),
            time=from_us(first.time_us),
            payloads=[decode_payload(entry.payload) for entry in entries],
        )
        append(self, present, moved, epoch=epoch)

    patches.put(SqlTransaction, "append", anywhere)


def no_step_order(patches: Patches) -> None:
    """Store a run's step whatever step came before it."""

    def unordered(
        self: SqlTransaction, run: str, *, step: int, memory: bytes, wake: bytes, now_us: int
    ) -> None:
        text = "UPDATE runs SET step = ?, memory = ?, wake = ?, updated_us = ? WHERE id = ?"
        self._session.execute(text, (step, memory, wake, now_us, run))

    patches.put(SqlTransaction, "save_step", unordered)


def sent_of_the_dead_was_not_sent(patches: Patches) -> None:
    """Take a request that a dead core had stamped for one that never left."""
    settle = settling.settle

    def careless(draft: Draft, record: IntentRecord, state: IntentState, **more: Any) -> None:
        if state is IntentState.UNKNOWN and str(more.get("message")).startswith("The core stopped"):
            state = IntentState.REFUSED
        settle(draft, record, state, **more)

    patches.put(settling, "settle", careless)


def successor_sends_the_plan(patches: Patches) -> None:
    """Let a core carry out what another had only planned."""
    cancel = settling.cancel

    def keep(draft: Draft, record: IntentRecord, message: str) -> None:
        if message.startswith("The core stopped before it was sent"):
            draft.planned.append(record)
            draft.rows.append(lambda tx: None)
            draft.say(CoverageChanged(coverage=Coverage(record.target, CoverageState.DEGRADED, "")))
        else:
            cancel(draft, record, message)

    patches.put(settling, "cancel", keep)
