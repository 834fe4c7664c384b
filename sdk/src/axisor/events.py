"""What happened: the payloads of the journal, and the stimuli a strategy is called with.

Every payload is frozen, named in the past tense and tagged by its class name, so that the same
bytes decode for ever. An account's journal numbers them from 1 without gaps.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from axisor.identity import IdentityPayload
from axisor.intents import Action, Intent, Wake
from axisor.model import (
    Balance,
    CrossWallet,
    FeedQuality,
    Funding,
    Mode,
    Order,
    Position,
    Severity,
    Tick,
)
from axisor.restores import RESTORED as RESTORED
from axisor.restores import Counted as Counted
from axisor.restores import Increase as Increase
from axisor.restores import RestoreReconciled as RestoreReconciled
from axisor.saw import Saw
from axisor.states import Cause as Cause
from axisor.states import HaltLevel as HaltLevel
from axisor.states import IntentState as IntentState
from axisor.states import RunState as RunState
from axisor.states import Standing as Standing
from axisor.versions import RunUpgraded as RunUpgraded


class PositionEnd(enum.StrEnum):
    """How a position ended, as far as the venue tells."""

    CLOSED = "closed"
    LIQUIDATED = "liquidated"
    STOPPED = "stopped"
    TAKEN = "taken"
    UNKNOWN = "unknown"


class CoverageState(enum.StrEnum):
    """Whether a guard protects a position, and if not, why not."""

    PROTECTED = "protected"
    UNPROTECTED = "unprotected"
    DEGRADED = "degraded"
    SHORTFALL = "shortfall"


class Coverage(Struct, frozen=True):
    """The protection of one position: its state, a reason in words, and sats missing if short."""

    position: str
    state: CoverageState
    reason: str = ""
    missing: int = 0
    run: str = ""


class AccountOpened(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """An exchange account was added to the core."""

    venue: str
    network: str
    mode: Mode
    label: str


class AccountUpdated(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """An account's label, address or credentials changed.

    The credentials themselves are not here.
    """

    label: str
    credentials_replaced: bool = False


class AccountClosed(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """An account was removed from the core; nothing at the venue was touched."""

    label: str


class BalanceChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """The venue reported another balance or cross wallet."""

    balance: Balance
    cross: CrossWallet = CrossWallet()


class PositionChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A position is new or differs from what the venue reported before (profit and loss aside)."""

    position: Position


