"""Errors in how things stand: the state of the account, and limits that protect its money."""

from __future__ import annotations

from axisor.errors.base import RiskError, StateError


class RequestIdReused(StateError):
    """This request id was used before with another request."""

    reason = "REQUEST_ID_REUSED"
    money = "The first request stands; this one did nothing."
    fix = "Make a new UUID for a new request."


class RequestExpired(StateError):
    """The request came after the time it said it would be too late."""

    reason = "REQUEST_EXPIRED"
    fix = "Look at the present state, then ask again if you still want it."


class EtagMismatch(StateError):
    """Somebody changed this since you read it."""

    reason = "ETAG_MISMATCH"
    fix = "Read it again, then repeat your change."


class ModeMismatch(StateError):
    """The account's mode is not the one the caller expected."""

    reason = "MODE_MISMATCH"
    fix = "Check the mode on the answer, then repeat with the right --expect-mode."


class ModeNotAllowed(StateError):
    """This core or this data directory does not allow the mode."""

    reason = "MODE_NOT_ALLOWED"
    fix = "Use another data directory, or raise max_mode in the settings."


class RunStateInvalid(StateError):
    """The run's state does not allow this."""

    reason = "RUN_STATE_INVALID"
    fix = "See its state: axisor run list."


class SequenceExpired(StateError):
    """Events this old are no longer kept for resuming."""

    reason = "SEQUENCE_EXPIRED"
    fix = "Watch again without a sequence: a snapshot comes first."


class SequenceAhead(StateError):
    """The sequence is beyond the end of the journal."""

    reason = "SEQUENCE_AHEAD"
    fix = "You may be talking to a restored or different core: watch again without a sequence."


class SlowReader(StateError):
    """The reader fell too far behind the stream."""

    reason = "SLOW_READER"
    fix = "Resume after the last sequence you handled."


class Halted(StateError):
    """The account is halted."""

    reason = "HALTED"
    fix = "Resume it when you mean to: axisor account resume."


class HaltKept(StateError):
    """The file HALT in the data directory keeps every account halted."""

    reason = "HALT_KEPT"
    money = "The halt is in force as before."
    fix = "Remove the file HALT, then: axisor halt resume."


class LeaseLost(StateError):
    """Another core has taken over this account."""

    reason = "LEASE_LOST"
    fix = "Nothing; the other core acts. Watch again."


class NoEngine(StateError):
    """No core acts for this account at the moment."""

    reason = "NO_ENGINE"
    money = "The request was withdrawn before anybody began with it; nothing was done."
    fix = "Start an engine, or wait until one takes the account over, and ask again."


class RestoreReconciling(StateError):
    """The core was restored from a backup and has not yet found out what happened since."""

    reason = "RESTORE_RECONCILING"
    money = "Nothing is sent: what the lost core did may not be in the backup."
    fix = "Wait until RestoreReconciled is in the journal; it takes about a minute."


class VaultKeyInUse(StateError):
    """A key of the vault is still needed."""

    reason = "VAULT_KEY_IN_USE"
    money = "Nothing was changed: without the key something stored would never open again."
    fix = "Wait until everything is wrapped by another key: axisor keys list counts it."


class NotSupported(StateError):
    """The venue does not offer this for this kind of position."""

    reason = "NOT_SUPPORTED"


class ShuttingDown(StateError):
    """The core is stopping and takes no new work."""

    reason = "SHUTTING_DOWN"
    fix = "Try again when it is back."


class RateLimited(StateError):
    """Too many calls in too short a time."""

    reason = "RATE_LIMITED"
    fix = "Wait as long as the answer says."


class PlanLimit(StateError):
    """The plan does not reach that far."""

    reason = "PLAN_LIMIT"
    money = (
        "Guards that run go on, and adding margin, closing and halting are never refused for it."
    )
    fix = "Give up something you have, or ask whoever runs the core for another plan."


class AccountInUse(StateError):
    """The account still has running strategies or unsettled actions."""

    reason = "ACCOUNT_IN_USE"
    fix = "Stop its runs and wait until its actions are settled."


class RunnerUnwanted(StateError):
    """No runner is waited for under this name."""

    reason = "RUNNER_UNWANTED"
    fix = "Start the run, or end the runner that answers for it: axisor run list."


