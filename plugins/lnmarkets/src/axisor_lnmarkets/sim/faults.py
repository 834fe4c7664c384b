"""Faults on demand: which requests go wrong, how, and how many times."""

from __future__ import annotations

import enum
import re
from datetime import timedelta
from decimal import Decimal

from msgspec import Struct

from axisor.errors import SettingsInvalid

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
_UNIT = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60)}
_LONGEST = timedelta(hours=1)
_NO = timedelta()

READ = "read"
"""Matches every operation that changes nothing."""

ANY = "any"
"""Matches every operation."""


class FaultKind(enum.StrEnum):
    """How a request goes wrong.

    - `LOSE_RESPONSE`: it takes effect, then the connection drops without an answer.
    - `LOSE_REQUEST`: the connection drops and nothing takes effect.
    - `LATE`: it stands still on its way for a time; only then is its signature checked and its
      effect made, whether or not anybody still waits for the answer.
    - `STATUS`: the answer is an error status and nothing takes effect.
    - `STATUS_AFTER`: it takes effect, and the answer is an error status all the same.
    - `STALE`: a read shows what was true a while ago.
    """

    LOSE_RESPONSE = "lose-response"
    LOSE_REQUEST = "lose-request"
    LATE = "late"
    STATUS = "status"
    STATUS_AFTER = "status-after"
    STALE = "stale"


class Mode(Struct, frozen=True):
    """A kind of fault with its delay or its status."""

    kind: FaultKind
    delay: timedelta = timedelta()
    status: int = 0

    def __str__(self) -> str:
        if self.kind in (FaultKind.LATE, FaultKind.STALE):
            return f"{self.kind}:{self.delay.total_seconds():g}s"
        if self.kind in (FaultKind.STATUS, FaultKind.STATUS_AFTER):
            return f"{self.kind}:{self.status}"
        return str(self.kind)


def parse_span(text: str) -> timedelta:
    """Return a span such as `500ms`, `5s` or `2m`. Raises SettingsInvalid."""
    match = _SPAN.fullmatch(text.strip())
    if match is None or len(text) > 12:
        raise SettingsInvalid(f"'{text}' is not a span of time.", fix="Write 500ms, 5s or 2m.")
    span = timedelta(milliseconds=int(Decimal(match[1]) * _UNIT[match[2]] * 1000))
    if span > _LONGEST:
        raise SettingsInvalid(f"'{text}' is too long.", fix="Use an hour at most.")
    return span


def parse_mode(text: str) -> Mode:
    """Return the mode a text names, such as `late:5s` or `status:502`. Raises SettingsInvalid."""
    name, _, argument = text.strip().partition(":")
    try:
        kind = FaultKind(name)
    except ValueError:
        raise SettingsInvalid(
            f"'{text}' is not a mode of faults.",
            fix="Use lose-response, lose-request, late:5s, status:502, status-after:502, stale:2s.",
        ) from None
    if kind in (FaultKind.LATE, FaultKind.STALE):
        return Mode(kind, delay=parse_span(argument))
    if kind in (FaultKind.STATUS, FaultKind.STATUS_AFTER):
        return Mode(kind, status=_status(argument))
    if argument:
        raise SettingsInvalid(f"The mode {kind} takes no '{argument}'.", fix=f"Write {kind} alone.")
    return Mode(kind)


def _status(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 3 and 400 <= int(text) <= 599):
        raise SettingsInvalid(f"'{text}' is not an error status.", fix="Use 400 to 599.")
    return int(text)


class Fault:
    """One standing order to make requests go wrong; `times` counts down, None is for ever."""

    def __init__(self, id: int, operation: str, mode: Mode, times: int | None) -> None:
        self.id = id
        self.operation = operation
        self.mode = mode
        self.times = times

    def matches(self, operation: str, *, reads: bool) -> bool:
        """Return whether a request of this operation is meant."""
        if self.mode.kind is FaultKind.STALE and not reads:
            return False
        return self.operation in (operation, ANY) or (self.operation == READ and reads)


class FaultBook:
    """The faults in force, oldest first; a request meets only the first that matches it."""

    def __init__(self, operations: frozenset[str]) -> None:
        self._operations = operations | {READ, ANY}
        self._faults: list[Fault] = []
        self._count = 0

    def add(self, operation: str, mode: Mode, *, times: int | None) -> Fault:
        """Put a fault in force. Raises SettingsInvalid for an unknown operation or a bad count."""
        if operation not in self._operations:
            raise SettingsInvalid(
                f"'{operation}' is not an operation.",
                fix=f"Use one of: {', '.join(sorted(self._operations))}.",
            )
        if times is not None and not 1 <= times <= 1_000_000:
            raise SettingsInvalid(f"{times} times is out of range.", fix="Use 1 to 1,000,000.")
        self._count += 1
        fault = Fault(self._count, operation, mode, times)
        self._faults.append(fault)
        return fault

    def take(self, operation: str, *, reads: bool) -> Mode | None:
        """Return how this request goes wrong and count it off, or None."""
        for fault in self._faults:
            if fault.matches(operation, reads=reads):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                return fault.mode
        return None

    @property
    def longest_stale(self) -> timedelta:
        """Return how far back stale reads may have to look; nothing where there are none."""
        return max(
            (f.mode.delay for f in self._faults if f.mode.kind is FaultKind.STALE), default=_NO
        )

    def all(self) -> tuple[Fault, ...]:
        """Return the faults in force, oldest first."""
        return tuple(self._faults)

    def clear(self, operation: str | None = None) -> int:
        """Lift all faults, or those of one operation; return how many."""
        kept = [f for f in self._faults if operation is not None and f.operation != operation]
        lifted = len(self._faults) - len(kept)
        self._faults = kept
        return lifted
