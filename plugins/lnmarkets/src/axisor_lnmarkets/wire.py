"""Reads the venue's JSON into typed values and writes ours, number by number exact.

Fractions come in as Decimal from the digits on the wire, never through a float. A figure of the
wrong type or size is an error that names its field; a field nobody asked for is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, TypeAlias, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from axisor.errors import FieldInvalid, VenueAnswerInvalid

T = TypeVar("T")

MOST_SATS = 2_100_000_000_000_000
"""Every satoshi there will ever be: no amount can be larger."""

SatsField: TypeAlias = Annotated[int, Meta(ge=0, le=MOST_SATS)]
SignedSatsField: TypeAlias = Annotated[int, Meta(ge=-MOST_SATS, le=MOST_SATS)]
QuantityField: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000_000)]
SignedQuantityField: TypeAlias = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
MillisField: TypeAlias = Annotated[int, Meta(ge=0, le=7_258_118_400_000)]
TimeField: TypeAlias = Annotated[datetime, Meta(tz=True)]
NameField: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]
TierField: TypeAlias = Annotated[int, Meta(ge=0, le=100)]
CursorField: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1_024)]

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""No time of the venue's lies outside these, milliseconds included."""


class Figure(Decimal):
    """A JSON number that may have a fraction, within bounds both of which are inclusive."""

    least: ClassVar[Decimal] = Decimal("-1e12")
    most: ClassVar[Decimal] = Decimal("1e12")

    @property
    def exact(self) -> Decimal:
        """Return the number as an ordinary Decimal."""
        return Decimal(self)


class PriceField(Figure):
    """A price: above zero, and below a billion dollars."""

    least = Decimal("0.01")
    most = Decimal("1e9")


class PriceOrZero(Figure):
    """A price, or 0 where the venue means there is none."""

    least = Decimal(0)
    most = Decimal("1e9")


class LeverageField(Figure):
    """An effective leverage; funding may push it somewhat over what an order may ask for."""

    least = Decimal("0.01")
    most = Decimal(10_000)


class RateField(Figure):
    """A fraction such as a funding rate or a change of price."""

    least = Decimal(-1000)
    most = Decimal(1000)


class DistanceField(Figure):
    """How far a trailing stop follows, as a fraction; 0 is none."""

    least = Decimal(0)
    most = Decimal(10)


class AmountField(Figure):
    """An amount that is not below zero and may have a fraction."""

    least = Decimal(0)
    most = Decimal("1e16")


def _figure(kind: type, value: object) -> object:
    if not issubclass(kind, Figure):
        raise TypeError(f"no field of an answer may be a {kind.__name__}")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"Expected `number`, got `{type(value).__name__}`")
    number = kind(value)
    if not number.is_finite() or not kind.least <= number <= kind.most:
        raise ValueError(f"Expected a number from {kind.least} to {kind.most}")
    return number


_json = msgspec.json.Decoder(float_hook=Decimal)


def parse(body: bytes | str) -> Any:
    """Return JSON as Python values (any shape, hence Any), fractions as Decimal.

    Raises VenueAnswerInvalid where it is not JSON.
    """
    try:
        return _json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError) as error:
        raise VenueAnswerInvalid(f"The venue's answer is not JSON: {error}.") from error


def shape(kind: type[T], value: object, *, what: str) -> T:
    """Return parsed JSON as a `kind`; `what` names the answer in the error.

    Raises VenueAnswerInvalid naming the field that is missing, of another type or absurd.
    """
    try:
        found = msgspec.convert(value, kind, dec_hook=_figure, builtin_types=(Decimal,))
        _check_times(found, "")
    except msgspec.ValidationError as error:
        raise VenueAnswerInvalid(
            f"The venue's answer to {what} cannot be understood: {error}.",
            what=what,
            field=_field_of(str(error)),
        ) from error
    return found


def _check_times(value: object, place: str) -> None:
    """Look through what was read for a time that cannot be; the decoder knows no bounds for it."""
    if isinstance(value, datetime):
        if not EARLIEST <= value <= LATEST:
            raise msgspec.ValidationError(f"Expected a time of this century - at `$.{place}`")
    elif isinstance(value, Struct):
        for name, wire in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
            _check_times(getattr(value, name), wire)
    elif isinstance(value, tuple):
        for item in value:
            _check_times(item, place)


def decode(kind: type[T], body: bytes | str, *, what: str) -> T:
    """Return a JSON text as a `kind`. Raises VenueAnswerInvalid as `shape` does."""
    return shape(kind, parse(body), what=what)


def _field_of(complaint: str) -> str:
    for marker in ("at `$.", "required field `"):
        if marker in complaint:
            return complaint.split(marker, 1)[1].split("`", 1)[0]
    return ""


class Listing(Struct, Generic[T], frozen=True):
    """The items of a list that could be understood, and the names of those that could not.

    One bad item must not hide the others. An item without a readable id is named by its place.
    """

    items: tuple[T, ...]
    unreadable: tuple[str, ...] = ()


def decode_each(kind: type[T], body: bytes | str, *, what: str) -> Listing[T]:
    """Return a JSON list item by item. Raises VenueAnswerInvalid where it is no list."""
    return shape_each(kind, shape(list[Any], parse(body), what=what), what=what)


def shape_each(kind: type[T], values: Sequence[object], *, what: str) -> Listing[T]:
    """Return parsed JSON values as `kind`, item by item."""
    items: list[T] = []
    unreadable: list[str] = []
    for place, value in enumerate(values):
        try:
            items.append(shape(kind, value, what=what))
        except VenueAnswerInvalid:
            name = value.get("id") if isinstance(value, dict) else None
            unreadable.append(name if isinstance(name, str) and name else f"{what}[{place}]")
    return Listing(tuple(items), tuple(unreadable))


Value: TypeAlias = str | bool | int | Decimal
"""What a request may hold."""

_SIGNIFICANT = 15
"""Decimal digits that survive a double, the number type of the venue's own parser."""


def _number(value: int | Decimal) -> str:
    if isinstance(value, int):
        return str(value)
    if not value.is_finite():
        raise FieldInvalid(f"{value} is not a number the venue can be sent.")
    if len(value.normalize().as_tuple().digits) > _SIGNIFICANT:
        raise FieldInvalid(f"{value} has more than {_SIGNIFICANT} digits and would be rounded.")
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def encode_body(fields: Mapping[str, Value | None]) -> bytes:
    """Return a compact JSON object without the fields that are None, in the order given.

    The text is what the venue's own JSON printer would make of it (`1`, never `1.0`), since it may
    check the signature against that. Raises FieldInvalid for a number that cannot be written
    exactly.
    """
    parts = []
    for name, value in fields.items():
        if value is None:
            continue
        if isinstance(value, bool | str):
            text = json.dumps(value, ensure_ascii=False)
        else:
            text = _number(value)
        parts.append(f"{json.dumps(name)}:{text}")
    return ("{" + ",".join(parts) + "}").encode()


def encode_query(fields: Sequence[tuple[str, Value | None]]) -> str:
    """Return a query string without `?`, as it goes on the wire, leaving out None."""
    pairs = []
    for name, value in fields:
        if value is None:
            continue
        if isinstance(value, bool):
            pairs.append((name, "true" if value else "false"))
        else:
            pairs.append((name, value if isinstance(value, str) else _number(value)))
    return urlencode(pairs)


def iso(time: datetime) -> str:
    """Return a time as UTC with milliseconds and `Z`. Raises FieldInvalid if it has no zone."""
    if time.tzinfo is None:
        raise FieldInvalid("A time sent to the venue needs a time zone.")
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
