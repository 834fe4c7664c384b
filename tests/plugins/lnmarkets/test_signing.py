"""Signatures, against fixed vectors of both interfaces."""

from __future__ import annotations

import pytest

from axisor.errors import NotSupported
from axisor.ports import Credentials, Secret
from axisor_lnmarkets.actions import PATHS
from axisor_lnmarkets.signing import Signer, sign_rest, sign_stream

SECRET = "test-secret"
STAMP = 1_700_000_000_000
TRADE = "5c1f3f7e-7a9c-4a5e-9b0a-2f5f0a6f7c11"

VECTORS = [
    ("GET", "/v3/account", "", "PqAcWIRWmtwRm7dF50WAZ4m8gzcM+X17ZlO1mexMsKc="),
    (
        "GET",
        "/v3/futures/isolated/trades/closed",
        "?from=2026-10-01T00%3A00%3A00.000Z&limit=7",
        "4zh9P8bZmPLGtGy+gNwBJ9KJL4stI3xSI7fR6bzn8H8=",
    ),
    (
        "POST",
        "/v3/futures/isolated/trade",
        '{"leverage":100,"price":100000,"quantity":1,"side":"buy","type":"limit"}',
        "NF8plrWKBZI9n06LQtycPJA1+PAMPGbjYYZPFr0CZ/4=",
    ),
    (
        "POST",
        "/v3/futures/isolated/trades/cancel-all",
        "",
        "kIg2SdRrYZgbPpmgupz550M/r4v7TXllsjfQZ06mEkk=",
    ),
    (
        "PUT",
        "/v3/futures/isolated/trade/stoploss",
        f'{{"id":"{TRADE}","value":99500.5,"mode":"fixed"}}',
        "ohZw4yjVC4i57freO5oRwWwL9wIH4gx/YM0jDfSaO1I=",
    ),
    (
        "DELETE",
        "/v3/futures/isolated/trade/stoploss",
        f"?id={TRADE}",
        "rfYHO7JiMh3ShtB+HHn7u/wyvGAi2iowYYhOdpt6e6k=",
    ),
]


def credentials() -> Credentials:
    return Credentials(Secret("the-key"), Secret(SECRET), Secret("the-passphrase"))


@pytest.mark.parametrize(("method", "path", "data", "signature"), VECTORS)
def test_a_rest_request_has_the_venues_signature(method, path, data, signature):
    signed = sign_rest(SECRET, timestamp_ms=STAMP, method=method, path=path, data=data)

    assert signed == signature


def test_a_stream_login_has_the_venues_signature():
    signed = sign_stream(SECRET, timestamp_ms=STAMP, nonce="0123456789abcdef")

    assert signed == "+WlT1jtfUFwI77jl19uMm+jJRe7yRMvjZY6eBZ24Ljk="


def test_headers_carry_key_passphrase_stamp_and_signature():
    headers = Signer(credentials()).headers(timestamp_ms=STAMP, method="GET", path="/v3/account")

    assert headers == {
        "lnm-access-key": "the-key",
        "lnm-access-passphrase": "the-passphrase",
        "lnm-access-timestamp": "1700000000000",
        "lnm-access-signature": VECTORS[0][3],
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v3/account/withdraw/lightning"),
        ("POST", "/v3/account/withdraw/on-chain"),
        ("POST", "/v3/synthetic-usd/swap"),
        ("POST", "/v3/account"),
    ],
)
def test_a_signer_with_a_list_signs_nothing_else(method, path):
    signer = Signer(credentials(), allowed=PATHS)

    with pytest.raises(NotSupported):
        signer.headers(timestamp_ms=STAMP, method=method, path=path)


def test_no_path_of_an_account_withdraws():
    assert not [path for _, path in PATHS if path.startswith("/v3/account/")]


def test_a_signer_shows_no_secret():
    assert repr(Signer(credentials())) == "Signer(…)"