class PositionClosed(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A position is gone; `position` is its last known state."""

    position: Position
    end: PositionEnd
    exit_price: str = ""
    pl: int = 0


class OrderChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """An order is new, or its state changed."""

    order: Order


class FundingPaid(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A funding payment was settled; positive is paid by us."""

    funding: Funding


class CommandReceived(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A client asked for an action under its own request id; `saw` is what review knew."""

    request_id: str
    principal: str
    action: Action
    saw: Saw | None = None


class CommandRefused(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A client's action was refused before anything was sent; `reason` is an error reason.

    `reviewer` says that a plugin's reviewer or a setting refused it, not a rule of the core.
    """

    request_id: str
    reason: str
    message: str
    reviewer: bool = False


class StepTaken(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A strategy was called and asked for something or changed its memory.

    `cause` is the stimulus it answered, `memory` its memory afterwards as JSON, `step` the run's
    own counter, `wake` what it waits for from now on (None: as before). The acting intents carry
    ids derived from run and step. `saw` is what it knew beyond the journal; None in entries from
    before that was kept. `seal` is a digest of the entry's bytes without it, empty in older ones.
    """

    run: str
    step: int
    cause: Stimulus
    intents: tuple[Intent, ...]
    memory: str
    wake: Wake | None = None
    saw: Saw | None = None
    seal: str = ""


class IntentPlanned(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """An action passed review and will be sent. `run` is empty for a client's command.

    `amount` is the sats it moves, as budgets count them.
    """

    intent: str
    action: Action
    target: str
    run: str = ""
    step: int = 0
    principal: str = ""
    amount: int = 0


class IntentReviewRefused(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A strategy's action was refused by review; nothing was sent.

    `reviewer` says that a plugin's reviewer or a setting refused it, not a rule of the core.
    """

    run: str
    step: int
    action: Action
    reason: str
    message: str
    reviewer: bool = False


class IntentSent(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """The request was stamped and is about to leave; after `fence` the venue will refuse it."""

    intent: str
    attempt: int
    signed_at: datetime
    fence: datetime


class IntentSettled(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """An action's outcome is known, or known to be unknown.

    `by` is `answer`, `witness`, `fence` or `operator`; `principal` and `note` are the operator's,
    and `forced` says that what was read did not support it.
    """

    intent: str
    state: IntentState
    by: str = "answer"
    reason: str = ""
    message: str = ""
    venue_id: str = ""
    latency_ms: int = 0
    principal: str = ""
    note: str = ""
    forced: bool = False


class IntentWitnessed(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A reading about an action of unknown outcome showed something new, and settles nothing.

    `fenced` says that it was begun after the fence, `shows` what it showed.
    """

    intent: str
    fenced: bool
    message: str
    shows: dict[str, str] = {}


class RunChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A run was created, configured or moved. Config and leash are JSON; pauses may have an end."""

    run: str
    strategy: str
    state: RunState
    config: str = "{}"
    label: str = ""
    reason: str = ""
    leash: str = "{}"
    resumes_at: datetime | None = None


class CoverageChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """The protection of a position changed."""

    coverage: Coverage


class NoticeGiven(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A strategy or the core has something to tell the owner."""

    severity: Severity
    code: str
    text: str
    position: str = ""
    run: str = ""
    data: dict[str, str] = {}


class HaltChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """The account was halted or resumed; with `platform` all accounts were, at once."""

    level: HaltLevel
    principal: str
    reason: str = ""
    platform: bool = False


class StandingChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """The core can do more or less for the account than before, and why."""

    standing: Standing
    causes: tuple[Cause, ...] = ()


class ChangeMade(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A client's request was carried out; the entries before it, of the same unit, are what it did.

    `method` is the method of the contract by which it was asked for.
    """

    principal: str
    method: str
    request_id: str


class FeedChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """The latest price became more or less trustworthy."""

    quality: FeedQuality
    reason: str = ""


class Started(Struct, frozen=True, tag_field="is", tag=True):
    """A run starts, for the first time or after a pause or restart."""


class Woken(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A bound of the run's `Wake` was reached by this tick."""

    tick: Tick


class Ticked(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A tick, for strategies that asked to see every one."""

    tick: Tick


class TimerFired(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """The time of the run's `Wake` has come."""

    at: datetime


class Stopped(Struct, frozen=True, tag_field="is", tag=True):
    """A run is about to stop; what it asks for now is its last wish."""


class Outcome(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """What became of an action this run asked for, reviewed or sent."""

    action: Action
    state: IntentState
    reason: str = ""
    message: str = ""


Stimulus: TypeAlias = (
    Started
    | Woken
    | Ticked
    | TimerFired
    | PositionChanged
    | PositionClosed
    | OrderChanged
    | BalanceChanged
    | Outcome
    | FeedChanged
    | Stopped
)
"""Everything a strategy can be called with."""

Payload: TypeAlias = (
    AccountOpened
    | AccountUpdated
    | AccountClosed
    | BalanceChanged
    | PositionChanged
    | PositionClosed
    | OrderChanged
    | FundingPaid
    | CommandReceived
    | CommandRefused
    | StepTaken
    | IntentPlanned
    | IntentReviewRefused
    | IntentSent
    | IntentSettled
    | IntentWitnessed
    | RunChanged
    | RunUpgraded
    | CoverageChanged
    | NoticeGiven
    | HaltChanged
    | ChangeMade
    | FeedChanged
    | StandingChanged
    | RestoreReconciled
    | IdentityPayload
)
"""Everything a journal can hold."""


class Event(Struct, frozen=True, kw_only=True):
    """One entry of a journal. `stream` is `accounts/{id}`; `sequence` starts at 1 and has no gaps.

    `hash` covers every field and the hash before it (see the core's journal module).
    """

    stream: str
    sequence: int
    time: datetime
    mode: Mode
    payload: Payload
    prev_hash: bytes = b""
    hash: bytes = b""

    @property
    def kind(self) -> str:
        """Return the payload's class name, such as `IntentSettled`."""
        return type(self.payload).__name__
