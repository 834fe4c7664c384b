"""Reads of the core's tables over one session, within one transaction."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeVar, get_type_hints

from msgspec import Struct

from axisor_server.adapters.database import statements as sql
from axisor_server.adapters.database.session import Session
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

R = TypeVar("R", bound=Struct)


class _Members(dict[object, object]):
    """The members of an enum by their values. Raises ValueError for any other value."""

    def __init__(self, kind: type[enum.Enum]) -> None:
        super().__init__((member.value, member) for member in kind)
        self._kind = kind

    def __missing__(self, value: object) -> object:
        return self._kind(value)


_BOOLS: Mapping[object, object] = {0: False, 1: True}


@cache
def _meanings(record: type[Struct]) -> tuple[tuple[str, Mapping[object, object]], ...]:
    """Return what the values of a column stand for, where a field is an enum or a bool."""
    hints = get_type_hints(record)
    found: list[tuple[str, Mapping[object, object]]] = []
    for field in record.__struct_fields__:
        hint = hints[field]
        if hint is bool:
            found.append((field, _BOOLS))
        elif isinstance(hint, type) and issubclass(hint, enum.Enum):
            found.append((field, _Members(hint)))
    return tuple(found)


def to_record(record: type[R], row: Sequence[object]) -> R:
    """Return the record of a row whose columns are the record's fields, in order.

    The schema gives the types of columns, which are not checked again: this is the hot path.
    """
    named = dict(zip(record.__struct_fields__, row, strict=True))
    for field, meanings in _meanings(record):
        named[field] = meanings[named[field]]
    return record(**named)


def to_entry(row: Sequence[object]) -> Entry:
    """Return the entry of a journal row, whose columns come in the order of the fields."""
    return Entry(*row)  # type: ignore[arg-type]  # the schema gives the types; this is the hot path


class SqlReader:
    """The Reader port over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _all(self, record: type[R], text: str, *values: object) -> tuple[R, ...]:
        rows = self._session.execute(text, values).fetchall()
        return tuple(to_record(record, row) for row in rows)

    def _one(self, record: type[R], text: str, *values: object) -> R | None:
        row = self._session.execute(text, values).fetchone()
        return None if row is None else to_record(record, row)

    def _value(self, text: str, *values: object) -> object:
        row = self._session.execute(text, values).fetchone()
        return None if row is None else row[0]

    def narrow(self, scope: Scope) -> None:
        """Have the database hold back what is not in a scope, where it can."""
        self._session.narrow(scope)

    def head(self, stream: str) -> Head:
        """Return the end of a journal."""
        return self._one(Head, sql.HEAD, stream) or Head()

    def sequences(self) -> Mapping[str, int]:
        """Return the last sequence of every journal."""
        rows = self._session.execute(sql.SEQUENCES).fetchall()
        return {str(stream): sequence for stream, sequence in rows if isinstance(sequence, int)}

    def entries(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Return entries above a sequence, in order."""
        rows = self._session.execute(sql.ENTRIES, (stream, after, limit)).fetchall()
        return tuple(map(to_entry, rows))

    def entries_before(
        self, stream: str, *, before: int | None, kinds: Sequence[str], limit: int
    ) -> Sequence[Entry]:
        """Return entries below a sequence, newest first."""
        text = sql.entries_before(kinds=len(kinds), bounded=before is not None)
        bound = () if before is None else (before,)
        rows = self._session.execute(text, (stream, *bound, *kinds, limit)).fetchall()
        return tuple(map(to_entry, rows))

    def accounts(self) -> Sequence[AccountRecord]:
        """Return every account, oldest first."""
        return self._all(AccountRecord, sql.ACCOUNTS)

    def account(self, id: str) -> AccountRecord | None:
        """Return an account or None."""
        return self._one(AccountRecord, sql.ACCOUNT, id)

    def sealed(self, account: str) -> bytes | None:
        """Return sealed credentials or None."""
        found = self._value(sql.SEALED, account)
        return found if isinstance(found, bytes) else None

    def intent(self, id: str) -> IntentRecord | None:
        """Return an intent or None."""
        return self._one(IntentRecord, sql.INTENT, id)

    def open_intents(self, account: str) -> Sequence[IntentRecord]:
        """Return open intents, oldest first."""
        return self._all(IntentRecord, sql.OPEN_INTENTS, account)

    def recent_intents(self, account: str, *, since_us: int, limit: int) -> Sequence[IntentRecord]:
        """Return intents created since a time, newest first."""
        return self._all(IntentRecord, sql.RECENT_INTENTS, account, since_us, limit)

    def runs(self, account: str | None = None) -> Sequence[RunRecord]:
        """Return runs, oldest first."""
        if account is None:
            return self._all(RunRecord, sql.RUNS)
        return self._all(RunRecord, sql.RUNS_OF, account)

    def run(self, id: str) -> RunRecord | None:
        """Return a run or None."""
        return self._one(RunRecord, sql.RUN, id)

    def command(self, tenant: str, request_id: str) -> CommandRecord | None:
        """Return a command or None."""
        return self._one(CommandRecord, sql.COMMAND, tenant, request_id)

    def open_commands(self, account: str) -> Sequence[CommandRecord]:
        """Return unanswered commands, oldest first."""
        return self._all(CommandRecord, sql.OPEN_COMMANDS, account)

    def waiting_accounts(self) -> Sequence[str]:
        """Return the accounts with unanswered commands."""
        return tuple(str(row[0]) for row in self._session.execute(sql.WAITING_ACCOUNTS).fetchall())

    def lease(self, account: str) -> LeaseRecord | None:
        """Return a lease or None."""
        return self._one(LeaseRecord, sql.LEASE, account)

    def live_leases(self) -> Sequence[LeaseRecord]:
        """Return the leases that have not ended, by account."""
        return self._all(LeaseRecord, sql.LIVE_LEASES)

    def live_engines(self) -> Sequence[EngineRecord]:
        """Return the engines that are alive, oldest first."""
        return self._all(EngineRecord, sql.LIVE_ENGINES)

    def witness(self, account: str, target: str) -> int | None:
        """Return the largest counter seen, or None."""
        found = self._value(sql.WITNESS, account, target)
        return found if isinstance(found, int) else None

    def witnesses(self, account: str) -> Mapping[str, int]:
        """Return the largest counter seen for each target."""
        rows = self._session.execute(sql.WITNESSES, (account,)).fetchall()
        return {str(target): counter for target, counter in rows if isinstance(counter, int)}

    def document(self, kind: str, id: str) -> DocumentRecord | None:
        """Return a document or None."""
        return self._one(DocumentRecord, sql.DOCUMENT, kind, id)

    def document_by(self, kind: str, key: str) -> DocumentRecord | None:
        """Return the document that holds a key, or None."""
        return self._one(DocumentRecord, sql.DOCUMENT_BY, kind, kind, key)

    def documents(
        self, kind: str, *, owner: str | None = None, about: str | None = None
    ) -> Sequence[DocumentRecord]:
        """Return documents of a kind, oldest first."""
        text = sql.documents(owned=owner is not None, about=about is not None)
        values = [value for value in (owner, about) if value is not None]
        return self._all(DocumentRecord, text, kind, *values)

    def documents_after(self, kind: str, id: str, *, limit: int) -> Sequence[DocumentRecord]:
        """Return documents of any kind above one, by kind and id."""
        return self._all(DocumentRecord, sql.DOCUMENTS_AFTER, kind, id, limit)

    def meta(self, key: str) -> str | None:
        """Return a fact, or None."""
        found = self._value(sql.META, key)
        return found if isinstance(found, str) else None