class PluginQuarantined(StateError):
    """The plugin broke the rules too often and is kept out until the core starts again."""

    reason = "PLUGIN_QUARANTINED"
    money = "Its runs have failed and ask for nothing more; what they had at the venue stays there."
    fix = "Look at its error: axisor plugin list. Mend or remove it, then start the core again."


class PluginInUse(StateError):
    """The plugin cannot be enabled or disabled as things are."""

    reason = "PLUGIN_IN_USE"
    money = "Nothing changed: what it offers, reviews and runs goes on as before."
    fix = "Stop its runs first, or have them stopped with it: axisor plugin disable --stop-runs."


class RunnerFault(StateError):
    """The runner was late, silent, or said what no runner may say."""

    reason = "RUNNER_FAULT"
    money = "Nothing of the step counts."
    fix = "Mend the runner, then let it come again."


class UpgradeUnsound(StateError):
    """The new version cannot be loaded beside the old one."""

    reason = "UPGRADE_UNSOUND"
    money = "The old version decides as before."
    fix = "Restart the core with the new version, or install it in an environment of its own."


class UpgradeStateInvalid(StateError):
    """The upgrade is not in a state in which this can be done."""

    reason = "UPGRADE_STATE_INVALID"
    money = "The version that decides stays the one that does."
    fix = "Look at it: axisor run upgrade show."


class LastOwner(StateError):
    """The account would be left without an owner."""

    reason = "LAST_OWNER"
    fix = "Make somebody else its owner first: axisor access grant."


class WitnessContradicts(StateError):
    """What was read from the venue contradicts what is said of the action."""

    reason = "WITNESS_CONTRADICTS"
    money = "The action stays as it was, and its sats stay counted."
    fix = "Look again: axisor dlq show. If you know better than the venue, say --force."


class BudgetExceeded(RiskError):
    """The action would spend more than its budget."""

    reason = "BUDGET_EXCEEDED"
    fix = "Raise the budget if you mean to: axisor guard set."


class ReserveBroken(RiskError):
    """The action would leave less than the reserve in the balance."""

    reason = "RESERVE_BROKEN"
    fix = "Deposit, or lower the reserve if you mean to."


class LeashExceeded(RiskError):
    """The run asked for more than its leash allows."""

    reason = "LEASH_EXCEEDED"
    fix = "Lengthen the leash of the run if you mean to."


class StalePrice(RiskError):
    """The latest price is too old to open risk on."""

    reason = "STALE_PRICE"
    fix = "Wait for the feed; axisor doctor says what is wrong with it."


class ReduceOnly(RiskError):
    """The core itself takes only what lowers risk at the moment."""

    reason = "REDUCE_ONLY"
    fix = "Wait; it ends by itself when the cause is gone: axisor status."


class KeyCanWithdraw(RiskError):
    """The key can withdraw, and this account acts with real money."""

    reason = "KEY_CAN_WITHDRAW"
    money = (
        "It was not stored. A thief of such a key takes every sat; nothing here needs the right."
    )
    fix = "Make a key without the right to withdraw, or say that you mean it: --allow-withdrawals."


class ReviewRefused(RiskError):
    """A reviewer refused the action."""

    reason = "REVIEW_REFUSED"
    fix = "See the reason given; axisor plugin list shows the reviewers."


class ActionPending(RiskError):
    """An earlier action on this position has no known outcome yet."""

    reason = "ACTION_PENDING"
    money = "The earlier action may have happened, so a second one could double it."
    fix = "Wait for the read-back to settle it; it takes about half a minute."


class AttemptsExhausted(RiskError):
    """The run has tried to add to this position as often as it may for now."""

    reason = "ATTEMPTS_EXHAUSTED"
    money = "Nothing more was sent. The position may not be protected: act yourself if it must be."
    fix = "Find out why nothing helped: axisor events stream. Then add margin by hand, or wait."


class InsufficientBalance(RiskError):
    """The free balance does not cover the action."""

    reason = "INSUFFICIENT_BALANCE"
    fix = "Deposit, or ask for less."


class ShadowOnly(RiskError):
    """A shadow account is read-only: the action was recorded and not sent."""

    reason = "SHADOW_ONLY"
    fix = "Nothing; this is what the mode is for."


class TokenSpent(RiskError):
    """The token's sats for the day do not cover this action."""

    reason = "TOKEN_SPENT"
    fix = "Wait until midnight UTC, or use a token that may move more."
