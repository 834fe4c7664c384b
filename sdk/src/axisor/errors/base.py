"""The base of all errors and their seven families."""

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
