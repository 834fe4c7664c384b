"""Every error Axisor raises on purpose, one class a reason, the same on both sides of the wire.

    AxisorError
    ├─ AuthError      Unauthenticated · TokenInvalid · SessionOver · PermissionDenied ·
    │                 StepUpRequired · SignInRefused · RegistrationClosed · IdentityRefused
    │                 ConfirmationRequired
    ├─ FormatError    FieldInvalid · PriceOffStep · LeverageOutOfRange · AmountNotPositive ·
    │                 QuantityOutOfRange · PageTokenInvalid · ConfigInvalid · CandlesInvalid ·
    │                 SettingsInvalid · PasswordRefused · AddressForbidden · ArchiveRefused
    ├─ NotFound       AccountNotFound · PositionNotFound · OrderNotFound · RunNotFound ·
    │                 StrategyNotFound · VenueNotFound · EventNotFound · TokenNotFound ·
    │                 MemberNotFound · PersonNotFound · PlanNotFound · ConfirmationNotFound
    │                 BacktestNotFound · UpgradeNotFound · VersionNotFound · ChannelNotFound ·
    │                 NotifierNotFound · AlertNotFound
    ├─ StateError     RequestIdReused · RequestExpired · EtagMismatch · ModeMismatch ·
    │                 ModeNotAllowed · RunStateInvalid · SequenceExpired ·
    │                 SequenceAhead · SlowReader · Halted · HaltKept · LeaseLost · NoEngine ·
    │                 RestoreReconciling · NotSupported · ShuttingDown · RateLimited ·
    │                 AccountInUse · WitnessContradicts · LastOwner · EmailUnverified ·
    │                 ProofInvalid · PersonStateInvalid · VaultKeyInUse · ReceiverUnavailable
    │                 IdentityNotLinked · ProviderUnavailable · ConfirmationStale ·
    │                 ConfirmationSettled · RunnerUnwanted · PluginQuarantined · RunnerFault ·
    │                 PlanLimit · PluginInUse · BacktestInterrupted · BacktestCanceled
    │                 UpgradeUnsound · UpgradeStateInvalid · DeliveryDelayed · DeliveryRefused ·
    │                 DeliveryUnknown · ChannelLimit
    ├─ RiskError      BudgetExceeded · ReserveBroken · LeashExceeded · StalePrice ·
    │                 ReduceOnly · ReviewRefused · ActionPending · AttemptsExhausted ·
    │                 InsufficientBalance · ShadowOnly · TokenSpent · KeyCanWithdraw
    ├─ VenueError     VenueRefused · VenueUnavailable · VenueRateLimited · VenueAuth ·
    │                 VenueClockSkew · VenueAnswerInvalid · OutcomeUnknown
    └─ StoreError     StoreUnavailable · StoreInUse · JournalCorrupt · BackupInvalid ·
                      VaultSealBroken · KeyServiceUnavailable · DiskFull

An error says what happened, what it means for the money, and what to do. `reason` is stable and is
the name clients see; anything variable in the text is also in `metadata`. When several apply, the
first in the order above is the one raised.
"""

from __future__ import annotations

from axisor.errors.backtests import BacktestCanceled, BacktestInterrupted, BacktestNotFound
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
from axisor.errors.confirmations import (
    ConfirmationNotFound,
    ConfirmationRequired,
    ConfirmationSettled,
    ConfirmationStale,
)
from axisor.errors.notices import (
    AlertNotFound,
    ChannelLimit,
    ChannelNotFound,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUnknown,
    NotifierNotFound,
)
from axisor.errors.outside import (
    AddressForbidden,
    ArchiveRefused,
    BackupInvalid,
    CheckpointInvalid,
    DiskFull,
    JournalCorrupt,
    KeyServiceUnavailable,
    OutcomeUnknown,
    ReceiverUnavailable,
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
from axisor.errors.people import (
    EmailUnverified,
    IdentityNotLinked,
    IdentityRefused,
    PasswordRefused,
    PersonNotFound,
    PersonStateInvalid,
    PlanNotFound,
    ProofInvalid,
    ProviderUnavailable,
    RegistrationClosed,
    SignInRefused,
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
    MemberNotFound,
    OrderNotFound,
    PageTokenInvalid,
    PermissionDenied,
    PositionNotFound,
    PriceOffStep,
    QuantityOutOfRange,
    RunNotFound,
    SessionOver,
    SettingsInvalid,
    StepUpRequired,
    StrategyNotFound,
    TokenInvalid,
    TokenNotFound,
    Unauthenticated,
    UpgradeNotFound,
    VenueNotFound,
    VersionNotFound,
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
    LastOwner,
    LeaseLost,
    LeashExceeded,
    ModeMismatch,
    ModeNotAllowed,
    NoEngine,
    NotSupported,
    PlanLimit,
    PluginInUse,
    PluginQuarantined,
    RateLimited,
    ReduceOnly,
    RequestExpired,
    RequestIdReused,
    ReserveBroken,
    RestoreReconciling,
    ReviewRefused,
    RunnerFault,
    RunnerUnwanted,
    RunStateInvalid,
    SequenceAhead,
    SequenceExpired,
    ShadowOnly,
    ShuttingDown,
    SlowReader,
    StalePrice,
    TokenSpent,
    UpgradeStateInvalid,
    UpgradeUnsound,
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
    "SessionOver",
    "PermissionDenied",
    "StepUpRequired",
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
    "TokenNotFound",
    "MemberNotFound",
    "UpgradeNotFound",
    "VersionNotFound",
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
    "PlanLimit",
    "AccountInUse",
    "WitnessContradicts",
    "RunnerUnwanted",
    "PluginInUse",
    "PluginQuarantined",
    "RunnerFault",
    "BacktestInterrupted",
    "BacktestCanceled",
    "UpgradeUnsound",
    "UpgradeStateInvalid",
    "LastOwner",
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
    "TokenSpent",
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
    "AddressForbidden",
    "ReceiverUnavailable",
    "ArchiveRefused",
    "KeyServiceUnavailable",
    "SignInRefused",
    "EmailUnverified",
    "PasswordRefused",
    "ProofInvalid",
    "PersonNotFound",
    "PlanNotFound",
    "BacktestNotFound",
    "RegistrationClosed",
    "PersonStateInvalid",
    "IdentityRefused",
    "IdentityNotLinked",
    "ProviderUnavailable",
    "ConfirmationRequired",
    "ConfirmationNotFound",
    "ConfirmationStale",
    "ConfirmationSettled",
    "ChannelNotFound",
    "NotifierNotFound",
    "AlertNotFound",
    "DeliveryDelayed",
    "DeliveryRefused",
    "DeliveryUnknown",
    "ChannelLimit",
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
