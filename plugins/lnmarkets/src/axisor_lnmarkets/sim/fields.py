"""Reads the fields of a request's body or query, refusing what the venue would refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from axisor_lnmarkets.sim.errors import ApiError, bad_request

_DECODER: msgspec.json.Decoder[object] = msgspec.json.Decoder(float_hook=Decimal)
_LARGEST = 10**15


class Fields:
    """The named values of one request; each getter refuses a missing or malformed value with 400.

    A body's fractions are `Decimal`. Unknown names are ignored, as the venue does.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    @classmethod
    def of_body(cls, body: bytes) -> Fields:
        """Return the fields of a JSON object; an empty body has none."""
        if not body:
            return cls({})
        try:
            value = _DECODER.decode(body)
        except (msgspec.DecodeError, ValueError, ArithmeticError):
            raise bad_request("The body is not valid JSON") from None
        if not isinstance(value, dict):
            raise bad_request("The body must be a JSON object")
        return cls(value)

    def has(self, name: str) -> bool:
        """Return whether the field is there and not null."""
        return self._values.get(name) is not None

    def integer(self, name: str, *, least: int, most: int = _LARGEST) -> int:
        """Return a whole number within bounds; `3.0` counts as whole."""
        value = self.number(name)
        if value != value.to_integral_value():
            raise _invalid(name, "must be a whole number")
        whole = int(value)
        if not least <= whole <= most:
            raise _invalid(name, f"must be {least} to {most}")
        return whole

    def number(self, name: str) -> Decimal:
        """Return a number of reasonable size."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise _invalid(name, "must be a number")
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise _invalid(name, "is out of range")
        value = Decimal(value)
        if not value.is_finite() or not -30 <= value.adjusted() <= 15:
            raise _invalid(name, "is out of range")
        return value

    def number_or(self, name: str, default: Decimal | None) -> Decimal | None:
        """Return a number, or the default where the field is absent."""
        return self.number(name) if self.has(name) else default

    def integer_or_none(self, name: str, *, least: int, most: int = _LARGEST) -> int | None:
        """Return a whole number, or None where the field is absent."""
        return self.integer(name, least=least, most=most) if self.has(name) else None

    def text(self, name: str, *, most: int = 1000) -> str:
        """Return a text of 1 to `most` characters."""
        value = self._values.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= most:
            raise _invalid(name, f"must be a text of 1 to {most} characters")
        return value

    def text_or_none(self, name: str, *, most: int = 1000) -> str | None:
        """Return a text, or None where the field is absent."""
        return self.text(name, most=most) if self.has(name) else None

    def one_of(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return one of the words allowed."""
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or value not in choices:
            raise _invalid(name, f"must be one of {', '.join(choices)}")
        return value

    def one_of_or_none(self, name: str, choices: Sequence[str]) -> str | None:
        """Return one of the words allowed, or None where the field is absent."""
        return self.one_of(name, choices) if self.has(name) else None

    def flag_or_none(self, name: str) -> bool | None:
        """Return a truth value of a query (`true` or `false`), or None where it is absent."""
        word = self.one_of_or_none(name, ("true", "false"))
        return None if word is None else word == "true"

    def id(self, name: str = "id") -> str:
        """Return a UUID in its usual form."""
        value = self.text(name, most=36)
        try:
            return str(UUID(value))
        except ValueError:
            raise _invalid(name, "must be a UUID") from None


def _invalid(name: str, why: str) -> ApiError:
    return bad_request(f"{name} {why}")
