"""Calls that wait for somebody's word: what is kept of each, and how one ends, once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from axisor.errors import ConfirmationSettled, RateLimited
from axisor.states import ConfirmationState
from axisor_server.domain.records import DocumentRecord

WAITING = "confirmation_waiting"
"""The kind of the documents of those that wait, so that they are found without the others."""

ENDED = "confirmation"
"""The kind of the documents of those that ended."""

KEPT_US = 24 * 60 * 60 * 1_000_000
"""How long one is listed; the journal tells of it for ever."""

MOST_PENDING = 100
"""Of one account."""

MOST_BYTES = 64 * 1024
"""Of the request of one."""

_REQUESTS = uuid.UUID("c3b8d1f2-8a0e-5f2e-9d07-6f1f9c1f2a85")


class Waits(Struct, frozen=True, kw_only=True):
    """How long a confirmation waits, and how far its figures may move meanwhile."""

    commit_us: int = 30_000_000
    approve_us: int = 300_000_000
    drift_percent: int = 1


USUAL = Waits()


class Preparer(Struct, frozen=True, kw_only=True):
    """Who prepared a call, as far as it must be found out whether they still may.

    `until_us` is when a token of theirs runs out, None for never; `everywhere` says that what they
    may do on the core they may on every account, without a role there.
    """

    name: str
    tenant: str
    person: str = ""
    session: str = ""
    token: str = ""
    caveats: tuple[str, ...] = ()
    until_us: int | None = None
    everywhere: bool = False
    propose_only: bool = False


class Confirmation(Struct, frozen=True, kw_only=True):
    """One call that waits, or how it ended.

    `request` is its request as it will be carried out, in an Any, `preview` what it would change,
    empty where it shows no figures; both are encoded messages. `settler` is who settled it, of
    `settler_tenant`.
    """

    id: str
    account: str
    method: str
    danger: int
    request: bytes
    summary: str
    preview: bytes = b""
    warnings: tuple[str, ...] = ()
    preparer: Preparer
    made_us: int
    commit_until_us: int
    until_us: int
    state: ConfirmationState = ConfirmationState.PENDING
    settler: str = ""
    settler_tenant: str = ""
    settled_us: int | None = None
    reason: str = ""

    @property
    def request_id(self) -> str:
        """Return the id under which the call is carried out, whoever confirms it, however often."""
        return str(uuid.uuid5(_REQUESTS, f"{self.account}/{self.id}"))

    def is_over(self, now_us: int) -> bool:
        """Return whether it waits still, and nobody may confirm it any more."""
        return self.state is ConfirmationState.PENDING and now_us >= self.until_us

    def as_of(self, now_us: int) -> Confirmation:
        """Return it as it is to be shown: expired from the moment on that it is over."""
        if not self.is_over(now_us):
            return self
        return msgspec.structs.replace(self, state=ConfirmationState.EXPIRED)


class Word(Struct, frozen=True, kw_only=True):
    """How somebody settles a confirmation. `principal` is empty where its time is up."""

    state: ConfirmationState
    principal: str = ""
    tenant: str = ""
    reason: str = ""


def settle(found: Confirmation, word: Word, *, now_us: int) -> Confirmation:
    """Return a confirmation as it is after a word; unchanged where that word was given before.

    Raises ConfirmationSettled where it ended otherwise, or is over.
    """
    if found.state is not ConfirmationState.PENDING:
        given = found.state, found.settler, found.settler_tenant
        if given == (word.state, word.principal, word.tenant):
            return found
        raise over(found)
    expires = word.state is ConfirmationState.EXPIRED
    if found.is_over(now_us) != expires:
        raise over(found.as_of(now_us))
    return msgspec.structs.replace(
        found,
        state=word.state,
        settler=word.principal,
        settler_tenant=word.tenant,
        settled_us=found.until_us if expires else now_us,
        reason=word.reason,
    )


def over(found: Confirmation) -> ConfirmationSettled:
    """Return the refusal of a word about a confirmation that ended."""
    state = found.state.value
    by = f" by {found.settler}" if found.settler else ""
    done = found.state is ConfirmationState.COMMITTED
    return ConfirmationSettled(
        f"The confirmation {found.id} is {state} already{by}.",
        money="It is carried out once, for whoever committed it." if done else None,
        confirmation=found.id,
        state=state,
    )


def check_room(waiting: Sequence[DocumentRecord]) -> None:
    """Refuse one more where too many wait. Raises RateLimited."""
    if len(waiting) >= MOST_PENDING:
        raise RateLimited(
            f"{MOST_PENDING} confirmations of this account wait for a word already.",
            limit="confirmations",
        )


def to_document(found: Confirmation) -> DocumentRecord:
    """Return the document that keeps a confirmation. It belongs to its account, to no person."""
    return DocumentRecord(
        kind=WAITING if found.state is ConfirmationState.PENDING else ENDED,
        id=found.id,
        about=found.account,
        body=msgspec.json.encode(found),
        until_us=found.made_us + KEPT_US,
        created_us=found.made_us,
        updated_us=found.settled_us or found.made_us,
    )


def from_document(document: DocumentRecord) -> Confirmation:
    """Return the confirmation that a document keeps."""
    return msgspec.json.decode(document.body, type=Confirmation)
