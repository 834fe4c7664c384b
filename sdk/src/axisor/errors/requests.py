"""Errors in what a caller asked: who it is, how it was written, whom it names."""

from __future__ import annotations

from axisor.errors.base import AuthError, FormatError, NotFound


class Unauthenticated(AuthError):
    """No token came with the call."""

    reason = "UNAUTHENTICATED"
    fix = "Pass the owner token of the core's data directory, or --token-file."


class TokenInvalid(AuthError):
    """The token is not one this core issued."""

    reason = "TOKEN_INVALID"
    fix = "Read the token file of the core you are calling."


class SessionOver(AuthError):
    """The sign-in has ended."""

    reason = "SESSION_OVER"
    fix = "Sign in again: axisor auth login."


class PermissionDenied(AuthError):
    """The token's rights do not include this call."""

    reason = "PERMISSION_DENIED"
    fix = "Use a token with the right named in the method's rule."


class StepUpRequired(AuthError):
    """The call needs a proof of who calls that is at most five minutes old."""

    reason = "STEP_UP_REQUIRED"
    fix = "Prove it again, then repeat: axisor auth step-up."


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


class HistoryInvalid(FormatError):
    """The file is no exported history."""

    reason = "HISTORY_INVALID"
    fix = "Export it again with axisor replay --export."


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


class UpgradeNotFound(NotFound):
    """The run was never upgraded."""

    reason = "UPGRADE_NOT_FOUND"
    fix = "Start an upgrade: axisor run upgrade start."


class VersionNotFound(NotFound):
    """No version of the strategy other than the one that decides is at hand."""

    reason = "VERSION_NOT_FOUND"
    fix = "Install it where the core looks for it: docs/upgrades.md."


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


class TokenNotFound(NotFound):
    """There is no such token."""

    reason = "TOKEN_NOT_FOUND"
    fix = "List them: axisor token list."


class MemberNotFound(NotFound):
    """There is no such person, or they hold no role on the account."""

    reason = "MEMBER_NOT_FOUND"
    fix = "List them: axisor access list."
