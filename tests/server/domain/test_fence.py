"""A fence lies after everything that could still let a request through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.errors import VenueUnavailable
from axisor.ports import ClockOffset
from axisor_server.domain.fence import Stamp, VenueClock, distinct, is_past, stamp


def stamped(clock: VenueClock, wall_ms: int, back_date_ms: int = 0, good_ms: int | None = None):
    return stamp(
        clock,
        wall_ms=wall_ms,
        window_ms=30_000,
        back_date_ms=back_date_ms,
        lag_ms=2_000,
        slack_ms=1_000,
        uncertainty_limit_ms=1_000,
        good_ms=good_ms,
    )


@given(
    offset=st.integers(-300_000, 300_000),
    error=st.integers(-900, 900),
    wall_ms=st.integers(10**12, 2 * 10**12),
    back=st.integers(0, 25_000),
    later=st.integers(0, 60_000),
)
def test_past_the_fence_the_venue_would_refuse_whatever_the_clocks_say(
    offset, error, wall_ms, back, later
):
    clock = VenueClock(ClockOffset(offset_ms=offset, uncertainty_ms=abs(error)))
    made = stamped(clock, wall_ms, back)

    if is_past(clock, wall_ms=wall_ms + later, fence_ms=made.fence_ms):
        truth = wall_ms + later + offset + error
        assert truth - made.signed_ms > 30_000


def test_an_ordinary_fence_is_33_seconds_and_the_uncertainty():
    made = stamped(VenueClock(ClockOffset(offset_ms=1_000, uncertainty_ms=40)), 0)

    assert (made.signed_ms, made.fence_ms) == (960, 34_040)


@given(
    offset=st.integers(-300_000, 300_000),
    error=st.integers(-900, 900),
    wall_ms=st.integers(10**12, 2 * 10**12),
)
def test_no_stamp_lies_in_the_venues_future(offset, error, wall_ms):
    clock = VenueClock(ClockOffset(offset_ms=offset, uncertainty_ms=abs(error)))

    assert stamped(clock, wall_ms).signed_ms <= wall_ms + offset + error


def test_an_old_measure_grows_uncertain_until_nothing_is_signed():
    young = VenueClock(ClockOffset(0, 50), age_ms=300_000)
    old = VenueClock(ClockOffset(0, 50), age_ms=24 * 3_600_000)

    assert young.uncertainty_ms == 65
    with pytest.raises(VenueUnavailable):
        stamped(old, 0)


@given(
    offset=st.integers(-300_000, 300_000),
    error=st.integers(-900, 900),
    wall_ms=st.integers(10**12, 2 * 10**12),
    back=st.integers(0, 25_000),
    good=st.integers(0, 60_000),
)
def test_a_signature_is_dead_at_the_venue_when_it_is_to_be_good_no_more(
    offset, error, wall_ms, back, good
):
    clock = VenueClock(ClockOffset(offset_ms=offset, uncertainty_ms=abs(error)))
    made = stamped(clock, wall_ms, back, good)

    true_end = wall_ms + offset + error + good
    assert made.signed_ms + 30_000 <= true_end
    assert made.signed_ms <= stamped(clock, wall_ms, back).signed_ms


def test_a_signature_that_ends_early_enough_is_left_as_it_is():
    clock = VenueClock(ClockOffset(offset_ms=0, uncertainty_ms=40))

    assert stamped(clock, 0, 25_000, 6_000) == stamped(clock, 0, 25_000)


def test_no_two_requests_carry_the_same_signature():
    made = Stamp(signed_ms=1_000, fence_ms=9_000)

    assert distinct(made, ()) == made
    assert distinct(made, {999, 1_001}) == made
    assert distinct(made, {1_000, 999}) == Stamp(signed_ms=998, fence_ms=9_000)
