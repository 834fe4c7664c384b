"""Tables in memory that can be taken back to where a transaction began, and reads of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

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
from axisor_server.domain.scopes import Scope

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Undo = Callable[[], None]


class Table(Generic[K, V]):
    """A dictionary that notes how to undo each change."""

    def __init__(self, log: list[Undo]) -> None:
        self.rows: dict[K, V] = {}
        self._log = log

    def get(self, key: K) -> V | None:
        """Return a row or None."""
        return self.rows.get(key)

    def put(self, key: K, value: V) -> None:
        """Insert or replace a row."""
        if key in self.rows:
            before = self.rows[key]
            self._log.append(lambda: self.rows.__setitem__(key, before))
        else:
            self._log.append(lambda: self.rows.__delitem__(key))
        self.rows[key] = value

    def drop(self, key: K) -> None:
        """Delete a row, if it is there."""
        if key in self.rows:
            before = self.rows.pop(key)
            self._log.append(lambda: self.rows.__setitem__(key, before))


class Tables:
    """Everything a core stores."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self.now_us = now_us
        self.log: list[Undo] = []
        self.journals: dict[str, list[Entry]] = {}
        self.accounts: Table[str, AccountRecord] = Table(self.log)
        self.sealed: Table[str, bytes] = Table(self.log)
        self.intents: Table[str, IntentRecord] = Table(self.log)
        self.witness: Table[tuple[str, str], int] = Table(self.log)
        self.leases: Table[str, LeaseRecord] = Table(self.log)
        self.engines: Table[str, EngineRecord] = Table(self.log)
        self.commands: Table[tuple[str, str], CommandRecord] = Table(self.log)
        self.runs: Table[str, RunRecord] = Table(self.log)
        self.documents: Table[tuple[str, str], DocumentRecord] = Table(self.log)
        self.document_keys: Table[tuple[str, str], str] = Table(self.log)
        self.meta: Table[str, str] = Table(self.log)

    def extend(self, stream: str, entries: Sequence[Entry]) -> None:
        """Add entries to a journal."""
        journal = self.journals.setdefault(stream, [])
        length = len(journal)
        journal.extend(entries)
        self.log.append(lambda: journal.__delitem__(slice(length, None)))

    def keep(self) -> None:
        """End a transaction and keep its changes."""
        self.log.clear()

    def undo(self) -> None:
        """End a transaction and take its changes back, the last first."""
        while self.log:
            self.log.pop()()


