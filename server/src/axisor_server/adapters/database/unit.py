"""Writes of the core's tables over one session: the guarded statements, one method each."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from axisor.events import IntentState
from axisor_server.adapters.continuity import (
    account_of,
    changed_by_another,
    check_continues,
    over,
    taken,
)
from axisor_server.adapters.database import statements as sql
from axisor_server.adapters.database.reader import SqlReader
from axisor_server.domain.journal import Entry, Head
from axisor_server.domain.records import (
    AccountRecord,
    CommandRecord,
    DocumentRecord,
    IntentRecord,
    RunRecord,
)
from axisor_server.ports import Conflict


def to_row(record: Struct) -> tuple[object, ...]:
    """Return a record's fields as the database takes them: an enum is its value."""
    return tuple(
        value.value if isinstance(value, enum.Enum) else value
        for value in msgspec.structs.astuple(record)
    )


class SqlTransaction(SqlReader):
    """The Transaction port over SQL."""

    def _changed(self, text: str, values: Sequence[object]) -> bool:
        return self._session.execute(text, values).fetchone() is not None

    def append(self, head: Head, entries: Sequence[Entry], *, epoch: int | None) -> None:
        """Append entries that continue `head`: one guarded move of the head, then the rows."""
        if not entries:
            return
        check_continues(head, entries)
        stream, last = entries[0].stream, entries[-1]
        fence = () if epoch is None else (account_of(stream), epoch)
        if head.sequence == 0:
            text = sql.START if epoch is None else sql.START_LEASED
            moved = self._changed(text, (stream, last.sequence, last.hash, *fence))
        else:
            text = sql.ADVANCE if epoch is None else sql.ADVANCE_LEASED
            values = (last.sequence, last.hash, stream, head.sequence, head.hash, *fence)
            moved = self._changed(text, values)
        if not moved:
            raise self._lost_race(stream, head, epoch)
        for start in range(0, len(entries), sql.ENTRIES_AT_ONCE):
            some = entries[start : start + sql.ENTRIES_AT_ONCE]
            fields = [value for entry in some for value in msgspec.structs.astuple(entry)]
            self._session.execute(sql.insert_entries(len(some)), fields)

    def _lost_race(self, stream: str, head: Head, epoch: int | None) -> Conflict:
        present = self.head(stream)
        if present != head:
            return Conflict(
                f"The journal {stream} ends at {present.sequence}, not at {head.sequence}.",
                stream=stream,
                sequence=present.sequence,
            )
        return over(stream, epoch, self.lease(account_of(stream)))

    def put_account(self, record: AccountRecord, *, revision: int | None) -> None:
        """Insert or replace an account."""
        if revision is None:
            done = self._changed(sql.ADD_ACCOUNT, to_row(record))
        else:
            done = self._changed(sql.REPLACE_ACCOUNT, (*to_row(record), record.id, revision))
        if not done:
            raise Conflict(f"The account {record.id} was changed by another.", account=record.id)

    def delete_account(self, id: str) -> None:
        """Remove an account and its credentials."""
        self._session.execute(sql.DELETE_SEALED, (id,))
        self._session.execute(sql.DELETE_ACCOUNT, (id,))

    def put_sealed(self, account: str, sealed: bytes) -> None:
        """Keep sealed credentials."""
        self._session.execute(sql.PUT_SEALED, (account, sealed))

    def add_intent(self, record: IntentRecord) -> bool:
        """Insert an intent unless its id, or an open additive one of its target, is there."""
        return self._changed(sql.ADD_INTENT, to_row(record))

    def move_intent(self, record: IntentRecord, *, expect: IntentState) -> bool:
        """Replace an intent that is still in a state."""
        return self._changed(sql.MOVE_INTENT, (*to_row(record), record.id, expect.value))

    def put_run(self, record: RunRecord, *, revision: int | None) -> None:
        """Insert or replace a run; its step, from which request ids derive, never goes back."""
        if revision is None:
            done = self._changed(sql.ADD_RUN, to_row(record))
        else:
            guard = (record.id, revision, record.step)
            done = self._changed(sql.REPLACE_RUN, (*to_row(record), *guard))
        if not done:
            raise Conflict(f"The run {record.id} was changed by another.", run=record.id)

    def save_step(self, run: str, *, step: int, memory: bytes, wake: bytes, now_us: int) -> None:
        """Store the step that follows the last one."""
        if not self._changed(sql.SAVE_STEP, (step, memory, wake, now_us, run, step - 1)):
            raise Conflict(f"Step {step} does not follow in run {run}.", run=run, step=step)

    def add_command(self, record: CommandRecord) -> bool:
        """Insert a command unless its request id is there."""
        return self._changed(sql.ADD_COMMAND, to_row(record))

    def hold_command(self, tenant: str, request_id: str) -> CommandRecord | None:
        """Return a command and lock its row."""
        return self._one(CommandRecord, sql.HOLD_COMMAND, tenant, request_id)

    def drop_command(self, tenant: str, request_id: str) -> None:
        """Forget a command."""
        self._session.execute(sql.DROP_COMMAND, (tenant, request_id))

    def answer_command(self, tenant: str, request_id: str, *, answer: bytes, now_us: int) -> None:
        """Answer a command that has no answer."""
        if not self._changed(sql.ANSWER_COMMAND, (answer, now_us, tenant, request_id)):
            raise Conflict(f"The command {request_id} is not open.", request_id=request_id)

    def claim_lease(self, account: str, *, owner: str, ttl_us: int) -> int | None:
        """Take or renew a lease."""
        epoch = self._value(sql.CLAIM_LEASE, account, owner, ttl_us)
        return epoch if isinstance(epoch, int) else None

    def claim_next(
        self, accounts: Sequence[str], *, owner: str, ttl_us: int
    ) -> tuple[str, int] | None:
        """Take one account that is free, with a new epoch."""
        account = self._free(accounts, owner)
        if account is None:
            return None
        left = self.lease(account)
        if left is not None:
            self.release_lease(account, owner=owner, epoch=left.epoch)
        epoch = self.claim_lease(account, owner=owner, ttl_us=ttl_us)
        return None if epoch is None else (account, epoch)

    def _free(self, accounts: Sequence[str], owner: str) -> str | None:
        for start in range(0, len(accounts), sql.CANDIDATES_AT_ONCE):
            some = accounts[start : start + sql.CANDIDATES_AT_ONCE]
            account = self._value(sql.free_account(len(some)), *some, owner)
            if isinstance(account, str):
                return account
        return None

    def hold_lease(self, account: str, *, epoch: int) -> int:
        """Lock a lease that has not ended."""
        left_us = self._value(sql.HOLD_LEASE, account, epoch)
        if not isinstance(left_us, int):
            raise over(account, epoch, self.lease(account))
        return max(left_us, 0)

    def release_lease(self, account: str, *, owner: str, epoch: int) -> None:
        """Give a lease back; its row stays, so that epochs keep rising."""
        self._session.execute(sql.RELEASE_LEASE, (account, owner, epoch))

    def beat(self, owner: str, *, ttl_us: int, room: int, now_us: int) -> None:
        """Say that an engine is alive."""
        if self._value(sql.BEAT, owner, now_us, ttl_us, room) == now_us:
            self._session.execute(sql.FORGET_ENGINES)

    def leave(self, owner: str) -> None:
        """Forget an engine."""
        self._session.execute(sql.LEAVE, (owner,))

    def raise_witness(self, account: str, target: str, *, counter: int, now_us: int) -> None:
        """Remember a counter that is larger."""
        self._session.execute(sql.RAISE_WITNESS, (account, target, counter, now_us))

    def put_document(
        self, record: DocumentRecord, *, revision: int | None, keys: Sequence[str] = ()
    ) -> None:
        """Insert or replace a document, and exchange the keys it no longer has for its new ones."""
        if revision is None:
            done = self._changed(sql.ADD_DOCUMENT, to_row(record))
        else:
            guard = (record.kind, record.id, revision)
            done = self._changed(sql.REPLACE_DOCUMENT, (*to_row(record), *guard))
        if not done:
            raise changed_by_another(record)
        rows = self._session.execute(sql.DOCUMENT_KEYS, (record.kind, record.id)).fetchall()
        present = {str(key) for (key,) in rows}
        for key in present.difference(keys):
            self._session.execute(sql.DELETE_DOCUMENT_KEY, (record.kind, key))
        for key in dict.fromkeys(key for key in keys if key not in present):
            if not self._changed(sql.ADD_DOCUMENT_KEY, (record.kind, key, record.id)):
                raise taken(record)

    def rewrap_document(self, kind: str, id: str, *, body: bytes) -> None:
        """Replace a document's body alone."""
        self._session.execute(sql.REWRAP_DOCUMENT, (body, kind, id))

    def delete_document(self, kind: str, id: str) -> bool:
        """Remove a document with its keys."""
        self._session.execute(sql.DELETE_DOCUMENT_KEYS, (kind, id))
        return self._changed(sql.DELETE_DOCUMENT, (kind, id))

    def forget_documents(self, *, before_us: int) -> int:
        """Delete documents whose time has ended."""
        rows = self._session.execute(sql.FORGET_DOCUMENTS, (before_us,)).fetchall()
        for kind, id in rows:
            self._session.execute(sql.DELETE_DOCUMENT_KEYS, (kind, id))
        return len(rows)

    def put_meta(self, key: str, value: str) -> None:
        """Store a fact."""
        self._session.execute(sql.PUT_META, (key, value))

    def forget_commands(self, *, answered_before_us: int) -> int:
        """Delete old answered commands."""
        return len(self._session.execute(sql.FORGET_COMMANDS, (answered_before_us,)).fetchall())
