"""Numbers and times as the venue writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor_lnmarkets.sim.wire import encode, iso, number, parse_iso, unix_ms


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("100000.0"), b"100000"),
        (Decimal("1E+5"), b"100000"),
        (Decimal("99500.50"), b"99500.5"),
        (Decimal("0.0001"), b"0.0001"),
        (Decimal("-0"), b"0"),
        (7, b"7"),
    ],
)
def test_a_number_is_written_exactly_and_without_spare_zeros(value: Decimal | int, text: bytes):
    assert encode(number(value)) == text


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=8, min_value=-(10**9), max_value=10**9
    )
)
def test_a_written_number_reads_back_as_the_same(value: Decimal):
    assert Decimal(encode(number(value)).decode()) == value


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_times_keep_their_milliseconds(time: datetime):
    cut = time.replace(microsecond=time.microsecond // 1000 * 1000)

    assert parse_iso(iso(time)) == cut
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=unix_ms(time)) == cut
