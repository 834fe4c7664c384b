"""When a request is stamped, and when the venue will no longer accept it.

All times are the venue's, in whole milliseconds since 1970, so that a step of our own clock between
sending and reading back cannot shorten a wait.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from axisor.errors import VenueUnavailable
from axisor.ports import ClockOffset

DRIFT_PPM = 50
"""How fast two ordinary clocks may part, in millionths."""


class VenueClock(Struct, frozen=True):
    """The venue's clock as we know it: the offset measured, and how long ago, in milliseconds."""

    offset: ClockOffset
    age_ms: int = 0

    @property
    def uncertainty_ms(self) -> int:
        """Return how far off our idea of the venue's time may be, growing with age."""
        drift = -(-self.age_ms * DRIFT_PPM // 1_000_000)
        return self.offset.uncertainty_ms + drift

    def now_ms(self, wall_ms: int) -> int:
        """Return the venue's time when ours is `wall_ms`."""
        return wall_ms + self.offset.offset_ms


class Stamp(Struct, frozen=True):
    """The time a request is signed for, and the time after which it cannot take effect unseen."""

    signed_ms: int
    fence_ms: int


def stamp(
    clock: VenueClock,
    *,
    wall_ms: int,
    window_ms: int,
    back_date_ms: int,
    lag_ms: int,
    slack_ms: int,
    uncertainty_limit_ms: int,
    good_ms: int | None = None,
) -> Stamp:
    """Return the stamp of a request about to leave.

    It is the earliest time that the venue's clock can show, so that no stamp lies in its future.
    `window_ms` is how long the venue accepts a signature, `lag_ms` how late its readings may be,
    `slack_ms` how long it may work on a request. The fence is their sum after the latest time that
    its clock can show. With `good_ms` the signature is certainly dead by then. Raises
    VenueUnavailable when the clock is too uncertain: then the fence would mean nothing.
    """
    uncertainty = clock.uncertainty_ms
    if uncertainty > uncertainty_limit_ms:
        raise VenueUnavailable(
            f"The venue's clock is known only to within {uncertainty} ms.",
            uncertainty_ms=uncertainty,
        )
    if good_ms is not None:
        back_date_ms = max(back_date_ms, window_ms - good_ms)
    signed = clock.now_ms(wall_ms) - uncertainty - back_date_ms
    return Stamp(signed, signed + window_ms + 2 * uncertainty + lag_ms + slack_ms)


def distinct(made: Stamp, used: Collection[int]) -> Stamp:
    """Return a stamp whose signature was not used yet, by going back a few milliseconds.

    Our idea of the venue's time may have stepped back since the last request, and two requests that
    are the same to the byte cannot be told apart by anybody. The fence stays where it was.
    """
    signed_ms = made.signed_ms
    while signed_ms in used:
        signed_ms -= 1
    return Stamp(signed_ms, made.fence_ms)


def is_past(clock: VenueClock, *, wall_ms: int, fence_ms: int) -> bool:
    """Return whether the venue's time is certainly beyond a fence."""
    return clock.now_ms(wall_ms) - clock.uncertainty_ms > fence_ms
