"""The rows the core keeps beside its journal: accounts, intents, runs, commands, leases, witnesses.

They are guards and indexes: whatever they say is also in the journal, written in the same
transaction. Times are UTC microseconds since 1970, money is sats.
"""

from __future__ import annotations

from msgspec import Struct

from axisor.events import HaltLevel, IntentState, RunState
from axisor.model import Mode

TENANT = "local"
"""The one tenant there is until accounts of people exist."""


class AccountRecord(Struct, frozen=True, kw_only=True):
    """An exchange account the core knows. `url` is empty for the network's own address.

    `near_bp` and `critical_bp` are how near to liquidation its unprotected positions are warned of,
    in hundredths of a percent; 0 is never.
    """

    id: str
    tenant: str = TENANT
    venue: str
    network: str
    mode: Mode
    label: str
    url: str = ""
    halt: HaltLevel = HaltLevel.NONE
    near_bp: int = 500
    critical_bp: int = 200
    revision: int = 1
    created_us: int
    updated_us: int


class IntentRecord(Struct, frozen=True, kw_only=True):
    """One effect on the venue. `action` is its JSON; `witness` what was read before it was sent,
    as JSON.

    `additive` effects are those that double when repeated: at most one of them may be open for a
    target.
    """

    id: str
    account: str
    target: str
    kind: str
    additive: bool
    amount: int
    action: bytes
    state: IntentState
    run: str = ""
    step: int = 0
    request_id: str = ""
    principal: str = ""
    lane: int = 2
    epoch: int = 0
    attempt: int = 0
    witness: bytes = b""
    signed_us: int | None = None
    fence_us: int | None = None
    created_us: int
    updated_us: int
    reason: str = ""
    message: str = ""
    venue_id: str = ""


class RunRecord(Struct, frozen=True, kw_only=True):
    """A run of a strategy.

    Its configuration, leash, state, step counter, memory and last wake (JSON). A paused one goes on
    by itself at `resume_us`; None waits for somebody.
    """

    id: str
    account: str
    strategy: str
    label: str
    config: bytes
    leash: bytes
    state: RunState
    step: int = 0
    memory: bytes = b""
    wake: bytes = b""
    reason: str = ""
    resume_us: int | None = None
    revision: int = 1
    created_us: int
    updated_us: int


class CommandRecord(Struct, frozen=True, kw_only=True):
    """A client's request to change something, kept 7 days with its answer.

    `digest` is SHA-256 of the canonical request; `answer` is empty while it is under way.
    """

    tenant: str
    request_id: str
    account: str
    method: str
    digest: bytes
    body: bytes
    principal: str
    not_after_us: int | None = None
    created_us: int
    answered_us: int | None = None
    answer: bytes = b""


class LeaseRecord(Struct, frozen=True, kw_only=True):
    """Who may write an account's journal. A higher epoch fences off every lower one."""

    account: str
    owner: str
    epoch: int
    until_us: int


class EngineRecord(Struct, frozen=True, kw_only=True):
    """An engine that shares this database, alive until `until_us` of the database's clock.

    `room` is how many more accounts it would lead now.
    """

    owner: str
    started_us: int
    until_us: int
    room: int = 0


class DocumentRecord(Struct, frozen=True, kw_only=True):
    """A small record of its own kind: a person, a session, a token, a membership.

    `body` is the JSON of the kind's own record; `tenant` whose it is, `owner` the person it belongs
    to and `about` what it concerns, each empty where there is none. It may be forgotten after
    `until_us`.
    """

    kind: str
    id: str
    tenant: str = TENANT
    owner: str = ""
    about: str = ""
    body: bytes
    revision: int = 1
    until_us: int | None = None
    created_us: int
    updated_us: int


def etag_of(revision: int) -> str:
    """Return the etag of a revision."""
    return f"r{revision}"


def rights_key(account: str) -> str:
    """Return the name of the fact that says what an account's key may do."""
    return f"rights/{account}"
