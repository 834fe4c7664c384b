"""Months follow one another, and every time is in one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from axisor_server.domain.months import Month, month_of, months_from


def test_a_year_ends():
    assert Month(2026, 12).next == Month(2027, 1)
    assert Month(2027, 1).start_us == 1_798_761_600_000_000
    assert month_of(Month(2027, 1).start_us) == Month(2027, 1)
    assert month_of(Month(2027, 1).start_us - 1) == Month(2026, 12)


@given(time_us=st.integers(min_value=0, max_value=100 * 366 * 86_400_000_000))
def test_every_time_lies_within_its_month(time_us: int):
    month = month_of(time_us)

    assert month.start_us <= time_us < month.next.start_us


def test_months_ahead_begin_with_the_present_one():
    assert list(months_from(Month(2026, 11).start_us + 5, ahead=2)) == [
        Month(2026, 11),
        Month(2026, 12),
        Month(2027, 1),
    ]
