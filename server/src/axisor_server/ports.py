"""What the core needs from the world: a store, a vault, ids, wake-ups between replicas.

Every port has a full adapter in memory beside the real ones; one contract test-suite runs on all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from axisor.errors import StoreError
from axisor.events import IntentState
from axisor.ports import Clock
from axisor_server.domain.emergency import Deed, Ended, Left
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

__all__ = [
    "Clock",
    "Conflict",
    "EmergencyLog",
    "Ids",
    "Reader",
    "Sealer",
    "Store",
    "Transaction",
    "Vault",
    "Wakeups",
]

T = TypeVar("T")


class Conflict(StoreError):
    """Another writer was first; nothing of this unit was written."""

    reason = "LEASE_LOST"


class Reader(Protocol):
    """Reads within one consistent view of the database."""

    def narrow(self, scope: Scope) -> None:
        """Have the database itself hold back what is not in a scope, for the rest of this view.

        A database that cannot do that does nothing: whoever reads filters as well.
        """
        ...

    def head(self, stream: str) -> Head:
        """Return the end of a journal; sequence 0 where there is none."""
        ...

    def sequences(self) -> Mapping[str, int]:
        """Return the last sequence of every journal, by its name."""
        ...

    def entries(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries with a sequence above `after`, in order."""
        ...

    def entries_before(
        self, stream: str, *, before: int | None, kinds: Sequence[str], limit: int
    ) -> Sequence[Entry]:
        """Return entries below `before` (None: the end), newest first; no kinds is all."""
        ...

    def accounts(self) -> Sequence[AccountRecord]:
        """Return every account, oldest first."""
        ...

    def account(self, id: str) -> AccountRecord | None:
        """Return an account or None."""
        ...

    def sealed(self, account: str) -> bytes | None:
        """Return an account's sealed credentials or None."""
        ...

    def intent(self, id: str) -> IntentRecord | None:
        """Return an intent or None."""
        ...

    def open_intents(self, account: str) -> Sequence[IntentRecord]:
        """Return intents that are PLANNED, SENT or UNKNOWN, oldest first."""
        ...

    def recent_intents(self, account: str, *, since_us: int, limit: int) -> Sequence[IntentRecord]:
        """Return intents created at or after a time, newest first."""
        ...

    def runs(self, account: str | None = None) -> Sequence[RunRecord]:
        """Return runs of an account, or all, oldest first."""
        ...

    def run(self, id: str) -> RunRecord | None:
        """Return a run or None."""
        ...

    def command(self, tenant: str, request_id: str) -> CommandRecord | None:
        """Return a command or None."""
        ...

    def open_commands(self, account: str) -> Sequence[CommandRecord]:
        """Return commands without an answer, oldest first."""
        ...

    def waiting_accounts(self) -> Sequence[str]:
        """Return the accounts that have commands without an answer, in order."""
        ...

    def lease(self, account: str) -> LeaseRecord | None:
        """Return the lease of an account or None."""
        ...

    def live_leases(self) -> Sequence[LeaseRecord]:
        """Return the leases that have not ended by the database's clock, by account."""
        ...

    def live_engines(self) -> Sequence[EngineRecord]:
        """Return the engines whose last beat counts by the database's clock, oldest first."""
        ...

    def witness(self, account: str, target: str) -> int | None:
        """Return the largest witness counter seen for a target, or None."""
        ...

    def witnesses(self, account: str) -> Mapping[str, int]:
        """Return the largest witness counter seen for each target of an account."""
        ...

    def document(self, kind: str, id: str) -> DocumentRecord | None:
        """Return a document or None."""
        ...

    def document_by(self, kind: str, key: str) -> DocumentRecord | None:
        """Return the one document of a kind that holds a key, or None."""
        ...

    def documents(
        self, kind: str, *, owner: str | None = None, about: str | None = None
    ) -> Sequence[DocumentRecord]:
        """Return documents of a kind, of an owner and about something where named, oldest first."""
        ...

    def documents_after(self, kind: str, id: str, *, limit: int) -> Sequence[DocumentRecord]:
        """Return up to `limit` documents of any kind above one, by kind and id."""
        ...

    def meta(self, key: str) -> str | None:
        """Return a fact about this data directory, such as its kind of mode."""
        ...


