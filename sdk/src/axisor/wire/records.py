"""What a client sees of a core beyond the nouns of the field: accounts, runs, snapshots, events."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from axisor.events import (
    AccountClosed,
    AccountOpened,
    AccountUpdated,
    BalanceChanged,
    Cause,
    ChangeMade,
    CommandReceived,
    CommandRefused,
    Coverage,
    CoverageChanged,
    FeedChanged,
    FundingPaid,
    HaltChanged,
    HaltLevel,
    IntentPlanned,
    IntentReviewRefused,
    IntentSent,
    IntentSettled,
    IntentState,
    IntentWitnessed,
    NoticeGiven,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    RestoreReconciled,
    RunChanged,
    RunState,
    RunUpgraded,
    Standing,
    StandingChanged,
)
from axisor.identity import IdentityPayload
from axisor.intents import Action, Check, Why
from axisor.model import (
    Balance,
    CrossWallet,
    FeedQuality,
    Leash,
    Mode,
    Order,
    Permission,
    Position,
    Price,
    Role,
    Sats,
    Tick,
)


class Account(Struct, frozen=True, kw_only=True):
    """An exchange account under a core's care. `base_url` is empty for the venue's own address.

    A position that nothing protects is warned of below `near_percent` of distance to liquidation,
    and critically below `critical_percent`; 0 is never, None where the core does not say.
    """

    id: str
    label: str
    venue: str
    network: str
    mode: Mode
    base_url: str = ""
    halt: HaltLevel = HaltLevel.NONE
    scopes: tuple[str, ...] = ()
    reconciled_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    etag: str = ""
    near_percent: Decimal | None = None
    critical_percent: Decimal | None = None


class AccountBalance(Struct, frozen=True, kw_only=True):
    """What an account can spend and has in its cross wallet, and when the venue said so."""

    balance: Balance
    cross: CrossWallet = CrossWallet()
    read_at: datetime | None = None


class Run(Struct, frozen=True, kw_only=True):
    """One strategy at work on one account. `config` is JSON, `reason` says why it is so.

    `resumes_at` is when a paused run goes on by itself, None where it waits for somebody.
    """

    id: str
    account: str
    strategy: str
    state: RunState
    label: str = ""
    reason: str = ""
    config: str = ""
    leash: Leash = Leash()
    permissions: Permission = Permission.NONE
    mode: Mode = Mode.SIM
    step: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
    started_at: datetime | None = None
    etag: str = ""
    resumes_at: datetime | None = None


class UnrecognizedAction(Struct, frozen=True, kw_only=True):
    """An action of a kind that this version does not know."""

    kind: int
    target: str = ""


class Effect(Struct, frozen=True, kw_only=True):
    """One effect on the venue, from review to outcome.

    `target` is `positions/{id}` or `orders/{id}`. `attempt` counts what was sent, from 0.
    """

    id: str
    account: str
    state: IntentState
    action: Action | UnrecognizedAction
    target: str = ""
    run: str = ""
    principal: str = ""
    attempt: int = 0
    fence: datetime | None = None
    created_at: datetime | None = None


class Settlement(Struct, frozen=True, kw_only=True):
    """How an effect ended, or why that is not known.

    `by` is `answer`, `witness`, `fence`, or empty while it is open; `reason` an error reason.
    """

    intent: str = ""
    by: str = ""
    reason: str = ""
    message: str = ""
    venue_id: str = ""
    latency: timedelta | None = None


class LetterReading(Struct, frozen=True, kw_only=True):
    """What a reading showed of an action of unknown outcome, and why that settles nothing."""

    sequence: int
    time: datetime | None
    fenced: bool
    message: str
    shows: dict[str, str] = {}


class DeadLetter(Struct, frozen=True, kw_only=True):
    """An action whose outcome stays unknown: what was known before it left, and read since."""

    effect: Effect
    amount: Sats = 0
    request_id: str = ""
    signed_at: datetime | None = None
    unknown_since: datetime | None = None
    message: str = ""
    baseline: dict[str, str] = {}
    readings: tuple[LetterReading, ...] = ()


class Ruling(Struct, frozen=True, kw_only=True):
    """What is decided about a dead letter, or would be.

    `counted` sats stay counted as spent. `witness` is what a reading made for it says, None where
    it cannot tell; `text` and `shows` are the same in words and figures.
    """

    state: IntentState
    counted: Sats = 0
    sequence: int = 0
    witness: IntentState | None = None
    text: str = ""
    shows: dict[str, str] = {}


class Figures(Struct, frozen=True, kw_only=True):
    """The figures of a position and its account at one moment."""

    margin: Sats = 0
    liquidation: Price | None = None
    distance_percent: Decimal | None = None
    leverage: Decimal | None = None
    free: Sats = 0


class Preview(Struct, frozen=True, kw_only=True):
    """What an action changes: figures before and after, its fee, its checks, and warnings."""

    before: Figures | None = None
    after: Figures | None = None
    fee: Sats = 0
    checks: tuple[Check, ...] = ()
    warnings: tuple[str, ...] = ()


class Fate(enum.StrEnum):
    """What becomes of a position: alive, alive below its trigger with no money left, or gone."""

    SURVIVES = "survives"
    SHORTFALL = "shortfall"
    LIQUIDATED = "liquidated"


class WhatIfPosition(Struct, frozen=True, kw_only=True):
    """One position at another price, by three roads.

    `unguarded` is without a guard, `walked` if the price walks there past a guard, `jumped` if it
    jumps there at once. `walked_spend` is what the guard spends, `missing` what it lacks.
    """

    position: str
    unguarded: Fate
    walked: Fate
    jumped: Fate
    preview: Preview = Preview()
    walked_spend: Sats = 0
    missing: Sats = 0


class WhatIf(Struct, frozen=True, kw_only=True):
    """An account at another price (`move` is a fraction of the present one), and what is lost."""

    price: Price | None
    move: Decimal | None
    positions: tuple[WhatIfPosition, ...] = ()
    unguarded_loss: Sats = 0
    walked_loss: Sats = 0
    jumped_loss: Sats = 0
    walked_spend: Sats = 0
    missing: Sats = 0


class PositionReport(Struct, frozen=True, kw_only=True):
    """A position with what the core makes of it at the present price; None where it cannot say."""

    account: str
    position: Position
    distance_percent: Decimal | None = None
    consumed_percent: Decimal | None = None
    coverage: Coverage | None = None


class TickReport(Struct, frozen=True, kw_only=True):
    """A tick with its age when it was sent and how far it can be trusted."""

    tick: Tick
    quality: FeedQuality
    age: timedelta | None = None


class Snapshot(Struct, frozen=True, kw_only=True):
    """An account as of one sequence: `positions` nearest to liquidation first, `effects` open."""

    sequence: int
    time: datetime | None
    account: Account
    balance: AccountBalance
    positions: tuple[PositionReport, ...] = ()
    orders: tuple[Order, ...] = ()
    runs: tuple[Run, ...] = ()
    coverages: tuple[Coverage, ...] = ()
    effects: tuple[Effect, ...] = ()
    halt: HaltLevel = HaltLevel.NONE
    platform_halt: HaltLevel = HaltLevel.NONE
    standing: Standing = Standing.ACTIVE
    causes: tuple[Cause, ...] = ()


class IntentSummary(Struct, frozen=True, kw_only=True):
    """One thing a strategy asked for, in words; `kind` is such as `AddMargin` or `Wake`."""

    kind: str
    text: str
    why: Why | None = None


class StepSummary(Struct, frozen=True, kw_only=True):
    """A step as clients see it: its memory stays in the core, its cause and intents are words."""

    run: str
    step: int
    cause: str
    intents: tuple[IntentSummary, ...] = ()
    last_price: Decimal | None = None
    price_age: timedelta | None = None


class Unrecognized(Struct, frozen=True, kw_only=True):
    """A payload that this version cannot read; `kind` is its name, `problem` what is new in it."""

    kind: str
    problem: str = ""


SeenPayload: TypeAlias = (
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
    | StepSummary
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
    | StandingChanged
    | FeedChanged
    | RestoreReconciled
    | IdentityPayload
    | Unrecognized
)
"""What an event can hold on a client: the journal's payloads, steps as `StepSummary`."""


class Member(Struct, frozen=True, kw_only=True):
    """A person who holds a role on an account, and since when."""

    account: str
    person: str
    role: Role
    since: datetime


class SeenEvent(Struct, frozen=True, kw_only=True):
    """One entry of a journal as a client sees it; fields as of `axisor.events.Event`."""

    stream: str
    sequence: int
    time: datetime
    mode: Mode
    kind: str
    payload: SeenPayload
    hash: bytes = b""

    @property
    def account(self) -> str:
        """Return the account's id."""
        return self.stream.rpartition("/")[2]


class ActionResult(Struct, frozen=True, kw_only=True):
    """The answer to a call that reaches the venue.

    `state` is PLANNED where only a preview was asked for. `position` and `order` are as they are
    afterwards, None where there is none. Watching after `sequence` misses nothing.
    """

    state: IntentState
    settlement: Settlement = Settlement()
    preview: Preview = Preview()
    position: PositionReport | None = None
    order: Order | None = None
    sequence: int = 0
