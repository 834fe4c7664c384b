"""Who is calling: checks key, passphrase, timestamp and signature of REST requests and streams."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from axisor.ports import Secret
from axisor_lnmarkets.sim.errors import ApiError, unauthorized

TOLERANCE_MS: Final = 30_000
"""How far a timestamp may be from the simulator's transport clock, either way."""

SCOPES: Final = (
    "account:read",
    "account:deposits:read",
    "account:deposits:write",
    "account:withdrawals:read",
    "account:withdrawals:write",
    "futures:isolated:read",
    "futures:isolated:write",
    "futures:cross:read",
    "futures:cross:write",
    "synthetic-usd:read",
    "synthetic-usd:write",
)
"""Every scope a key can have; the write scopes of wallets and synthetic dollars are our choice."""

HEADERS: Final = (
    "lnm-access-key",
    "lnm-access-passphrase",
    "lnm-access-timestamp",
    "lnm-access-signature",
)


class ApiKey(Struct, frozen=True):
    """The one key a simulator knows, and what it may do."""

    key: str
    secret: Secret
    passphrase: Secret
    scopes: tuple[str, ...] = SCOPES

    def allows(self, scope: str) -> bool:
        """Return whether the key has a scope, by name or by a wildcard such as `futures:*`."""
        return any(
            own == scope or (own.endswith(":*") and scope.startswith(own[:-1]))
            for own in self.scopes
        )


class Signed(Struct, frozen=True):
    """The parts of a request that a signature covers, as they came over the wire."""

    method: str
    path: bytes
    query: bytes
    body: bytes
    headers: Mapping[str, str]

    @property
    def has_credentials(self) -> bool:
        """Return whether any of the four headers is there."""
        return any(name in self.headers for name in HEADERS)

    @property
    def stamp_ms(self) -> int | None:
        """Return the time it says it was signed for, unix milliseconds, or None."""
        stamp = self.headers.get("lnm-access-timestamp", "")
        return int(stamp) if stamp.isascii() and stamp.isdigit() else None


def signature(secret: Secret, payload: bytes) -> str:
    """Return the base64 HMAC-SHA256 the venue expects over a payload."""
    digest = hmac.digest(secret.reveal().encode(), payload, hashlib.sha256)
    return base64.b64encode(digest).decode()


def check_request(key: ApiKey, request: Signed, *, now_ms: int) -> None:
    """Check the credentials of a REST request. Raises ApiError 401 with the first fault found.

    The payload is timestamp, lower-case method, path and either the raw body or, without one, the
    query with its question mark. Sent and expected values are compared in constant time.
    """
    missing = [name for name in HEADERS if not request.headers.get(name)]
    if missing:
        raise unauthorized(f"Missing header {missing[0]}")
    stamp = request.headers["lnm-access-timestamp"]
    data = request.body or (b"?" + request.query if request.query else b"")
    payload = stamp.encode() + request.method.lower().encode() + request.path + data
    check_credentials(
        key,
        given_key=request.headers["lnm-access-key"],
        passphrase=request.headers["lnm-access-passphrase"],
        stamp=stamp,
        now_ms=now_ms,
    )
    _check_signature(key, payload, request.headers["lnm-access-signature"])


def check_stream(key: ApiKey, params: Mapping[str, object], *, now_ms: int) -> None:
    """Check the parameters of a stream's `authenticate`. Raises ApiError 401."""
    texts = {name: params.get(name) for name in ("key", "passphrase", "nonce", "signature")}
    stamp = params.get("timestamp")
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise _bad_parameters()
    if isinstance(stamp, bool) or not isinstance(stamp, int):
        raise _bad_parameters()
    check_credentials(
        key,
        given_key=str(texts["key"]),
        passphrase=str(texts["passphrase"]),
        stamp=str(stamp),
        now_ms=now_ms,
    )
    _check_signature(key, f"{stamp}{texts['nonce']}".encode(), str(texts["signature"]))


def check_credentials(
    key: ApiKey, *, given_key: str, passphrase: str, stamp: str, now_ms: int
) -> None:
    """Check key, passphrase and timestamp, everything but the signature. Raises ApiError 401."""
    same_key = hmac.compare_digest(given_key.encode(), key.key.encode())
    same_phrase = hmac.compare_digest(passphrase.encode(), key.passphrase.reveal().encode())
    if not (same_key and same_phrase):
        raise unauthorized("Invalid API key or passphrase")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 16):
        raise unauthorized("Invalid timestamp")
    if abs(int(stamp) - now_ms) > TOLERANCE_MS:
        raise unauthorized("Timestamp is outside the accepted window")


def _check_signature(key: ApiKey, payload: bytes, given: str) -> None:
    expected = signature(key.secret, payload)
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise unauthorized("Invalid signature")


def _bad_parameters() -> ApiError:
    return ApiError(
        400, "BAD_REQUEST", "authenticate needs key passphrase timestamp nonce signature"
    )
