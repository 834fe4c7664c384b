"""Every error Axisor raises on purpose, one class a reason, the same on both sides of the wire.

    AxisorError
    ├─ AuthError      Unauthenticated · TokenInvalid · PermissionDenied
    ├─ FormatError    FieldInvalid · PriceOffStep · LeverageOutOfRange · AmountNotPositive ·
    │                 QuantityOutOfRange · PageTokenInvalid · ConfigInvalid · CandlesInvalid ·
    │                 SettingsInvalid
    ├─ NotFound       AccountNotFound · PositionNotFound · OrderNotFound · RunNotFound ·
    │                 StrategyNotFound · VenueNotFound · EventNotFound
    ├─ StateError     RequestIdReused · RequestExpired · EtagMismatch · ModeMismatch ·
    │                 ModeNotAllowed · RunStateInvalid · SequenceExpired ·
    │                 SequenceAhead · SlowReader · Halted · HaltKept · LeaseLost · NoEngine ·
    │                 RestoreReconciling · NotSupported · ShuttingDown · RateLimited ·
    │                 AccountInUse · WitnessContradicts · VaultKeyInUse
    ├─ RiskError      BudgetExceeded · ReserveBroken · LeashExceeded · StalePrice ·
    │                 ReduceOnly · ReviewRefused · ActionPending · AttemptsExhausted ·
    │                 InsufficientBalance · ShadowOnly · KeyCanWithdraw
    ├─ VenueError     VenueRefused · VenueUnavailable · VenueRateLimited · VenueAuth ·
    │                 VenueClockSkew · VenueAnswerInvalid · OutcomeUnknown
    └─ StoreError     StoreUnavailable · StoreInUse · JournalCorrupt · BackupInvalid ·
                      VaultSealBroken · DiskFull

An error says what happened, what it means for the money, and what to do. `reason` is stable and is
the name clients see; anything variable in the text is also in `metadata`. When several apply, the
first in the order above is the one raised.
"""

from __future__ import annotations

from axisor.errors.base import (
    AuthError,
    AxisorError,
    FormatError,
    NotFound,
    RiskError,
    StateError,
    StoreError,
    VenueError,
)
from axisor.errors.outside import (
    BackupInvalid,
    CheckpointInvalid,
    DiskFull,
    JournalCorrupt,
    OutcomeUnknown,
    ReplayDiverged,
    StoreInUse,
    StoreUnavailable,
    VaultSealBroken,
    VenueAnswerInvalid,
    VenueAuth,
    VenueClockSkew,
    VenueRateLimited,
    VenueRefused,
    VenueUnavailable,
)
from axisor.errors.requests import (
    AccountNotFound,
    AmountNotPositive,
    CandlesInvalid,
    ConfigInvalid,
    EventNotFound,
    FieldInvalid,
    HistoryInvalid,
    LeverageOutOfRange,
    OrderNotFound,
    PageTokenInvalid,
    PermissionDenied,
    PositionNotFound,
    PriceOffStep,
    QuantityOutOfRange,
    RunNotFound,
    SettingsInvalid,
    StrategyNotFound,
    TokenInvalid,
    Unauthenticated,
    VenueNotFound,
)
from axisor.errors.standing import (
    AccountInUse,
    ActionPending,
    AttemptsExhausted,
    BudgetExceeded,
    EtagMismatch,
    Halted,
    HaltKept,
    InsufficientBalance,
    KeyCanWithdraw,
    LeaseLost,
    LeashExceeded,
    ModeMismatch,
    ModeNotAllowed,
    NoEngine,
    NotSupported,
    RateLimited,
    ReduceOnly,
    RequestExpired,
    RequestIdReused,
    ReserveBroken,
    RestoreReconciling,
    ReviewRefused,
    RunStateInvalid,
    SequenceAhead,
    SequenceExpired,
    ShadowOnly,
    ShuttingDown,
    SlowReader,
    StalePrice,
    VaultKeyInUse,
    WitnessContradicts,
)

__all__ = [
    "AxisorError",
    "AuthError",
    "FormatError",
    "NotFound",
    "StateError",
    "RiskError",
    "VenueError",
    "StoreError",
    "Unauthenticated",
    "TokenInvalid",
    "PermissionDenied",
    "FieldInvalid",
    "PriceOffStep",
    "LeverageOutOfRange",
    "AmountNotPositive",
    "QuantityOutOfRange",
    "PageTokenInvalid",
    "ConfigInvalid",
    "CandlesInvalid",
    "HistoryInvalid",
    "SettingsInvalid",
    "AccountNotFound",
    "PositionNotFound",
    "OrderNotFound",
    "RunNotFound",
    "StrategyNotFound",
    "VenueNotFound",
    "EventNotFound",
    "RequestIdReused",
    "RequestExpired",
    "EtagMismatch",
    "ModeMismatch",
    "ModeNotAllowed",
    "RunStateInvalid",
    "SequenceExpired",
    "SequenceAhead",
    "SlowReader",
    "Halted",
    "HaltKept",
    "LeaseLost",
    "NoEngine",
    "RestoreReconciling",
    "NotSupported",
    "ShuttingDown",
    "RateLimited",
    "AccountInUse",
    "WitnessContradicts",
    "VaultKeyInUse",
    "BudgetExceeded",
    "ReserveBroken",
    "LeashExceeded",
    "StalePrice",
    "ReduceOnly",
    "ReviewRefused",
    "ActionPending",
    "AttemptsExhausted",
    "InsufficientBalance",
    "ShadowOnly",
    "KeyCanWithdraw",
    "VenueRefused",
    "VenueUnavailable",
    "VenueRateLimited",
    "VenueAuth",
    "VenueClockSkew",
    "VenueAnswerInvalid",
    "OutcomeUnknown",
    "StoreUnavailable",
    "StoreInUse",
    "JournalCorrupt",
    "ReplayDiverged",
    "BackupInvalid",
    "CheckpointInvalid",
    "VaultSealBroken",
    "DiskFull",
    "reasons",
]


def reasons() -> dict[str, type[AxisorError]]:
    """Return every reason with its class, walking the tree above."""
    found: dict[str, type[AxisorError]] = {}
    todo: list[type[AxisorError]] = [AxisorError]
    while todo:
        cls = todo.pop()
        todo.extend(cls.__subclasses__())
        if cls.reason:
            found.setdefault(cls.reason, cls)
    return found