class Transaction(Reader, Protocol):
    """Writes that become durable together or not at all."""

    def append(self, head: Head, entries: Sequence[Entry], *, epoch: int | None) -> None:
        """Append entries that continue `head`.

        Raises Conflict when the journal does not end at `head` any more, or when `epoch` is given
        and is not that of the account's present lease.
        """
        ...

    def put_account(self, record: AccountRecord, *, revision: int | None) -> None:
        """Insert (revision None) or replace an account.

        Raises Conflict when its revision differs.
        """
        ...

    def delete_account(self, id: str) -> None:
        """Remove an account with its credentials; its journal stays."""
        ...

    def put_sealed(self, account: str, sealed: bytes) -> None:
        """Keep an account's sealed credentials, replacing what was there."""
        ...

    def add_intent(self, record: IntentRecord) -> bool:
        """Insert an intent.

        Returns False, writing nothing, when its id exists already, or when it is additive and
        another additive intent of the same account and target is open (a unique index says so).
        """
        ...

    def move_intent(self, record: IntentRecord, *, expect: IntentState) -> bool:
        """Replace an intent that is still in state `expect`; returns False where it is not."""
        ...

    def put_run(self, record: RunRecord, *, revision: int | None) -> None:
        """Insert (revision None) or replace a run. Raises Conflict when its revision differs."""
        ...

    def save_step(self, run: str, *, step: int, memory: bytes, wake: bytes, now_us: int) -> None:
        """Store a run's step counter, memory and wake.

        Raises Conflict when `step` does not follow.
        """
        ...

    def add_command(self, record: CommandRecord) -> bool:
        """Insert a command; returns False when its (tenant, request id) exists already."""
        ...

    def hold_command(self, tenant: str, request_id: str) -> CommandRecord | None:
        """Return a command or None, and keep it from others until this unit is over."""
        ...

    def drop_command(self, tenant: str, request_id: str) -> None:
        """Forget a command, as if it had never been asked."""
        ...

    def answer_command(self, tenant: str, request_id: str, *, answer: bytes, now_us: int) -> None:
        """Store the answer of a command that has none."""
        ...

    def claim_lease(self, account: str, *, owner: str, ttl_us: int) -> int | None:
        """Take or renew a lease; returns its epoch, or None while another owner holds it.

        It ends `ttl_us` from now by the database's clock, which alone says what has ended.
        Renewing one's own unexpired lease keeps the epoch; any other taking raises it by one.
        """
        ...

    def claim_next(
        self, accounts: Sequence[str], *, owner: str, ttl_us: int
    ) -> tuple[str, int] | None:
        """Take one of some accounts that nobody else holds, and return its new epoch too.

        What another engine is taking at this moment is skipped, not waited for. A lease that its
        owner still has counts as left behind: it is taken with a higher epoch.
        """
        ...

    def hold_lease(self, account: str, *, epoch: int) -> int:
        """Keep a lease that has not ended from others, and return how long it lasts still.

        That is by the database's clock, in microseconds. Raises Conflict where it is over.
        """
        ...

    def release_lease(self, account: str, *, owner: str, epoch: int) -> None:
        """Give a lease back, so that another may take it at once."""
        ...

    def beat(self, owner: str, *, ttl_us: int, room: int, now_us: int) -> None:
        """Say that an engine is alive for so long; `now_us` dates its first beat.

        With an engine's first beat those that have been silent for a day are forgotten.
        """
        ...

    def leave(self, owner: str) -> None:
        """Forget an engine, so that the others share without it at once."""
        ...

    def raise_witness(self, account: str, target: str, *, counter: int, now_us: int) -> None:
        """Remember a witness counter; a smaller one than remembered changes nothing."""
        ...

    def put_document(
        self, record: DocumentRecord, *, revision: int | None, keys: Sequence[str] = ()
    ) -> None:
        """Insert (revision None) or replace a document and the keys it is found by.

        Raises Conflict when its revision differs, or when another of its kind holds a key.
        """
        ...

    def rewrap_document(self, kind: str, id: str, *, body: bytes) -> None:
        """Replace a body by one that says the same, leaving the revision and the keys."""
        ...

    def delete_document(self, kind: str, id: str) -> bool:
        """Remove a document with its keys; returns whether it was there."""
        ...

    def forget_documents(self, *, before_us: int) -> int:
        """Delete the documents whose time ended before a moment; returns how many."""
        ...

    def put_meta(self, key: str, value: str) -> None:
        """Store a fact about this data directory."""
        ...

    def forget_commands(self, *, answered_before_us: int) -> int:
        """Delete answered commands older than a time; returns how many."""
        ...


class Store(Protocol):
    """The database. Units are synchronous functions that run in the store's own thread."""

    async def open(self) -> None:
        """Connect, migrate, and take the data directory. Raises StoreInUse or StoreUnavailable."""
        ...

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit in a transaction and return its result once it is durable.

        Several units may share one commit; a unit that raises leaves nothing behind and disturbs no
        other. Raises what the unit raises, or StoreUnavailable.
        """
        ...

    async def read(self, unit: Callable[[Reader], T]) -> T:
        """Run a unit on a consistent view, beside the writes."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go of the data directory."""
        ...


class EmergencyLog(Protocol):
    """What was done while the store was away, beside it and in order."""

    async def append(self, deed: Deed) -> None:
        """Write a deed down, durably. Raises StoreUnavailable when that cannot be done."""
        ...

    async def deeds(self, account: str) -> Sequence[Left | Ended]:
        """Return what an account's journal may not have yet, oldest first."""
        ...

    async def retire(self, account: str, *, now_us: int) -> None:
        """Remember that an account's journal has all of it; put the log away when it is done."""
        ...


class Sealer(Protocol):
    """Seals bytes for one purpose and place, where alone they open again.

    `bound` is what they belong to: the record's id, its owner, its network. A record that is put
    back where an older one of the same place stood opens: who must notice that binds a revision.
    """

    def seal(self, plain: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
        """Return the bytes encrypted and authenticated."""
        ...

    def unseal(self, sealed: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
        """Return what was sealed.

        Raises VaultSealBroken when a byte was changed, when it was sealed for another purpose or
        place, or with a key that is not here.
        """
        ...


class Vault(Sealer, Protocol):
    """Seals what the core keeps secret: exchange keys, signing keys, the keys of persons."""

    def fresh(self) -> bytes:
        """Return a new key of 256 bits, in clear; seal it before it is kept."""
        ...

    def under(self, key: bytes) -> Sealer:
        """Return a sealer under a key of one's own, which is kept sealed."""
        ...


class Ids(Protocol):
    """Makes ids."""

    def new(self) -> str:
        """Return a new UUIDv7, larger than every one before it."""
        ...

    def token(self) -> str:
        """Return 256 random bits as URL-safe text."""
        ...


class Wakeups(Protocol):
    """Hints between replicas that a journal grew. Losing one costs latency, nothing else."""

    async def publish(self, stream: str, sequence: int) -> None:
        """Say that a journal reached a sequence. Never raises for a lost connection."""
        ...

    def listen(self) -> AsyncIterator[tuple[str, int]]:
        """Yield (stream, sequence) as hints arrive, until closed; reconnects by itself."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...
