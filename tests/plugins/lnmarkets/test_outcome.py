"""What a request came to, by everything that can be observed of it."""

from __future__ import annotations

import asyncio
import ssl
from decimal import Decimal

import httpx
import pytest

from axisor.errors import (
    VenueAnswerInvalid,
    VenueAuth,
    VenueRateLimited,
    VenueRefused,
    VenueUnavailable,
)
from axisor.ports import Refused, Unknown
from axisor_lnmarkets.outcome import Done, Reply, judge

SAID = b'{"code":"BAD_REQUEST","message":"no"}'


def read(body: bytes) -> str:
    if body == b"fault":
        raise KeyError(body)
    if body != b"good":
        raise VenueAnswerInvalid("not good")
    return "good"


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_what_broke_before_the_first_byte_is_refused(kind):
    verdict = judge(kind("x"), read)

    assert isinstance(verdict, Refused)
    assert isinstance(verdict.error, VenueUnavailable)


@pytest.mark.parametrize(
    "error",
    [
        httpx.WriteError("x"),
        httpx.WriteTimeout("x"),
        httpx.ReadError("x"),
        httpx.ReadTimeout("x"),
        httpx.CloseError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.LocalProtocolError("x"),
        httpx.DecodingError("x"),
        TimeoutError(),
        asyncio.CancelledError(),
        ssl.SSLError("x"),
        OSError("x"),
        RuntimeError("x"),
    ],
)
def test_what_broke_later_is_unknown(error):
    assert isinstance(judge(error, read), Unknown)


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_the_venues_own_no_is_refused(status):
    verdict = judge(Reply(status, SAID), read)

    assert isinstance(verdict, Refused)
    assert isinstance(verdict.error, VenueRefused)
    assert verdict.error.metadata == {"status": str(status), "code": "BAD_REQUEST"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_apart(status):
    verdict = judge(Reply(status, b'{"code":"FORBIDDEN"}'), read)

    assert isinstance(verdict, Refused)
    assert isinstance(verdict.error, VenueAuth)


def test_a_tier_limit_does_not_blame_the_key():
    verdict = judge(Reply(403, b'{"code":"TIER_LIMIT_EXCEEDED"}'), read)

    assert isinstance(verdict, Refused)
    assert isinstance(verdict.error, VenueRefused)


@pytest.mark.parametrize(("wait", "told"), [(Decimal(3), "3"), (None, "")])
def test_a_rate_limit_says_how_long(wait, told):
    verdict = judge(Reply(429, SAID, wait), read)

    assert isinstance(verdict, Refused)
    assert isinstance(verdict.error, VenueRateLimited)
    assert verdict.error.metadata["retry_after_s"] == told


def test_the_plain_text_of_an_unknown_route_is_the_venues():
    assert isinstance(judge(Reply(404, b"Not found"), read), Refused)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b'"no"', b'{"code":1}', b"\xff"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429])
def test_a_no_that_is_not_the_venues_own_is_unknown(status, body):
    assert isinstance(judge(Reply(status, body), read), Unknown)


@pytest.mark.parametrize(
    "status", [100, 301, 302, 307, 308, 402, 405, 408, 410, 418, 500, 501, 502, 503, 504, 599]
)
def test_every_other_status_is_unknown_whatever_it_says(status):
    assert isinstance(judge(Reply(status, SAID), read), Unknown)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_yes_counts_only_with_an_answer_about_the_thing_asked(status):
    assert judge(Reply(status, b"good"), read) == Done("good")
    assert isinstance(judge(Reply(status, b"other"), read), Unknown)
    assert isinstance(judge(Reply(status, b"fault"), read), Unknown)


def test_foreign_words_cannot_forge_lines():
    verdict = judge(Reply(400, b'{"message":"a\\nb\\u001b[31m"}'), read)

    assert isinstance(verdict, Refused)
    assert verdict.error.message == "LN Markets refused: a b [31m."
