"""JSON as the venue writes it: exact numbers, ISO times with milliseconds, explicit nulls."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec

Json: TypeAlias = "bool | int | Decimal | str | list[Json] | dict[str, Json] | None"
"""A JSON value whose fractions are `Decimal`; float never occurs."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(value: object) -> bytes:
    """Return compact JSON; a `Decimal` becomes a number with exactly its digits."""
    return _ENCODER.encode(value)


def number(value: Decimal | int) -> Decimal | int:
    """Return a number as the venue shows it: without a fraction of zero and without spare zeros."""
    if isinstance(value, int):
        return value
    whole = value.to_integral_value()
    if value == whole:
        return int(whole)
    return value.normalize()


def number_or_none(value: Decimal | int | None) -> Decimal | int | None:
    """Return `number(value)`, or None for None."""
    return None if value is None else number(value)


def iso(time: datetime) -> str:
    """Return a time as REST shows it: UTC, milliseconds, `Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def iso_or_none(time: datetime | None) -> str | None:
    """Return `iso(time)`, or None for None."""
    return None if time is None else iso(time)


def unix_ms(time: datetime) -> int:
    """Return a time as the stream shows it: whole milliseconds since 1970, rounded down."""
    since = time - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def parse_iso(text: str) -> datetime:
    """Return the aware time a text stands for. Raises ValueError for anything else."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    return time.astimezone(UTC)


def compact(value: Json) -> Json:
    """Return the value with every `Decimal` as `number` shows it."""
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, dict):
        return {name: compact(part) for name, part in value.items()}
    if isinstance(value, list):
        return [compact(part) for part in value]
    return value
