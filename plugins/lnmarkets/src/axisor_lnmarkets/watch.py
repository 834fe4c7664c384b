"""Measures the venue's clock, and does not believe one answer that contradicts what is known.

What is unknown about an action is settled by the venue's time: a clock put forward by one absurd
answer would make a request that is still under way look as if it could not arrive any more.
"""

from __future__ import annotations

from axisor.errors import VenueAnswerInvalid
from axisor.ports import ClockOffset
from axisor_lnmarkets.transport import ClockSample, Transport

CLOCK_SAMPLES = 5
QUICK_MS = 200
"""A round trip this short leaves a tenth of a second of doubt, a tenth of what is allowed."""
AGREEING = 3
"""How many samples must say the same before a jump is believed."""
DRIFT_PPM = 200
"""How fast two bad clocks may part, in millionths."""
LEEWAY_MS = 250
"""What is put down to chance rather than to a jump."""


class VenueWatch:
    """The venue's clock as seen through one client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._known: ClockSample | None = None
        self._known_ms = 0

    async def measure(self) -> ClockOffset:
        """Return the venue's clock less ours. Raises VenueError."""
        best = await self._quickest()
        if not self._is_expected(best):
            best = await self._confirmed(best)
        self._known = best
        self._known_ms = self._transport.clock.monotonic_ms()
        # Half the way is not known, and both clocks are read in whole milliseconds.
        return ClockOffset(best.offset_ms, best.round_trip_ms // 2 + 1)

    async def _quickest(self) -> ClockSample:
        best = await self._transport.sample_clock()
        for _ in range(CLOCK_SAMPLES - 1):
            if best.round_trip_ms <= QUICK_MS:
                break
            sample = await self._transport.sample_clock()
            best = min(best, sample, key=lambda each: each.round_trip_ms)
        return best

    def _is_expected(self, sample: ClockSample) -> bool:
        if self._known is None:
            return True
        age_ms = self._transport.clock.monotonic_ms() - self._known_ms
        drift = age_ms * DRIFT_PPM // 1_000_000
        return _apart(self._known, sample) <= drift + LEEWAY_MS

    async def _confirmed(self, first: ClockSample) -> ClockSample:
        best = first
        for _ in range(AGREEING - 1):
            sample = await self._transport.sample_clock()
            if _apart(first, sample) > LEEWAY_MS:
                raise VenueAnswerInvalid(
                    f"The venue's clock jumped by {first.offset_ms} and {sample.offset_ms} ms.",
                    money="The time known before is kept; nothing is settled by this one.",
                    field="time",
                )
            best = min(best, sample, key=lambda each: each.round_trip_ms)
        return best


def _apart(one: ClockSample, other: ClockSample) -> int:
    """Return how far two samples differ beyond what the way may explain, in milliseconds."""
    doubt = (one.round_trip_ms + other.round_trip_ms) // 2 + 2
    return max(0, abs(one.offset_ms - other.offset_ms) - doubt)
