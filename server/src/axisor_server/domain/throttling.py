"""How often something may be tried: so many at once, and then one by one as time passes.

A bucket is one number, the moment at which it is empty again (GCRA). Trying takes from it, waiting
fills it, and nothing is ever locked.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

_US = 1_000_000


class Rate(Struct, frozen=True):
    """At most `burst` tries within `window_s`, and no more than that on average."""

    burst: int
    window_s: int

    @property
    def interval_us(self) -> int:
        """Return the time that one try takes up."""
        return self.window_s * _US // self.burst

    @property
    def room_us(self) -> int:
        """Return how far ahead of the present a bucket may be for another try."""
        return self.interval_us * (self.burst - 1)


PERSON = Rate(5, 900)
"""Tries at one person's password, from devices that are not known to be theirs."""

FACTOR = Rate(5, 900)
"""Tries at one person's second factor, from such devices."""

DEVICE = Rate(5, 900)
"""Tries from one device on which the person signed in before."""

ADDRESS = Rate(20, 900)
"""Tries from one network address."""

EVERYBODY = Rate(300, 60)
"""Tries from unknown devices together."""

LETTERS = Rate(5, 3_600)
"""Letters that strangers may have sent to one person."""


def wait_us(full_us: int, rate: Rate, now_us: int) -> int:
    """Return how long until another try is allowed; 0 is now."""
    return max(full_us - rate.room_us - now_us, 0)


def taken(full_us: int, rate: Rate, now_us: int) -> int:
    """Return the bucket after a try."""
    return max(full_us, now_us) + rate.interval_us


def seconds(us: int) -> int:
    """Return a wait in whole seconds, rounded up, as an error states it."""
    return -(-us // _US)


def lasts(rate: Rate) -> timedelta:
    """Return after how long without a try a bucket says nothing any more."""
    return timedelta(seconds=rate.window_s)
