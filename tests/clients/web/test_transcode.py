"""Requests over HTTP become messages, and what cannot be one is refused before it is sent."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.errors import FieldInvalid
from axisor.v1 import margin_pb2, orders_pb2
from axisor_web.contract import find
from axisor_web.transcode import json_of, parsed, request_of

ADD = "/v1/accounts/main/positions/p-1:addMargin"
KEY = "0d9f3c7e-0000-4000-8000-000000000001"


def ask(verb: str, path: str, query: list[tuple[str, str]] | None = None, body: bytes = b""):
    found = find(verb, path)
    assert found is not None
    route, method, variables = found
    return request_of(method, route, variables, query or [], body)


def refused(*given: object) -> FieldInvalid:
    with pytest.raises(FieldInvalid) as caught:
        ask(*given)  # type: ignore[arg-type]
    assert caught.value.means == "Nothing was sent to the core, so nothing changed."
    return caught.value


def test_a_body_and_a_path_make_one_request():
    body = json.dumps({"requestId": KEY, "amountSats": "250000", "validateOnly": True})

    request = ask("POST", ADD, None, body.encode())

    assert request == margin_pb2.AddMarginRequest(
        name="accounts/main/positions/p-1", request_id=KEY, amount_sats=250_000, validate_only=True
    )


def test_a_query_gives_the_fields_of_a_read():
    query = [("pageSize", "5"), ("states", "ORDER_STATE_OPEN"), ("states", "ORDER_STATE_FILLED")]

    request = ask("GET", "/v1/accounts/main/orders", query)

    assert isinstance(request, orders_pb2.ListOrdersRequest)
    assert (request.parent, request.page_size, len(request.states)) == ("accounts/main", 5, 2)


def test_names_of_the_contract_are_taken_as_well_as_those_of_json():
    by_json = ask("GET", "/v1/accounts/main/events", [("afterSequence", "3")])

    assert by_json == ask("GET", "/v1/accounts/main/events", [("after_sequence", "3")])


def test_a_number_in_the_path_is_a_number():
    request = ask("GET", "/v1/accounts/main/events/12")

    assert request.sequence == 12


def test_a_number_that_is_none_is_refused():
    assert refused("GET", "/v1/accounts/main/events/abc").metadata["field"] == "sequence"


def test_a_nested_name_comes_from_the_path():
    body = b'{"account":{"label":"second"},"updateMask":"label"}'

    request = ask("PATCH", "/v1/accounts/main", None, body)

    assert request.account.name == "accounts/main"
    assert request.account.label == "second"


def test_what_the_path_says_cannot_be_said_otherwise_in_the_body():
    body = b'{"name":"accounts/other/positions/p-1","amountSats":"1"}'

    assert "differs" in refused("POST", ADD, None, body).message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"amountSat":"1"}', "amountSat"),
        (b'{"amountSats":"1","amountSats":"2"}', "body"),
        (b'{"amountSats":"1.5"}', "amountSats"),
        (b'{"amountSats":1e400}', "body"),
        (b'{"amountSats":NaN}', "body"),
        (b'{"amountSats":"99999999999999999999"}', "amountSats"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b"{", "body"),
        (b"\xff\xfe", "body"),
        (b'{"validateOnly":"yes"}', "validateOnly"),
        (b"[" * 100_000, "body"),
    ],
    ids=lambda value: value[:24].decode(errors="replace") if isinstance(value, bytes) else value,
)
def test_a_body_that_makes_no_sense_is_refused(body: bytes, field: str):
    refused("POST", ADD, None, body)


@pytest.mark.parametrize(
    "query",
    [
        [("pageSize", "five")],
        [("page", "5")],
        [("pageSize", "1"), ("pageSize", "2")],
        [("parent.name", "x")],
        [("states", "ORDER_STATE_NONE")],
        [("pageSize", "99999999999")],
    ],
    ids=str,
)
def test_a_query_that_makes_no_sense_is_refused(query: list[tuple[str, str]]):
    refused("GET", "/v1/accounts/main/orders", query)


def test_a_read_takes_no_body_and_a_change_no_query():
    assert refused("GET", "/v1/accounts", None, b"{}").metadata["field"] == "body"
    assert refused("POST", ADD, [("amountSats", "1")]).metadata["field"] == "query"


def test_a_truth_in_a_query_is_true_or_false():
    request = ask("GET", "/v1/accounts/main/auditEntries", [("everything", "true")])

    assert request.everything
    refused("GET", "/v1/accounts/main/auditEntries", [("everything", "1")])


def test_sats_go_out_as_text_and_fields_that_are_not_set_are_there():
    shown = json_of(margin_pb2.AddMarginRequest(amount_sats=9_007_199_254_740_993))

    assert shown["amountSats"] == "9007199254740993"
    assert shown["validateOnly"] is False


@given(st.binary(max_size=200))
def test_whatever_comes_as_a_body_is_taken_or_refused(body: bytes):
    with contextlib.suppress(FieldInvalid):
        assert ask("POST", ADD, None, body).name == "accounts/main/positions/p-1"


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=4))
def test_whatever_comes_as_a_query_is_taken_or_refused(query: list[tuple[str, str]]):
    with contextlib.suppress(FieldInvalid):
        request = ask("GET", "/v1/accounts/main/orders", query)
        assert request.parent == "accounts/main"


def test_a_name_given_twice_is_refused_wherever_it_stands():
    with pytest.raises(FieldInvalid, match="given twice"):
        parsed(b'{"a":{"b":1,"b":2}}')
