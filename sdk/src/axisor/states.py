"""Where things stand: an effect on the venue, a run, a halt, the core itself."""

from __future__ import annotations

import enum

from msgspec import Struct


class IntentState(enum.StrEnum):
    """Where one effect on the venue stands; `UNKNOWN` is neither done nor failed."""

    PLANNED = "planned"
    SENT = "sent"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    NOT_APPLIED = "not_applied"
    CANCELED = "canceled"
    DEAD = "dead"

    @property
    def is_open(self) -> bool:
        """Return whether the effect may still happen or may have happened unseen."""
        return self in (IntentState.PLANNED, IntentState.SENT, IntentState.UNKNOWN)


class RunState(enum.StrEnum):
    """Where a run of a strategy is in its life."""

    CREATED = "created"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class UpgradeState(enum.StrEnum):
    """Where the upgrade of a run to another version of its strategy stands."""

    SHADOWING = "shadowing"
    CUT_OVER = "cut_over"
    ROLLED_BACK = "rolled_back"
    CANCELED = "canceled"


class HaltLevel(enum.StrEnum):
    """What an account may still do: everything, only what lowers risk, or nothing."""

    NONE = "none"
    RISK = "risk"
    ALL = "all"
    FLATTEN = "flatten"


class Standing(enum.StrEnum):
    """Whether the core can do for an account what it is there for."""

    ACTIVE = "active"
    DEGRADED = "degraded"
    REDUCE_ONLY = "reduce_only"
    RECONCILE_ONLY = "reconcile_only"
    HALTED = "halted"


class Cause(Struct, frozen=True):
    """One reason for a standing: a word that stays the same, and a sentence."""

    code: str
    text: str = ""


class ConfirmationState(enum.StrEnum):
    """Where a call stands that was prepared."""

    PENDING = "pending"
    COMMITTED = "committed"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELED = "canceled"


class BacktestState(enum.StrEnum):
    """Where a back-test stands that a core was told to start."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"
    INTERRUPTED = "interrupted"


class DeliveryState(enum.StrEnum):
    """Where one message to one channel stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    SUMMARIZED = "summarized"

    @property
    def is_over(self) -> bool:
        """Return whether nothing more is done about it."""
        return self in (DeliveryState.SENT, DeliveryState.DEAD, DeliveryState.SUMMARIZED)


class PersonState(enum.StrEnum):
    """Whether a person may sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ERASED = "erased"


class PersonChange(enum.StrEnum):
    """What about a person or their sign-in became another."""

    DISABLED = "disabled"
    ENABLED = "enabled"
    ERASED = "erased"
    EMAIL_VERIFIED = "email_verified"
    EMAIL_CHANGED = "email_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of change
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of change
    SECOND_FACTOR_ENROLLED = "second_factor_enrolled"
    SECOND_FACTOR_DISABLED = "second_factor_disabled"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    RECOVERY_CODE_USED = "recovery_code_used"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
