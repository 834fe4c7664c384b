"""Numbers and times cross exactly or are refused by name."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from axisor.errors import FieldInvalid
from axisor.events import IntentState
from axisor.model import Mode, Permission, Side
from axisor.wire import names, scalars


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.integers(0, 17))
def test_a_decimal_of_18_digits_comes_back(digits: int, places: int) -> None:
    value = Decimal(digits).scaleb(-places)

    text = scalars.decimal_to_wire(value, "f")

    assert scalars.decimal_from_wire(text, "f", signed=True) == value


@pytest.mark.parametrize(
    "text",
    [
        "", " 1", "1 ", "+1", "1.", ".5", "1e5", "1E5", "NaN", "Infinity", "0x1", "1_000", "1,5",
        "١", "1\n", "-", "--1", "1.2.3", "1" * 19, "0." + "1" * 18,
    ],
)  # fmt: skip
def test_another_form_is_refused_and_named(text: str) -> None:
    with pytest.raises(FieldInvalid) as caught:
        scalars.decimal_from_wire(text, "limit_price_usd", signed=True)

    assert caught.value.metadata == {"field": "limit_price_usd"}


def test_a_sign_is_refused_where_none_belongs() -> None:
    with pytest.raises(FieldInvalid):
        scalars.decimal_from_wire("-1", "leverage")


@pytest.mark.parametrize(
    "value", [Decimal("NaN"), Decimal("Infinity"), Decimal(1).scaleb(30), Decimal(1) / 3]
)
def test_what_does_not_fit_is_refused_and_not_rounded(value: Decimal) -> None:
    with pytest.raises(FieldInvalid):
        scalars.decimal_to_wire(value, "price_usd")


def test_an_exponent_is_written_out() -> None:
    assert scalars.decimal_to_wire(Decimal("5E+4"), "f") == "50000"
    assert scalars.decimal_to_wire(Decimal("1E-7"), "f") == "0.0000001"


@given(st.text(max_size=24))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = scalars.decimal_from_wire(text, "f", signed=True)
    except FieldInvalid:
        return
    assert value.is_finite()


def test_a_fraction_becomes_percent_and_comes_back() -> None:
    assert scalars.percent_to_wire(Decimal("-0.0125"), "f") == "-1.25"
    assert scalars.percent_from_wire("-1.25", "f") == Decimal("-0.0125")
    assert scalars.percent_to_wire(None, "f") == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal(1) / 3, "0.333333333333"),
        (Decimal(200_000_000_000) / 3, "66666666666.666667"),
        (Decimal("-12.5"), "-12.5"),
        (None, ""),
    ],
)
def test_a_computed_ratio_is_cut_to_what_fits(value: Decimal | None, text: str) -> None:
    assert scalars.figure_to_wire(value, "leverage") == text


def test_a_ratio_that_is_no_number_is_refused() -> None:
    with pytest.raises(FieldInvalid):
        scalars.figure_to_wire(Decimal("NaN"), "leverage")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(FieldInvalid) as caught:
        scalars.time_to_wire(datetime(2026, 1, 1), "not_after_time")

    assert caught.value.metadata["field"] == "not_after_time"


def test_a_time_comes_back_in_utc() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    stamp = scalars.time_to_wire(moment)
    assert stamp is not None

    found = scalars.time_from_wire(stamp)

    assert found == moment
    assert found.tzinfo is UTC


@pytest.mark.parametrize("seconds", [10**12, -(10**12)])
def test_a_time_beyond_the_calendar_is_refused(seconds: int) -> None:
    with pytest.raises(FieldInvalid):
        scalars.time_from_wire(Timestamp(seconds=seconds), "event_time")


def test_a_span_comes_back() -> None:
    from axisor.v1 import resources_pb2

    message = resources_pb2.Leash(step_timeout=Duration(seconds=1, nanos=500_000_000))

    found = scalars.span_or_none(message, "step_timeout")

    assert found is not None
    assert found.total_seconds() == 1.5


@pytest.mark.parametrize("number", [0, 99])
def test_a_request_must_name_a_known_value(number: int) -> None:
    with pytest.raises(FieldInvalid) as caught:
        scalars.enum_asked(Mode, number, "mode")

    assert caught.value.metadata == {"field": "mode"}


def test_a_request_may_leave_a_value_out() -> None:
    assert scalars.enum_asked_or_none(Side, 0, "side") is None
    assert scalars.enum_asked_or_none(Side, 2, "side") is Side.SELL


@given(st.integers(-(2**31), 2**31 - 1))
def test_every_number_of_an_enum_survives(number: int) -> None:
    member = scalars.enum_from_wire(IntentState, number)

    assert scalars.enum_to_wire(member) == number
    assert scalars.is_recognized(member) == (1 <= number <= 8)
    assert isinstance(member, IntentState)


def test_rights_that_are_not_known_are_left_out() -> None:
    rights = Permission.READ | Permission.ADMIN

    numbers = [*scalars.permissions_to_wire(rights), 99]

    assert scalars.permissions_from_wire(numbers) == rights


def test_names_and_ids() -> None:
    name = names.position_name("main", "p-1_X")

    assert name == "accounts/main/positions/p-1_X"
    assert names.position_name("accounts/main", "p-1_X") == name
    assert names.position_id(name) == ("main", "p-1_X")
    assert names.account_id("accounts/main") == "main"
    assert names.run_name("main", "") == ""


@pytest.mark.parametrize(
    "name",
    [
        "", "accounts", "accounts/", "accounts/MAIN/positions/x", "accounts/a/orders/x",
        "accounts/a/positions/", "accounts/a/positions/x/y", "accounts/a/positions/x\n",
        "accounts/../positions/x",
    ],
)  # fmt: skip
def test_a_malformed_name_is_refused(name: str) -> None:
    with pytest.raises(FieldInvalid) as caught:
        names.position_id(name, "name")

    assert caught.value.metadata == {"field": "name"}
