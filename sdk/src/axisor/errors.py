"""Every error Axisor raises on purpose, one class a reason, the same on both sides of the wire.

    AxisorError
    ├─ AuthError      Unauthenticated · TokenInvalid · PermissionDenied
    ├─ FormatError    FieldInvalid · PriceOffStep · LeverageOutOfRange · AmountNotPositive ·
    │                 QuantityOutOfRange · PageTokenInvalid · ConfigInvalid · CandlesInvalid ·
    │                 SettingsInvalid
    ├─ NotFound       AccountNotFound · PositionNotFound · OrderNotFound · RunNotFound ·
    │                 StrategyNotFound · VenueNotFound · EventNotFound
    ├─ StateError     RequestIdReused · RequestExpired · EtagMismatch · ModeMismatch ·
    │                 ModeNotAllowed · LiveNotReady · RunStateInvalid · SequenceExpired ·
    │                 SequenceAhead · SlowReader · Halted · LeaseLost · NotSupported ·
    │                 ShuttingDown · RateLimited · AccountInUse
    ├─ RiskError      BudgetExceeded · ReserveBroken · LeashExceeded · StalePrice ·
    │                 ReviewRefused · ActionPending · InsufficientBalance · ShadowOnly
    ├─ VenueError     VenueRefused · VenueUnavailable · VenueRateLimited · VenueAuth ·
    │                 VenueAnswerInvalid · OutcomeUnknown
    └─ StoreError     StoreUnavailable · StoreInUse · JournalCorrupt

An error says what happened, what it means for the money, and what to do. `reason` is stable and is
the name clients see; anything variable in the text is also in `metadata`. When several apply, the
first in the order above is the one raised.
"""

from __future__ import annotations

from typing import ClassVar


class AxisorError(Exception):
    """Base of all errors raised on purpose.

    Args are keywords: `message` (what happened), `money` (what it means for the money), `fix` (what
    to do), and `metadata` (the variable parts, as strings). None of them may hold a secret.
    """

    reason: ClassVar[str] = ""
    money: ClassVar[str] = "Nothing was sent to the venue."
    fix: ClassVar[str] = ""

    def __init__(
        self,
        message: str = "",
        *,
        money: str | None = None,
        fix: str | None = None,
        **metadata: object,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").splitlines()[0]
        self.means = type(self).money if money is None else money
        self.todo = type(self).fix if fix is None else fix
        self.metadata = {key: str(value) for key, value in metadata.items()}
        super().__init__(self.message)

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.means, self.todo) if part)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.means, self.todo, self.metadata)


def _rebuild(
    cls: type[AxisorError], message: str, money: str, fix: str, metadata: dict[str, str]
) -> AxisorError:
    error = cls(message, money=money, fix=fix)
    error.metadata = metadata
    return error


class AuthError(AxisorError):
    """The caller is not known, or may not do this."""


class FormatError(AxisorError):
    """A value is malformed or out of range, whatever the state of the account."""


class NotFound(AxisorError):
    """The thing named does not exist, or is not the caller's to see."""


class StateError(AxisorError):
    """The request is well formed but cannot be served as things stand."""


class RiskError(AxisorError):
    """A limit that protects the owner's money refused the action."""


class VenueError(AxisorError):
    """The venue refused, failed or answered nonsense."""


class StoreError(AxisorError):
    """The database cannot be used."""


class Unauthenticated(AuthError):
    """No token came with the call."""

    reason = "UNAUTHENTICATED"
    fix = "Pass the owner token of the core's data directory, or --token-file."


class TokenInvalid(AuthError):
    """The token is not one this core issued."""

    reason = "TOKEN_INVALID"
    fix = "Read the token file of the core you are calling."


class PermissionDenied(AuthError):
    """The token's rights do not include this call."""

    reason = "PERMISSION_DENIED"
    fix = "Use a token with the right named in the method's rule."


class FieldInvalid(FormatError):
    """A field of the request is missing or malformed."""

    reason = "FIELD_INVALID"
    fix = "Correct the field and send again."


class PriceOffStep(FormatError):
    """The price of an order is not on the venue's step."""

    reason = "PRICE_OFF_STEP"
    fix = "Use a multiple of 0.5 US dollars."


class LeverageOutOfRange(FormatError):
    """The leverage is outside what the venue offers."""

    reason = "LEVERAGE_OUT_OF_RANGE"
    fix = "Use 1 to 100 (whole numbers for cross margin)."


class AmountNotPositive(FormatError):
    """An amount of sats must be a whole number above zero."""

    reason = "AMOUNT_NOT_POSITIVE"
    fix = "Give a whole number of sats above zero."


class QuantityOutOfRange(FormatError):
    """The quantity is outside what the venue accepts."""

    reason = "QUANTITY_OUT_OF_RANGE"
    fix = "Use 1 to 500,000 US dollars."


class PageTokenInvalid(FormatError):
    """The page token is not one this core made for this list."""

    reason = "PAGE_TOKEN_INVALID"
    fix = "Start again without a page token."


class ConfigInvalid(FormatError):
    """A strategy's configuration does not fit its schema or contradicts itself."""

    reason = "CONFIG_INVALID"
    fix = "Compare with the schema: axisor plugin list -o json."


