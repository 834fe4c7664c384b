"""What may be asked of an account: every change is one of these, stored before anybody makes it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec import Struct

from axisor.events import HaltLevel, IntentState, NoticeGiven
from axisor.intents import Action
from axisor.model import Leash
from axisor.versions import Version
from axisor_server.domain.confirmations import Confirmation, Word
from axisor_server.domain.records import AccountRecord, IntentRecord, RunRecord


class CreateRun(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Store a run in state CREATED; `run` is the id it gets."""

    run: str
    strategy: str
    config: bytes
    leash: Leash
    label: str


class MoveRun(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Start, pause, resume, stop or configure a run, unless it changed since `etag`.

    A pause of `pause_us` microseconds ends by itself, one of 0 does not.
    """

    run: str
    verb: str
    config: bytes | None = None
    leash: Leash | None = None
    label: str | None = None
    etag: str = ""
    reason: str = ""
    pause_us: int = 0


class UpgradeRun(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Start, commit or cancel the upgrade of a run; `wanted` and `probation` count steps."""

    run: str
    verb: str
    version: Version = Version()
    wanted: int = 0
    probation: int = 0


class HaltAccount(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Halt or resume the account."""

    level: HaltLevel
    reason: str = ""


class TakeUpAccount(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Journal and use what of the account was changed in its row: label, address, credentials.

    A notice is what the owner should know of the change.
    """

    credentials_replaced: bool = False
    notice: NoticeGiven | None = None


class CloseAccount(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """End the account and delete its row, unless it changed since `etag`."""

    etag: str = ""


class Reconcile(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Read the account from the venue now."""


class SettleLetter(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Settle an action of unknown outcome by the asker's word, or say what that would do."""

    intent: str
    state: IntentState
    note: str
    force: bool = False
    validate_only: bool = False


class AskRights(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Ask the venue what the account's key may do; only who leads the account opens the key."""


class KeepConfirmation(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Keep a call until somebody confirms it."""

    confirmation: Confirmation


class SettleConfirmation(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """End a confirmation by a word."""

    confirmation: str
    word: Word


Ask: TypeAlias = (
    Action
    | CreateRun
    | MoveRun
    | UpgradeRun
    | HaltAccount
    | TakeUpAccount
    | CloseAccount
    | Reconcile
    | SettleLetter
    | AskRights
    | KeepConfirmation
    | SettleConfirmation
)
"""What a command's body holds."""

ACTS = (MoveRun, UpgradeRun, *get_args(Action))
"""What needs an account that was read since its core took it over."""

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[Ask] = msgspec.json.Decoder(Ask)


class Asked(Struct, frozen=True, kw_only=True):
    """Who asks, and what makes the request one of its kind."""

    principal: str
    request_id: str
    method: str
    digest: bytes
    not_after: datetime | None = None


class AccountNow(Struct, frozen=True, kw_only=True):
    """An account as it was once it was changed, with what was open then."""

    account: AccountRecord
    intents: tuple[IntentRecord, ...] = ()
    sequence: int = 0


class RunNow(Struct, frozen=True, kw_only=True):
    """A run as it was once it was changed, and the journal's end then."""

    run: RunRecord
    sequence: int = 0


class Moved(Struct, frozen=True, kw_only=True):
    """Where a journal stood before and after a reading."""

    before: int
    after: int


def encode_ask(ask: Ask) -> bytes:
    """Return what is asked as canonical JSON."""
    return _encoder.encode(ask)


def decode_ask(body: bytes) -> Ask:
    """Return what a stored command asks. Raises msgspec.DecodeError."""
    return _decoder.decode(body)


def anonymous(ask: Ask, *, principal: str, request_id: str) -> Asked:
    """Return the envelope of a request that came without one."""
    digest = hashlib.sha256(encode_ask(ask)).digest()
    return Asked(
        principal=principal, request_id=request_id, method=type(ask).__name__, digest=digest
    )
