"""How often somebody may do something: the generic cell rate algorithm, in whole microseconds.

One number is kept a key: the time at which everything taken so far is paid off (ITU-T I.371, the
virtual scheduling form). Nothing is counted in windows, so no border lets two bursts through.
"""

from __future__ import annotations

from msgspec import Struct

from axisor.errors import SettingsInvalid

SECOND_US = 1_000_000
MINUTE_S = 60
QUIET = 4
"""What part of a minute's calls may come at once after a silence: one in so many."""


class Rate(Struct, frozen=True):
    """So many in so many seconds in the long run, and up to `burst` at once after a silence."""

    count: int
    per_s: int
    burst: int

    @property
    def step_us(self) -> int:
        """Return how long one takes to be paid off, rounded up: never more than was said."""
        return -(-self.per_s * SECOND_US // self.count)

    def shared(self, among: int) -> Rate:
        """Return one of equal parts of this rate."""
        return Rate(self.count, self.per_s * among, max(1, self.burst // among))


def a_minute(count: int) -> Rate:
    """Return a rate of so many a minute, a part of which may come at once after a silence."""
    return Rate(count, MINUTE_S, max(1, count // QUIET))


class Charge(Struct, frozen=True):
    """What one call takes from one key. `strict` is refused where nobody can count in common."""

    key: str
    rate: Rate
    cost: int = 1
    strict: bool = False


def check(rate: Rate) -> Rate:
    """Return a rate that can be kept. Raises SettingsInvalid."""
    if rate.count < 1 or rate.per_s < 1 or rate.burst < 1:
        raise SettingsInvalid("A rate lets at least one through, in at least a second.")
    return rate


def decide(paid_us: int, now_us: int, rate: Rate, cost: int = 1) -> tuple[int, int]:
    """Return when everything is paid off if this is taken, and how long to wait until it may be.

    `paid_us` is when what was taken before is paid off. With a wait above 0 nothing was taken. A
    cost above the burst counts as the burst, or it could never be taken.
    """
    step = rate.step_us
    after = max(paid_us, now_us) + step * min(cost, rate.burst)
    wait = after - now_us - step * rate.burst
    return (paid_us, wait) if wait > 0 else (after, 0)