class CandlesInvalid(FormatError):
    """A candle file has missing, unsorted or absurd rows."""

    reason = "CANDLES_INVALID"
    fix = "Mend the row named, or use another file."


class SettingsInvalid(FormatError):
    """A settings file, variable or flag cannot be read."""

    reason = "SETTINGS_INVALID"
    fix = "Mend the setting named: axisor config path."


class AccountNotFound(NotFound):
    """There is no such account."""

    reason = "ACCOUNT_NOT_FOUND"
    fix = "List them: axisor account list."


class PositionNotFound(NotFound):
    """There is no such open position."""

    reason = "POSITION_NOT_FOUND"
    fix = "List them: axisor position list."


class OrderNotFound(NotFound):
    """There is no such order."""

    reason = "ORDER_NOT_FOUND"
    fix = "List them: axisor order list."


class RunNotFound(NotFound):
    """There is no such run."""

    reason = "RUN_NOT_FOUND"
    fix = "List them: axisor run list."


class StrategyNotFound(NotFound):
    """No enabled plugin offers this strategy."""

    reason = "STRATEGY_NOT_FOUND"
    fix = "List them: axisor plugin list."


class VenueNotFound(NotFound):
    """No enabled plugin offers this venue."""

    reason = "VENUE_NOT_FOUND"
    fix = "List them: axisor plugin list."


class EventNotFound(NotFound):
    """There is no event or intent of this id."""

    reason = "EVENT_NOT_FOUND"
    fix = "List them: axisor guard history."


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


class LiveNotReady(StateError):
    """Real sats on mainnet are refused until exactly-once effects are proved."""

    reason = "LIVE_NOT_READY"
    fix = "Use SHADOW: it says what it would do and sends nothing."


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


class LeaseLost(StateError):
    """Another core has taken over this account."""

    reason = "LEASE_LOST"
    fix = "Nothing; the other core acts. Watch again."


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


class AccountInUse(StateError):
    """The account still has running strategies or unsettled actions."""

    reason = "ACCOUNT_IN_USE"
    fix = "Stop its runs and wait until its actions are settled."


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


class ReviewRefused(RiskError):
    """A reviewer refused the action."""

    reason = "REVIEW_REFUSED"
    fix = "See the reason given; axisor plugin list shows the reviewers."


class ActionPending(RiskError):
    """An earlier action on this position has no known outcome yet."""

    reason = "ACTION_PENDING"
    money = "The earlier action may have happened, so a second one could double it."
    fix = "Wait for the read-back to settle it; it takes about half a minute."


class InsufficientBalance(RiskError):
    """The free balance does not cover the action."""

    reason = "INSUFFICIENT_BALANCE"
    fix = "Deposit, or ask for less."


class ShadowOnly(RiskError):
    """A shadow account is read-only: the action was recorded and not sent."""

    reason = "SHADOW_ONLY"
    fix = "Nothing; this is what the mode is for."


class VenueRefused(VenueError):
    """The venue refused the action; it has no effect."""

    reason = "VENUE_REFUSED"
    money = "The venue says the action has no effect."


class VenueUnavailable(VenueError):
    """The venue could not be reached; nothing was sent."""

    reason = "VENUE_UNAVAILABLE"
    fix = "It is tried again by itself; axisor doctor shows the connection."


class VenueRateLimited(VenueError):
    """The venue's rate limit refused the call; it has no effect."""

    reason = "VENUE_RATE_LIMITED"
    money = "The venue says the action has no effect."
    fix = "Wait as long as the answer says."


class VenueAuth(VenueError):
    """The venue refused the key, its signature or its rights; the call has no effect."""

    reason = "VENUE_AUTH"
    money = "Nothing can be guarded on this account until the key works."
    fix = "Check the key: axisor account test; replace it: axisor account replace-credentials."


class VenueAnswerInvalid(VenueError):
    """The venue's answer cannot be understood; a figure in it is missing or absurd."""

    reason = "VENUE_ANSWER_INVALID"
    money = "Nothing is assumed from it."
    fix = "If it stays so, the venue changed its interface: update the venue plugin."


class OutcomeUnknown(VenueError):
    """The request left, and whether it took effect is not known yet."""

    reason = "OUTCOME_UNKNOWN"
    money = "It may have happened. It is not sent again until a read-back settles it."
    fix = "Wait; the journal will say how it ended."


class StoreUnavailable(StoreError):
    """The database does not answer."""

    reason = "STORE_UNAVAILABLE"
    money = "Nothing new is begun; what was begun is reconciled when it is back."
    fix = "Look at the disk and the database; axisor doctor."


class StoreInUse(StoreError):
    """Another core already works with this data directory."""

    reason = "STORE_IN_USE"
    fix = "Stop the other core, or use another --data-dir."


class JournalCorrupt(StoreError):
    """The journal's hash chain is broken."""

    reason = "JOURNAL_CORRUPT"
    money = "The core refuses to act on a history it cannot trust."
    fix = "Restore the newest backup that verifies; the first bad sequence is named."


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
