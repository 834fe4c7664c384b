"""The one action that is under way, until its effect is seen."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

SEEN_WITHIN = timedelta(seconds=60)
"""A confirmed action whose effect no reading shows by then is no longer waited for."""


class Asked(Struct):
    """An action that was asked for. `before` is how things stood then, in words.

    While it is confirmed and they still stand so, the reading is from before it: acting on that
    would do the same thing twice.
    """

    at: datetime
    before: str
    done: bool = False

    def is_over(self, now: datetime, present: str) -> bool:
        """Return whether the next action may be decided on."""
        return self.done and (present != self.before or now >= self.at + SEEN_WITHIN)

    @property
    def times(self) -> tuple[datetime, ...]:
        """Return when waiting for its effect ends."""
        return (self.at + SEEN_WITHIN,) if self.done else ()
