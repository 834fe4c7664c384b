"""Reads on behalf of a caller: whatever a use case asks for, only the caller's rows come back.

It is a second wall behind the check of each call. The first asks whether a call may name an
account; this one has nothing else to give. Where the database can hold rows back by itself, it is
told to as well, which is a third.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import TypeVar

from axisor.model import Permission
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
from axisor_server.ports import Reader, Store, Transaction
from axisor_server.services.principals import Principal

T = TypeVar("T")

FACTS_OF_ACCOUNTS = "rights/"


class _Sight:
    """Who looks, and what they have come to own since their call began."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.added: set[str] = set()

    def scope(self) -> Scope | None:
        """Return what the caller sees, None where that is everything."""
        caller = self.principal
        if caller.sees_all:
            return None
        seen = {account for account in caller.accounts or {} if caller.sees(account)}
        return Scope(
            principal=caller.name,
            person=caller.person,
            accounts=frozenset(seen | self.added),
            core=Permission.ADMIN in caller.platform,
        )


# A call's own, not the process's: each call runs in a task, and this goes with that task alone.
_sight: ContextVar[_Sight | None] = ContextVar("sight", default=None)


def look_as(principal: Principal) -> None:
    """Have the reads of this task, and of those it begins, see what a caller sees."""
    _sight.set(_Sight(principal))


def also(account: str) -> None:
    """Let the caller see an account too, which their call has added."""
    sight = _sight.get()
    if sight is not None:
        sight.added.add(account)


class Seeing:
    """The Store port for use cases: it writes as the store does, and reads as the caller sees."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self) -> None:
        """Open the store."""
        await self._store.open()

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit in a transaction."""
        return await self._store.write(unit)

    async def read(self, unit: Callable[[Reader], T]) -> T:
        """Run a unit on what the caller sees of a consistent view."""
        sight = _sight.get()
        scope = None if sight is None else sight.scope()
        if scope is None:
            return await self._store.read(unit)

        def narrowed(view: Reader) -> T:
            view.narrow(scope)
            return unit(NarrowReader(view, scope))

        return await self._store.read(narrowed)

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()


class NarrowReader:
    """The Reader port over another one, without the rows that are not in a scope."""

    def __init__(self, view: Reader, scope: Scope) -> None:
        self._view = view
        self._scope = scope

    def narrow(self, scope: Scope) -> None:
        """Do nothing: it is as narrow as it will be."""

    def head(self, stream: str) -> Head:
        """Return the end of a journal in it."""
        return self._view.head(stream) if self._scope.sees_stream(stream) else Head()

    def sequences(self) -> Mapping[str, int]:
        """Return the last sequence of every journal in it."""
        found = self._view.sequences().items()
        return {stream: last for stream, last in found if self._scope.sees_stream(stream)}

    def entries(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Return entries of a journal in it."""
        if not self._scope.sees_stream(stream):
            return ()
        return self._view.entries(stream, after=after, limit=limit)

    def entries_before(
        self, stream: str, *, before: int | None, kinds: Sequence[str], limit: int
    ) -> Sequence[Entry]:
        """Return entries of a journal in it, newest first."""
        if not self._scope.sees_stream(stream):
            return ()
        return self._view.entries_before(stream, before=before, kinds=kinds, limit=limit)

    def accounts(self) -> Sequence[AccountRecord]:
        """Return the accounts in it."""
        return [record for record in self._view.accounts() if self._scope.sees(record.id)]

    def account(self, id: str) -> AccountRecord | None:
        """Return an account in it."""
        return self._view.account(id) if self._scope.sees(id) else None

    def sealed(self, account: str) -> bytes | None:
        """Return the sealed credentials of an account in it."""
        return self._view.sealed(account) if self._scope.sees(account) else None

    def intent(self, id: str) -> IntentRecord | None:
        """Return an intent of an account in it."""
        found = self._view.intent(id)
        return found if found is not None and self._scope.sees(found.account) else None

    def open_intents(self, account: str) -> Sequence[IntentRecord]:
        """Return open intents of an account in it."""
        return self._view.open_intents(account) if self._scope.sees(account) else ()

    def recent_intents(self, account: str, *, since_us: int, limit: int) -> Sequence[IntentRecord]:
        """Return late intents of an account in it."""
        if not self._scope.sees(account):
            return ()
        return self._view.recent_intents(account, since_us=since_us, limit=limit)

    def runs(self, account: str | None = None) -> Sequence[RunRecord]:
        """Return the runs in it."""
        return [run for run in self._view.runs(account) if self._scope.sees(run.account)]

    def run(self, id: str) -> RunRecord | None:
        """Return a run in it."""
        found = self._view.run(id)
        return found if found is not None and self._scope.sees(found.account) else None

    def command(self, tenant: str, request_id: str) -> CommandRecord | None:
        """Return a command in it."""
        found = self._view.command(tenant, request_id)
        return found if found is not None and self._scope.sees_command(found) else None

    def open_commands(self, account: str) -> Sequence[CommandRecord]:
        """Return the commands of an account in it that wait."""
        return self._view.open_commands(account) if self._scope.sees(account) else ()

    def waiting_accounts(self) -> Sequence[str]:
        """Return the accounts in it with commands that wait."""
        return [each for each in self._view.waiting_accounts() if self._scope.sees(each)]

    def lease(self, account: str) -> LeaseRecord | None:
        """Return the lease of an account in it."""
        return self._view.lease(account) if self._scope.sees(account) else None

    def live_leases(self) -> Sequence[LeaseRecord]:
        """Return the live leases of accounts in it."""
        return [each for each in self._view.live_leases() if self._scope.sees(each.account)]

    def live_engines(self) -> Sequence[EngineRecord]:
        """Return the engines that are alive: they are nobody's."""
        return self._view.live_engines()

    def witness(self, account: str, target: str) -> int | None:
        """Return a witness of an account in it."""
        return self._view.witness(account, target) if self._scope.sees(account) else None

    def witnesses(self, account: str) -> Mapping[str, int]:
        """Return the witnesses of an account in it."""
        return self._view.witnesses(account) if self._scope.sees(account) else {}

    def document(self, kind: str, id: str) -> DocumentRecord | None:
        """Return a document in it."""
        return self._seen(self._view.document(kind, id))

    def document_by(self, kind: str, key: str) -> DocumentRecord | None:
        """Return the document in it that holds a key."""
        return self._seen(self._view.document_by(kind, key))

    def documents(
        self, kind: str, *, owner: str | None = None, about: str | None = None
    ) -> Sequence[DocumentRecord]:
        """Return the documents in it."""
        found = self._view.documents(kind, owner=owner, about=about)
        return [record for record in found if self._scope.sees_document(record)]

    def documents_after(self, kind: str, id: str, *, limit: int) -> Sequence[DocumentRecord]:
        """Return those in it among the documents that follow one."""
        found = self._view.documents_after(kind, id, limit=limit)
        return [record for record in found if self._scope.sees_document(record)]

    def meta(self, key: str) -> str | None:
        """Return a fact about the directory, or about an account in it."""
        of_account = key.startswith(FACTS_OF_ACCOUNTS)
        if of_account and not self._scope.sees(key.removeprefix(FACTS_OF_ACCOUNTS)):
            return None
        return self._view.meta(key)

    def _seen(self, record: DocumentRecord | None) -> DocumentRecord | None:
        return record if record is not None and self._scope.sees_document(record) else None
