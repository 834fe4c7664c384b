"""Whether the venue lets an account in: failures in a row, and how long to leave it alone."""

from __future__ import annotations

from axisor.errors import AxisorError, VenueAuth, VenueClockSkew
from axisor.events import Cause

MANY = 5
"""So many failed readings in a row count as not being able to read at all."""

AGAIN_MS = 500
"""How long to wait between two tries once it cannot be read at all: the blind look often."""

LONGEST_MS = 60_000
"""The longest wait between two tries with a key that was refused."""


def is_about_time(error: AxisorError) -> bool:
    """Return whether a venue refused a request for its timestamp, which is no fault of the key."""
    return isinstance(error, VenueClockSkew)


class Access:
    """What came of the latest requests of one account."""

    def __init__(self, retry_ms: int) -> None:
        self._retry_ms = retry_ms
        self._failures = 0
        self._refusals = 0
        self._read_error = ""
        self._send_error = ""

    def read_failed(self, error: AxisorError) -> None:
        """Learn that the account could not be read."""
        self._failures += 1
        self._read_error = error.message
        refused = isinstance(error, VenueAuth)
        self._refusals = self._refusals + 1 if refused else 0

    def read_worked(self) -> None:
        """Learn that it was read."""
        self._failures = self._refusals = 0
        self._read_error = ""

    def send_refused(self, error: AxisorError) -> None:
        """Learn that an action was refused; only a refused key is remembered."""
        if isinstance(error, VenueAuth):
            self._send_error = error.message

    def send_worked(self) -> None:
        """Learn that an action was confirmed, so that the key suffices."""
        self._send_error = ""

    @property
    def is_lost(self) -> bool:
        """Return whether reading failed so often that what was read counts no more."""
        return self._failures >= MANY

    @property
    def wait_ms(self) -> int | None:
        """Return how long to wait before reading again; None where the last reading worked.

        A refused key is tried less and less often, anything else as often as near danger, and more
        often than that once nothing is known of the account any more.
        """
        if not self._failures:
            return None
        if self._refusals:
            return min(self._retry_ms << min(self._refusals - 1, 10), LONGEST_MS)
        return min(AGAIN_MS, self._retry_ms) if self.is_lost else self._retry_ms

    @property
    def is_refused(self) -> bool:
        """Return whether the key was refused by the last reading."""
        return self._refusals > 0

    def causes(self) -> tuple[Cause, ...]:
        """Return what keeps the core from reading the account or acting on it."""
        if not self._failures and not self._send_error:
            return ()
        found = []
        refused = self._read_error if self._refusals else self._send_error
        if refused:
            found.append(Cause("key_refused", f"The venue refuses the key: {refused}"))
        if self.is_lost:
            text = f"The account could not be read {self._failures} times: {self._read_error}"
            found.append(Cause("account_unreadable", text))
        return tuple(found)
