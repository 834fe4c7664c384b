"""Turns enums, decimals, times and spans into their form on the wire and back, exactly."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from axisor.errors import FieldInvalid
from axisor.events import (
    CoverageState,
    HaltLevel,
    IntentState,
    PositionEnd,
    RunState,
    Standing,
)
from axisor.model import (
    FeedQuality,
    MarginMode,
    Mode,
    OrderState,
    OrderType,
    Permission,
    PlatformRole,
    Role,
    Severity,
    Side,
)
from axisor.notices import NoticeLevel
from axisor.states import (
    BacktestState,
    ConfirmationState,
    DeliveryState,
    PersonChange,
    PersonState,
    UpgradeState,
)
from axisor.v1 import backtests_pb2, margin_pb2, notifications_pb2, permissions_pb2, types_pb2
from axisor.versions import UpgradeEnd
from axisor.wire.records import Fate

E = TypeVar("E", bound=enum.StrEnum)

MOST_DIGITS = 18
"""A decimal on the wire has at most this many digits, on both sides of its point together."""

UNRECOGNIZED = "UNRECOGNIZED"
"""The name of an enum member that a newer core sent; see `is_recognized`."""

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")

_KINDS: dict[type[enum.Enum], Any] = {
    Mode: types_pb2.Mode,
    Side: types_pb2.Side,
    MarginMode: types_pb2.MarginMode,
    Severity: types_pb2.Severity,
    OrderType: types_pb2.OrderType,
    OrderState: types_pb2.OrderState,
    CoverageState: types_pb2.CoverageState,
    IntentState: types_pb2.IntentState,
    RunState: types_pb2.RunState,
    UpgradeEnd: types_pb2.UpgradeEnd,
    UpgradeState: types_pb2.UpgradeState,
    HaltLevel: types_pb2.HaltLevel,
    Standing: types_pb2.Standing,
    PositionEnd: types_pb2.PositionEnd,
    FeedQuality: types_pb2.FeedQuality,
    Role: types_pb2.Role,
    PlatformRole: types_pb2.PlatformRole,
    PersonState: types_pb2.PersonState,
    PersonChange: types_pb2.PersonChange,
    ConfirmationState: types_pb2.ConfirmationState,
    BacktestState: backtests_pb2.BacktestState,
    Fate: margin_pb2.Fate,
    NoticeLevel: notifications_pb2.NoticeLevel,
    DeliveryState: notifications_pb2.DeliveryState,
}


@cache
def _numbers(kind: type[enum.Enum]) -> dict[str, int]:
    """Map the members of an enum, by name, to the numbers of the contract."""
    values = _KINDS[kind].DESCRIPTOR.values
    prefix = values[0].name.removesuffix("UNSPECIFIED")
    return {value.name.removeprefix(prefix): value.number for value in values}


@cache
def _members(kind: type[E]) -> dict[int, E]:
    numbers = _numbers(kind)
    return {numbers[member.name]: member for member in kind}


@cache
def unrecognized(kind: type[E], number: int) -> E:
    """Return a stand-in for a value that this version does not know.

    It is of the enum's type, is named `UNRECOGNIZED`, equals none of the members, is absent from
    their list, and goes back to the wire as the same number.
    """
    text = f"unrecognized({number})"
    member: E = str.__new__(kind, text)
    member._name_ = UNRECOGNIZED
    member._value_ = text
    return member


def is_recognized(member: enum.Enum) -> bool:
    """Return whether this version knows the value; decide nothing on one that it does not."""
    return member.name != UNRECOGNIZED


def enum_to_wire(member: enum.StrEnum | None) -> Any:
    """Return the number of a member; None is 0, which says nothing.

    The type is `Any` because generated enums are distinct types to the checker and one to Python.
    """
    if member is None:
        return 0
    if not is_recognized(member):
        return int(member.value.removeprefix("unrecognized(").removesuffix(")"))
    return _numbers(type(member))[member.name]


def enum_from_wire(kind: type[E], number: int) -> E:
    """Return the member of a number; a number that is not known becomes `UNRECOGNIZED`."""
    member: E | None = _members(kind).get(number)
    if member is None:
        stand_in: E = unrecognized(kind, number)
        return stand_in
    return member


def enum_asked(kind: type[E], number: int, field: str) -> E:
    """Return the member that a request names. Raises FieldInvalid for 0 and for unknown numbers."""
    member: E | None = _members(kind).get(number)
    if member is None:
        known = ", ".join(each.name for each in kind)
        raise FieldInvalid(f"{field} must be one of {known}.", field=field)
    return member


def enum_asked_or_none(kind: type[E], number: int, field: str) -> E | None:
    """Return the member that a request names, None for 0. Raises FieldInvalid when unknown."""
    return None if number == 0 else enum_asked(kind, number, field)


def permissions_to_wire(rights: Permission) -> list[Any]:
    """Return the numbers of a set of rights, lowest first."""
    return [permissions_pb2.Permission.Value(f"PERMISSION_{right.name}") for right in rights]


def permissions_from_wire(numbers: Iterable[int]) -> Permission:
    """Return a set of rights; one that this version does not know is left out."""
    found = Permission.NONE
    known: dict[int, Permission] = {
        permissions_pb2.Permission.Value(f"PERMISSION_{each.name}"): each for each in Permission
    }
    for number in numbers:
        found |= known.get(number, Permission.NONE)
    return found


def decimal_to_wire(value: Decimal | int | None, field: str) -> str:
    """Return a decimal as plain digits, None as nothing.

    Raises FieldInvalid for what cannot be written in 18 digits; nothing is rounded.
    """
    if value is None:
        return ""
    exact = Decimal(value)
    text = format(exact, "f") if exact.is_finite() else str(exact)
    _check(text, field, signed=True)
    return text


def decimal_from_wire(text: str, field: str, *, signed: bool = False) -> Decimal:
    """Return the decimal in a text of the form `[0-9]+(\\.[0-9]+)?`, with a sign if `signed`.

    Raises FieldInvalid for any other form, an exponent or more than 18 digits; nothing is rounded.
    """
    _check(text, field, signed=signed)
    return Decimal(text)


def decimal_or_none(text: str, field: str, *, signed: bool = False) -> Decimal | None:
    """Return the decimal in a text, None where it is empty. Raises FieldInvalid as above."""
    return None if text == "" else decimal_from_wire(text, field, signed=signed)


def _check(text: str, field: str, *, signed: bool) -> None:
    if not _DECIMAL.fullmatch(text) or (text.startswith("-") and not signed):
        shape = "-?[0-9]+(.[0-9]+)?" if signed else "[0-9]+(.[0-9]+)?"
        raise FieldInvalid(f"{field} must be a decimal of the form {shape}.", field=field)
    if _digits(text) > MOST_DIGITS:
        raise FieldInvalid(f"{field} must have at most {MOST_DIGITS} digits.", field=field)


def _digits(text: str) -> int:
    return sum(letter.isdigit() for letter in text)


def figure_to_wire(value: Decimal | None, field: str) -> str:
    """Return a computed ratio as plain digits, None as nothing.

    A ratio (a distance, an effective leverage) is a figure to look at and never a price or an
    amount, so one of more than 18 digits is rounded half even to at most 12 decimals. Raises
    FieldInvalid for what is not finite or still does not fit.
    """
    if value is None or not value.is_finite() or _digits(format(value, "f")) <= MOST_DIGITS:
        return decimal_to_wire(value, field)
    whole = len(str(abs(int(value))))
    return decimal_to_wire(round(value, max(0, min(12, MOST_DIGITS - 1 - whole))), field)


def percent_to_wire(fraction: Decimal | None, field: str) -> str:
    """Return a fraction as percent, None as nothing; a figure as above. Raises FieldInvalid."""
    return figure_to_wire(None if fraction is None else fraction.scaleb(2), field)


def percent_from_wire(text: str, field: str) -> Decimal | None:
    """Return a percent as a fraction, None where it is empty. Raises FieldInvalid."""
    percent = decimal_or_none(text, field, signed=True)
    return None if percent is None else percent.scaleb(-2)


def time_to_wire(moment: datetime | None, field: str = "time") -> Timestamp | None:
    """Return a moment to the microsecond, None as nothing. Raises FieldInvalid without a zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise FieldInvalid(f"{field} needs a time zone.", field=field)
    stamp = Timestamp()
    stamp.FromDatetime(moment.astimezone(UTC))
    return stamp


def time_from_wire(stamp: Timestamp, field: str = "time") -> datetime:
    """Return a moment in UTC, cut to the microsecond. Raises FieldInvalid past the year 9999."""
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(f"{field} is not a time.", field=field) from error


def time_or_none(message: Any, field: str) -> datetime | None:
    """Return the time in a field of a message, None where it is unset. Raises FieldInvalid.

    `message` is any generated message; their common base does not know the fields.
    """
    return time_from_wire(getattr(message, field), field) if message.HasField(field) else None


def span_to_wire(span: timedelta | None) -> Duration | None:
    """Return a span to the microsecond, None as nothing."""
    if span is None:
        return None
    duration = Duration()
    duration.FromTimedelta(span)
    return duration


def span_or_none(message: Any, field: str) -> timedelta | None:
    """Return the span in a field of a message, None where it is unset. Raises FieldInvalid."""
    if not message.HasField(field):
        return None
    duration: Duration = getattr(message, field)
    try:
        return duration.ToTimedelta()
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(f"{field} is not a span of time.", field=field) from error
