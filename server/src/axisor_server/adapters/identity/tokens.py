"""Reads ID tokens (OpenID Connect Core 3.1.3.7): three algorithms, the issuer's keys, our clock."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

ALGORITHMS = ("RS256", "ES256", "EdDSA")
KINDS = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
LEEWAY_S = 30
OLDEST_S = 600
"""How long ago a token may have been made: as long as a sign-in may take."""

MOST_TEXT = 16 * 1024
MOST_KEYS = 32
LEAST_RSA_BITS = 2048
_LONGEST_SUBJECT = 255


class IdToken(Struct, frozen=True, kw_only=True):
    """What a provider says of a person; what else it says is not read."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nbf: int | float | None = None
    azp: str | None = None
    nonce: str | None = None
    auth_time: int | float | None = None
    email: str | None = None
    email_verified: Any = None
    name: Any = None


class BadToken(Exception):
    """An ID token is not to be believed; the text is a word or two that say why."""


class UnknownKey(BadToken):
    """An ID token names a key that is not among those known."""


class Expected(Struct, frozen=True, kw_only=True):
    """What an ID token must say; `nonce` is None where none was sent."""

    issuer: str
    client: str
    nonce: str | None
    now_s: int


def read(text: str, keys: Sequence[Any], expected: Expected) -> IdToken:
    """Return what an ID token says, once all of it holds. Raises BadToken, or UnknownKey."""
    if len(text) > MOST_TEXT:
        raise BadToken("size")
    algorithm, key = _key_of(text, keys)
    try:
        payload = jwt.api_jws.decode(text, key, algorithms=[algorithm])
        token = msgspec.json.decode(payload, type=IdToken)
    except (jwt.PyJWTError, msgspec.MsgspecError, ValueError, TypeError):
        raise BadToken("signature") from None  # without the cause: it may quote the token
    _check(token, expected)
    return token


def _key_of(text: str, keys: Sequence[Any]) -> tuple[str, Any]:
    try:
        header = jwt.get_unverified_header(text)
    except jwt.PyJWTError:
        raise BadToken("form") from None
    algorithm, id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or "crit" in header or "b64" in header:
        raise BadToken("algorithm")
    fitting = [
        each
        for each in keys[:MOST_KEYS]
        if isinstance(each, dict)
        and each.get("kty") == KINDS[algorithm]
        and each.get("alg", algorithm) == algorithm
        and each.get("use", "sig") == "sig"
        and (id is None or each.get("kid") == id)
    ]
    if len(fitting) != 1:
        raise UnknownKey("key")
    return algorithm, _public(fitting[0], algorithm)


def _public(jwk: dict[str, Any], algorithm: str) -> Any:
    public = {name: value for name, value in jwk.items() if name != "d"}
    try:
        key: Any = jwt.PyJWK.from_dict(public, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise BadToken("key") from None
    strong = (
        (isinstance(key, RSAPublicKey) and key.key_size >= LEAST_RSA_BITS)
        or (isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1))
        or isinstance(key, Ed25519PublicKey)
    )
    if not strong:
        raise BadToken("key")
    return key


def _check(token: IdToken, expected: Expected) -> None:
    audience = [token.aud] if isinstance(token.aud, str) else token.aud
    if token.iss != expected.issuer:
        raise BadToken("issuer")
    if expected.client not in audience:
        raise BadToken("audience")
    if token.azp != expected.client and (token.azp is not None or len(audience) > 1):
        raise BadToken("authorized party")
    if expected.nonce is not None and not _same(token.nonce or "", expected.nonce):
        raise BadToken("nonce")
    if not (0 < len(token.sub) <= _LONGEST_SUBJECT and token.sub.isascii()):
        raise BadToken("subject")
    _check_times(token, expected.now_s)


def _check_times(token: IdToken, now_s: int) -> None:
    if now_s >= token.exp + LEEWAY_S:
        raise BadToken("expired")
    if not -LEEWAY_S <= now_s - token.iat <= OLDEST_S + LEEWAY_S:
        raise BadToken("issued at another time")
    if token.nbf is not None and now_s < token.nbf - LEEWAY_S:
        raise BadToken("not yet good")
    if token.auth_time is not None and now_s < token.auth_time - LEEWAY_S:
        raise BadToken("of the future")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
