"""Who may call: signatures, timestamps, passphrases, scopes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.plugins.lnmarkets.sim.kit import SETTINGS, Trader, trading

from axisor.ports import Secret
from axisor_lnmarkets.sim.auth import ApiKey, check_stream, signature
from axisor_lnmarkets.sim.errors import ApiError

ID = "5c1f3f7e-7a9c-4a5e-9b0a-2f5f0a6f7c11"
PUBLISHED = [
    ("get/v3/account", "PqAcWIRWmtwRm7dF50WAZ4m8gzcM+X17ZlO1mexMsKc="),
    (
        "get/v3/futures/isolated/trades/closed?from=2026-10-01T00%3A00%3A00.000Z&limit=7",
        "4zh9P8bZmPLGtGy+gNwBJ9KJL4stI3xSI7fR6bzn8H8=",
    ),
    (
        'post/v3/futures/isolated/trade{"leverage":100,"price":100000,"quantity":1,'
        '"side":"buy","type":"limit"}',
        "NF8plrWKBZI9n06LQtycPJA1+PAMPGbjYYZPFr0CZ/4=",
    ),
    (
        "post/v3/futures/isolated/trades/cancel-all",
        "kIg2SdRrYZgbPpmgupz550M/r4v7TXllsjfQZ06mEkk=",
    ),
    (
        f'put/v3/futures/isolated/trade/stoploss{{"id":"{ID}","value":99500.5,"mode":"fixed"}}',
        "ohZw4yjVC4i57freO5oRwWwL9wIH4gx/YM0jDfSaO1I=",
    ),
    (
        f"delete/v3/futures/isolated/trade/stoploss?id={ID}",
        "rfYHO7JiMh3ShtB+HHn7u/wyvGAi2iowYYhOdpt6e6k=",
    ),
]


@pytest.mark.parametrize(("payload", "expected"), PUBLISHED)
def test_known_requests_have_their_known_signatures(payload: str, expected: str):
    signed = signature(Secret("test-secret"), f"1700000000000{payload}".encode())

    assert signed == expected


def test_a_stream_signature_of_a_known_nonce_is_accepted_and_another_is_not():
    key = ApiKey("k", Secret("test-secret"), Secret("p"))
    params = {
        "key": "k",
        "passphrase": "p",
        "timestamp": 1_700_000_000_000,
        "nonce": "0123456789abcdef",
        "signature": "+WlT1jtfUFwI77jl19uMm+jJRe7yRMvjZY6eBZ24Ljk=",
    }

    check_stream(key, params, now_ms=1_700_000_000_000)

    with pytest.raises(ApiError) as caught:
        check_stream(key, {**params, "nonce": "0123456789abcdee"}, now_ms=1_700_000_000_000)
    assert caught.value.code == "UNAUTHORIZED"


@pytest.mark.parametrize(
    "changed",
    [
        {"key": "other"},
        {"passphrase": "other"},
        {"signature": "AAAA"},
        {"timestamp": "1"},
        {"timestamp": "soon"},
        {"key": ""},
    ],
)
async def test_a_wrong_credential_is_unauthorized(trader: Trader, changed: dict[str, str]):
    headers = trader.headers("GET", "/v3/account", b"", "", **changed)

    answer = await trader.http.get("/v3/account", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(("late_ms", "status"), [(30_000, 200), (30_001, 401), (-30_001, 401)])
async def test_a_timestamp_may_be_thirty_seconds_off(trader: Trader, late_ms: int, status: int):
    stamp = str(int(trader.clock.now().timestamp() * 1000) - late_ms)
    headers = trader.headers("GET", "/v3/account", signed_stamp=stamp)

    answer = await trader.http.get("/v3/account", headers=headers)

    assert answer.status_code == status


async def test_the_signature_covers_the_raw_body_and_query(trader: Trader):
    body = b'{"amount": 5000}'
    path = "/v3/futures/cross/deposit"
    same = trader.headers("POST", path, body)
    other = trader.headers("POST", path, b'{"amount":5000}')
    listed = "/v3/futures/cross/transfers"
    query = trader.headers("GET", listed, query="limit=5")

    accepted = await trader.http.post(path, content=body, headers=same)
    refused = await trader.http.post(path, content=body, headers=other)
    widened = await trader.http.get(f"{listed}?limit=6", headers=query)

    assert accepted.json()["margin"] == 5000
    assert refused.status_code == widened.status_code == 401
    assert trader.sim.world.account.books.cross.margin == 5000


async def test_credentials_on_a_public_endpoint_are_checked_too(trader: Trader):
    wrong = trader.headers("GET", "/v3/ping", signature="AAAA")

    signed = await trader.send("GET", "/ping")
    bare = await trader.http.get("/v3/ping")
    refused = await trader.http.get("/v3/ping", headers=wrong)

    assert signed.json() == bare.json() == "pong"
    assert refused.status_code == 401


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(("futures:*",), 200), (("futures:cross:write",), 200), (("futures:cross:read",), 403)],
)
async def test_a_request_needs_its_scope(scopes: tuple[str, ...], status: int):
    async with trading(replace(SETTINGS, scopes=scopes)) as trader:
        answer = await trader.send("POST", "/futures/cross/deposit", {"amount": 1})

        assert answer.status_code == status
        if status == 403:
            assert answer.json()["code"] == "FORBIDDEN"
            assert trader.sim.world.account.books.cross.margin == 0