class MemoryReader:
    """The Reader port over tables in memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def narrow(self, scope: Scope) -> None:
        """Do nothing: memory knows no rules about rows, so whoever reads filters."""

    def head(self, stream: str) -> Head:
        """Return the end of a journal."""
        journal = self._tables.journals.get(stream)
        return Head(journal[-1].sequence, journal[-1].hash) if journal else Head()

    def sequences(self) -> Mapping[str, int]:
        """Return the last sequence of every journal."""
        return {stream: rows[-1].sequence for stream, rows in self._tables.journals.items() if rows}

    def entries(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Return entries above a sequence, in order; the first of a journal has sequence 1."""
        start = max(after, 0)
        return tuple(self._tables.journals.get(stream, [])[start : start + limit])

    def entries_before(
        self, stream: str, *, before: int | None, kinds: Sequence[str], limit: int
    ) -> Sequence[Entry]:
        """Return entries below a sequence, newest first."""
        journal = self._tables.journals.get(stream, [])
        end = len(journal) if before is None else max(min(before - 1, len(journal)), 0)
        found: list[Entry] = []
        for index in range(end - 1, -1, -1):
            if len(found) == limit:
                break
            if not kinds or journal[index].kind in kinds:
                found.append(journal[index])
        return tuple(found)

    def accounts(self) -> Sequence[AccountRecord]:
        """Return every account, oldest first."""
        rows = self._tables.accounts.rows.values()
        return tuple(sorted(rows, key=lambda row: (row.created_us, row.id)))

    def account(self, id: str) -> AccountRecord | None:
        """Return an account or None."""
        return self._tables.accounts.get(id)

    def sealed(self, account: str) -> bytes | None:
        """Return sealed credentials or None."""
        return self._tables.sealed.get(account)

    def intent(self, id: str) -> IntentRecord | None:
        """Return an intent or None."""
        return self._tables.intents.get(id)

    def _intents(self, account: str) -> list[IntentRecord]:
        rows = (row for row in self._tables.intents.rows.values() if row.account == account)
        return sorted(rows, key=lambda row: (row.created_us, row.id))

    def open_intents(self, account: str) -> Sequence[IntentRecord]:
        """Return open intents, oldest first."""
        return tuple(row for row in self._intents(account) if row.state.is_open)

    def recent_intents(self, account: str, *, since_us: int, limit: int) -> Sequence[IntentRecord]:
        """Return intents created since a time, newest first."""
        rows = [row for row in self._intents(account) if row.created_us >= since_us]
        return tuple(rows[::-1][:limit])

    def runs(self, account: str | None = None) -> Sequence[RunRecord]:
        """Return runs, oldest first."""
        rows = self._tables.runs.rows.values()
        chosen = (row for row in rows if account is None or row.account == account)
        return tuple(sorted(chosen, key=lambda row: (row.created_us, row.id)))

    def run(self, id: str) -> RunRecord | None:
        """Return a run or None."""
        return self._tables.runs.get(id)

    def command(self, tenant: str, request_id: str) -> CommandRecord | None:
        """Return a command or None."""
        return self._tables.commands.get((tenant, request_id))

    def open_commands(self, account: str) -> Sequence[CommandRecord]:
        """Return unanswered commands, oldest first."""
        rows = self._tables.commands.rows.values()
        chosen = (row for row in rows if row.account == account and row.answered_us is None)
        return tuple(sorted(chosen, key=lambda row: (row.created_us, row.request_id)))

    def waiting_accounts(self) -> Sequence[str]:
        """Return the accounts with unanswered commands."""
        rows = self._tables.commands.rows.values()
        return tuple(sorted({r.account for r in rows if r.account and r.answered_us is None}))

    def lease(self, account: str) -> LeaseRecord | None:
        """Return a lease or None."""
        return self._tables.leases.get(account)

    def live_leases(self) -> Sequence[LeaseRecord]:
        """Return the leases that have not ended, by account."""
        now_us = self._tables.now_us()
        rows = (row for row in self._tables.leases.rows.values() if row.until_us > now_us)
        return tuple(sorted(rows, key=lambda row: row.account))

    def live_engines(self) -> Sequence[EngineRecord]:
        """Return the engines that are alive, oldest first."""
        now_us = self._tables.now_us()
        rows = (row for row in self._tables.engines.rows.values() if row.until_us > now_us)
        return tuple(sorted(rows, key=lambda row: (row.started_us, row.owner)))

    def witness(self, account: str, target: str) -> int | None:
        """Return the largest counter seen, or None."""
        return self._tables.witness.get((account, target))

    def witnesses(self, account: str) -> Mapping[str, int]:
        """Return the largest counter seen for each target."""
        rows = self._tables.witness.rows.items()
        return {target: counter for (owner, target), counter in rows if owner == account}

    def document(self, kind: str, id: str) -> DocumentRecord | None:
        """Return a document or None."""
        return self._tables.documents.get((kind, id))

    def document_by(self, kind: str, key: str) -> DocumentRecord | None:
        """Return the document that holds a key, or None."""
        id = self._tables.document_keys.get((kind, key))
        return None if id is None else self.document(kind, id)

    def documents(
        self, kind: str, *, owner: str | None = None, about: str | None = None
    ) -> Sequence[DocumentRecord]:
        """Return documents of a kind, oldest first."""
        rows = (
            row
            for row in self._tables.documents.rows.values()
            if row.kind == kind
            and (owner is None or row.owner == owner)
            and (about is None or row.about == about)
        )
        return tuple(sorted(rows, key=lambda row: (row.created_us, row.id)))

    def documents_after(self, kind: str, id: str, *, limit: int) -> Sequence[DocumentRecord]:
        """Return documents of any kind above one, by kind and id."""
        found = sorted(key for key in self._tables.documents.rows if key > (kind, id))
        return tuple(self._tables.documents.rows[key] for key in found[:limit])

    def meta(self, key: str) -> str | None:
        """Return a fact, or None."""
        return self._tables.meta.get(key)
