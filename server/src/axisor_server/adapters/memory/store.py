"""The Store port in memory: the rules of the databases, and nothing that outlives the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import structs

from axisor.errors import StoreUnavailable
from axisor.events import IntentState
from axisor_server.adapters.continuity import (
    account_of,
    changed_by_another,
    check_continues,
    over,
    taken,
)
from axisor_server.adapters.memory.tables import MemoryReader, Tables
from axisor_server.adapters.system import system_now_us
from axisor_server.domain.journal import Entry, Head
from axisor_server.domain.records import (
    AccountRecord,
    CommandRecord,
    DocumentRecord,
    EngineRecord,
    IntentRecord,
    LeaseRecord,
    RunRecord,
)
from axisor_server.domain.spending import DAY_US
from axisor_server.ports import Conflict, Reader, Transaction

T = TypeVar("T")


class MemoryTransaction(MemoryReader):
    """The Transaction port over tables in memory."""

    def append(self, head: Head, entries: Sequence[Entry], *, epoch: int | None) -> None:
        """Append entries that continue `head`."""
        if not entries:
            return
        check_continues(head, entries)
        stream = entries[0].stream
        present = self.head(stream)
        if present != head:
            raise Conflict(
                f"The journal {stream} ends at {present.sequence}, not at {head.sequence}.",
                stream=stream,
                sequence=present.sequence,
            )
        lease = self.lease(account_of(stream))
        if epoch is not None and (lease is None or lease.epoch != epoch):
            raise over(stream, epoch, lease)
        self._tables.extend(stream, entries)

    def put_account(self, record: AccountRecord, *, revision: int | None) -> None:
        """Insert or replace an account."""
        present = self.account(record.id)
        if (None if present is None else present.revision) != revision:
            raise Conflict(f"The account {record.id} was changed by another.", account=record.id)
        self._tables.accounts.put(record.id, record)

    def delete_account(self, id: str) -> None:
        """Remove an account and its credentials."""
        self._tables.sealed.drop(id)
        self._tables.accounts.drop(id)

    def put_sealed(self, account: str, sealed: bytes) -> None:
        """Keep sealed credentials."""
        self._tables.sealed.put(account, sealed)

    def _doubles(self, record: IntentRecord) -> bool:
        if not (record.additive and record.state.is_open):
            return False
        return any(
            row.additive and row.target == record.target and row.id != record.id
            for row in self.open_intents(record.account)
        )

    def add_intent(self, record: IntentRecord) -> bool:
        """Insert an intent unless its id, or an open additive one of its target, is there."""
        if self.intent(record.id) is not None or self._doubles(record):
            return False
        self._tables.intents.put(record.id, record)
        return True

    def move_intent(self, record: IntentRecord, *, expect: IntentState) -> bool:
        """Replace an intent that is still in a state."""
        present = self.intent(record.id)
        if present is None or present.state is not expect:
            return False
        if self._doubles(record):
            raise Conflict("Another row holds the same unique key; nothing was written.")
        self._tables.intents.put(record.id, record)
        return True

    def put_run(self, record: RunRecord, *, revision: int | None) -> None:
        """Insert or replace a run; its step, from which request ids derive, never goes back."""
        present = self.run(record.id)
        backwards = present is not None and present.step > record.step
        if (None if present is None else present.revision) != revision or backwards:
            raise Conflict(f"The run {record.id} was changed by another.", run=record.id)
        self._tables.runs.put(record.id, record)

    def save_step(self, run: str, *, step: int, memory: bytes, wake: bytes, now_us: int) -> None:
        """Store the step that follows the last one."""
        present = self.run(run)
        if present is None or present.step != step - 1:
            raise Conflict(f"Step {step} does not follow in run {run}.", run=run, step=step)
        moved = structs.replace(present, step=step, memory=memory, wake=wake, updated_us=now_us)
        self._tables.runs.put(run, moved)

    def add_command(self, record: CommandRecord) -> bool:
        """Insert a command unless its request id is there."""
        key = (record.tenant, record.request_id)
        if self._tables.commands.get(key) is not None:
            return False
        self._tables.commands.put(key, record)
        return True

    def hold_command(self, tenant: str, request_id: str) -> CommandRecord | None:
        """Return a command; nothing else runs beside this unit."""
        return self.command(tenant, request_id)

    def drop_command(self, tenant: str, request_id: str) -> None:
        """Forget a command."""
        self._tables.commands.drop((tenant, request_id))

    def answer_command(self, tenant: str, request_id: str, *, answer: bytes, now_us: int) -> None:
        """Answer a command that has no answer."""
        present = self.command(tenant, request_id)
        if present is None or present.answered_us is not None:
            raise Conflict(f"The command {request_id} is not open.", request_id=request_id)
        answered = structs.replace(present, answer=answer, answered_us=now_us)
        self._tables.commands.put((tenant, request_id), answered)

    def claim_lease(self, account: str, *, owner: str, ttl_us: int) -> int | None:
        """Take or renew a lease."""
        now_us, present = self._tables.now_us(), self.lease(account)
        epoch = 1
        if present is not None:
            running = present.until_us > now_us
            if running and present.owner != owner:
                return None
            epoch = present.epoch if running else present.epoch + 1
        lease = LeaseRecord(account=account, owner=owner, epoch=epoch, until_us=now_us + ttl_us)
        self._tables.leases.put(account, lease)
        return epoch

    def claim_next(
        self, accounts: Sequence[str], *, owner: str, ttl_us: int
    ) -> tuple[str, int] | None:
        """Take one account that is free, with a new epoch."""
        held = {lease.account for lease in self.live_leases() if lease.owner != owner}
        for account in (record.id for record in self.accounts()):
            if account not in accounts or account in held:
                continue
            left = self.lease(account)
            if left is not None:
                self.release_lease(account, owner=owner, epoch=left.epoch)
            epoch = self.claim_lease(account, owner=owner, ttl_us=ttl_us)
            return None if epoch is None else (account, epoch)
        return None

    def hold_lease(self, account: str, *, epoch: int) -> int:
        """Make sure that a lease has not ended."""
        lease, now_us = self.lease(account), self._tables.now_us()
        if lease is None or lease.epoch != epoch or lease.until_us <= now_us:
            raise over(account, epoch, lease)
        return lease.until_us - now_us

    def release_lease(self, account: str, *, owner: str, epoch: int) -> None:
        """Give a lease back; its row stays, so that epochs keep rising."""
        present = self.lease(account)
        if present is not None and (present.owner, present.epoch) == (owner, epoch):
            left = structs.replace(present, owner="", until_us=self._tables.now_us())
            self._tables.leases.put(account, left)

    def beat(self, owner: str, *, ttl_us: int, room: int, now_us: int) -> None:
        """Say that an engine is alive."""
        database_us, present = self._tables.now_us(), self._tables.engines.get(owner)
        started_us = now_us if present is None else present.started_us
        record = EngineRecord(
            owner=owner, started_us=started_us, until_us=database_us + ttl_us, room=room
        )
        self._tables.engines.put(owner, record)
        silent = self._tables.engines.rows.values() if started_us == now_us else ()
        for old in list(silent):
            if old.until_us < database_us - DAY_US:
                self._tables.engines.drop(old.owner)

    def leave(self, owner: str) -> None:
        """Forget an engine."""
        self._tables.engines.drop(owner)

    def raise_witness(self, account: str, target: str, *, counter: int, now_us: int) -> None:
        """Remember a counter that is larger."""
        present = self.witness(account, target)
        if present is None or present < counter:
            self._tables.witness.put((account, target), counter)

    def put_document(
        self, record: DocumentRecord, *, revision: int | None, keys: Sequence[str] = ()
    ) -> None:
        """Insert or replace a document, and exchange the keys it no longer has for its new ones."""
        present = self.document(record.kind, record.id)
        if (None if present is None else present.revision) != revision:
            raise changed_by_another(record)
        for key in keys:
            holder = self._tables.document_keys.get((record.kind, key))
            if holder is not None and holder != record.id:
                raise taken(record)
        self._drop_keys(record.kind, record.id)
        for key in keys:
            self._tables.document_keys.put((record.kind, key), record.id)
        self._tables.documents.put((record.kind, record.id), record)

    def _drop_keys(self, kind: str, id: str) -> None:
        rows = self._tables.document_keys.rows.items()
        for found in [key for key, holder in rows if key[0] == kind and holder == id]:
            self._tables.document_keys.drop(found)

    def rewrap_document(self, kind: str, id: str, *, body: bytes) -> None:
        """Replace a document's body alone."""
        present = self.document(kind, id)
        if present is not None:
            self._tables.documents.put((kind, id), structs.replace(present, body=body))

    def delete_document(self, kind: str, id: str) -> bool:
        """Remove a document with its keys."""
        there = self.document(kind, id) is not None
        self._drop_keys(kind, id)
        self._tables.documents.drop((kind, id))
        return there

    def forget_documents(self, *, before_us: int) -> int:
        """Delete documents whose time has ended."""
        rows = self._tables.documents.rows.values()
        over = [row for row in rows if row.until_us is not None and row.until_us < before_us]
        for row in over:
            self.delete_document(row.kind, row.id)
        return len(over)

    def put_meta(self, key: str, value: str) -> None:
        """Store a fact."""
        self._tables.meta.put(key, value)

    def forget_commands(self, *, answered_before_us: int) -> int:
        """Delete old answered commands."""
        old = [
            key
            for key, row in self._tables.commands.rows.items()
            if row.answered_us is not None and row.answered_us < answered_before_us
        ]
        for key in old:
            self._tables.commands.drop(key)
        return len(old)


class MemoryStore:
    """A store whose units run at once, one by one. Opening it again keeps what it holds.

    `now_us` is its clock, by which leases end.
    """

    def __init__(self, now_us: Callable[[], int] = system_now_us) -> None:
        self._tables = Tables(now_us)
        self._open = False

    async def open(self) -> None:
        """Allow reads and writes."""
        self._open = True

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit; what it wrote stays only if it returns."""
        self._check()
        try:
            result = unit(MemoryTransaction(self._tables))
        except BaseException:
            self._tables.undo()
            raise
        self._tables.keep()
        await asyncio.sleep(0)  # a caller must not count on nobody else running meanwhile
        return result

    async def read(self, unit: Callable[[Reader], T]) -> T:
        """Run a unit on what was committed."""
        self._check()
        result = unit(MemoryReader(self._tables))
        await asyncio.sleep(0)
        return result

    async def close(self) -> None:
        """Refuse reads and writes until opened again."""
        self._open = False

    def _check(self) -> None:
        if not self._open:
            raise StoreUnavailable("The database is not open.")
