"""JSON in and out: exact numbers, and errors that name the field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.lnmarkets.answers import ACCOUNT, CROSS, CROSS_OPEN, FLAT, RUNNING, TICKER

from axisor.errors import FieldInvalid, VenueAnswerInvalid
from axisor_lnmarkets.models.account import Account
from axisor_lnmarkets.models.futures import CrossOrder, CrossPosition, Trade
from axisor_lnmarkets.models.general import Ticker
from axisor_lnmarkets.wire import decode, decode_each, encode_body, encode_query, iso, parse


def text(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_fraction_keeps_the_digits_of_the_wire():
    trade = decode(Trade, text(RUNNING).replace(b'"price": 100000,', b'"price": 0.30,'), what="t")

    assert str(trade.price) == "0.30"


def test_unknown_fields_are_ignored():
    assert decode(Account, text({**ACCOUNT, "new": {"a": [1]}}), what="a").balance == 897_900


ABSURD = [
    ("price", 0),
    ("price", -1),
    ("price", "100000"),
    ("price", 1e308),
    ("price", None),
    ("price", True),
    ("liquidation", 0),
    ("stoploss", -0.5),
    ("margin", 1.5),
    ("margin", 100000.0),
    ("margin", -1),
    ("margin", "5"),
    ("margin", 1e308),
    ("margin", 10**30),
    ("margin", None),
    ("quantity", 0),
    ("leverage", 0),
    ("side", "b"),
    ("type", "stop"),
    ("createdAt", "yesterday"),
    ("createdAt", "2026-10-01T12:00:00"),
    ("createdAt", 5),
    ("running", 1),
    ("running", "true"),
    ("sumCashInMargin", -1),
    ("id", ""),
    ("id", 7),
]


@pytest.mark.parametrize(("name", "value"), ABSURD)
def test_an_absurd_figure_is_an_error_that_names_its_field(name, value):
    with pytest.raises(VenueAnswerInvalid) as caught:
        decode(Trade, text({**RUNNING, name: value}), what="trade")

    assert caught.value.metadata["field"] == name


REQUIRED = [
    name
    for name in RUNNING
    if name
    not in {
        "stoplossTrailingDistance",
        "entryPrice",
        "entryMargin",
        "exitPrice",
        "filledAt",
        "closedAt",
        "clientId",
    }
]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_figure_is_an_error_that_names_it(name):
    fields = {key: value for key, value in RUNNING.items() if key != name}

    with pytest.raises(VenueAnswerInvalid) as caught:
        decode(Trade, text(fields), what="trade")

    assert caught.value.metadata["field"] == name


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'{"price":NaN}', b"\xff", b"<html>"])
def test_what_is_not_json_is_an_error(body):
    with pytest.raises(VenueAnswerInvalid, match="not JSON"):
        parse(body)


def test_json_nested_without_end_is_an_error():
    with pytest.raises(VenueAnswerInvalid):
        parse(b"[" * 100_000)


def test_a_trade_in_two_states_is_an_error():
    with pytest.raises(VenueAnswerInvalid, match="exactly one"):
        decode(Trade, text({**RUNNING, "closed": True}), what="trade")


def test_a_cross_order_in_no_state_is_an_error():
    with pytest.raises(VenueAnswerInvalid, match="exactly one"):
        decode(CrossOrder, text({**CROSS_OPEN, "open": False}), what="order")


@pytest.mark.parametrize("name", ["entryPrice", "liquidation"])
def test_a_cross_position_without_its_prices_is_flat_or_an_error(name):
    assert decode(CrossPosition, text(FLAT), what="p").entry_price is None
    with pytest.raises(VenueAnswerInvalid, match=name):
        decode(CrossPosition, text({**CROSS, name: None}), what="p")


def test_a_ticker_may_lack_executable_prices():
    ticker = decode(Ticker, text({**TICKER, "prices": [{"minSize": 0, "maxSize": 1}]}), what="t")

    assert ticker.prices[0].bid_price is None


def test_one_bad_item_does_not_hide_the_others():
    rows = [RUNNING, {**RUNNING, "id": "bad", "margin": -1}, {"x": 1}, 5]

    listing = decode_each(Trade, text(rows), what="running")

    assert [trade.id for trade in listing.items] == [RUNNING["id"]]
    assert listing.unreadable == ("bad", "running[2]", "running[3]")


def test_a_list_that_is_none_is_an_error():
    with pytest.raises(VenueAnswerInvalid):
        decode_each(Trade, b"{}", what="running")


def test_a_body_is_compact_exact_and_without_none():
    body = encode_body(
        {
            "id": "ü",
            "value": Decimal("99500.50"),
            "price": Decimal("100000.0"),
            "big": Decimal("1E+5"),
            "zero": Decimal("-0.0"),
            "amount": 10**15,
            "yes": True,
            "none": None,
        }
    )

    assert body.decode() == (
        '{"id":"ü","value":99500.5,"price":100000,"big":100000,"zero":0,'
        '"amount":1000000000000000,"yes":true}'
    )


@given(st.decimals(min_value=-(10**8), max_value=10**8, places=6))
def test_a_number_survives_the_wire(number):
    assert Decimal(str(parse(encode_body({"n": number}))["n"])) == number


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal(1) / 3])
def test_a_number_that_would_be_rounded_is_refused(value):
    with pytest.raises(FieldInvalid):
        encode_body({"n": value})


def test_a_query_is_written_as_it_is_signed():
    query = encode_query(
        [("from", "2026-10-01T00:00:00.000Z"), ("limit", 7), ("read", False), ("to", None)]
    )

    assert query == "from=2026-10-01T00%3A00%3A00.000Z&limit=7&read=false"


def test_a_time_is_written_in_utc():
    time = datetime(2026, 10, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))

    assert iso(time) == "2026-10-01T00:00:00.000Z"
    assert iso(datetime(2026, 10, 1, tzinfo=UTC)) == "2026-10-01T00:00:00.000Z"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(FieldInvalid):
        iso(datetime(2026, 10, 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(RUNNING)), JSON)
def test_any_value_in_any_field_is_read_or_refused(name, value):
    try:
        trade = decode(Trade, text({**RUNNING, name: value}), what="trade")
    except VenueAnswerInvalid:
        return
    assert trade.price > 0
    assert 0 <= trade.margin <= 2_100_000_000_000_000


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body):
    try:
        decode_each(Trade, body, what="running")
    except VenueAnswerInvalid:
        return


@pytest.mark.parametrize(
    "digits",
    ["1e99999999999999999999", "1e-99999999999999999999", "1" * 5_000, "-0.0", "0e5", "1E400"],
)
def test_a_number_beyond_all_bounds_is_refused(digits):
    body = text(RUNNING).replace(b'"price": 100000,', f'"price": {digits},'.encode())

    with pytest.raises(VenueAnswerInvalid):
        decode(Trade, body, what="trade")
