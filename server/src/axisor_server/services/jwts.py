"""Access tokens as JSON Web Tokens: Ed25519 alone, exact claims, times by the core's clock.

Whoever reads one names the key by the token's `kid` only among keys already known; nothing in a
token says where a key is found, which algorithm to use, or how to parse the rest (RFC 8725).
"""

from __future__ import annotations

import base64
import re
from typing import Any, Literal

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from axisor.errors import TokenInvalid

ALGORITHM = "EdDSA"
TYPE = "at+jwt"
AUDIENCE = "axisor"
LEEWAY_S = 30
LONGEST_S = 30 * 60
MOST_TEXT = 4_096

_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")


class Header(Struct, frozen=True, forbid_unknown_fields=True):
    """All that a header may hold."""

    alg: Literal["EdDSA"]
    kid: str
    typ: Literal["at+jwt"]


class Claimed(Struct, frozen=True):
    """The one thing that is read of a token whose signature nobody checked."""

    sub: str


class Claims(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that an access token says, and nothing else: each is required.

    `sub` is the person, `tid` its tenant, `sid` its session and `sv` that session's version. Times
    are whole seconds since 1970. `roles` is for those who show it; rights are read where they are
    kept.
    """

    iss: str
    aud: str
    sub: str
    tid: str
    sid: str
    jti: str
    iat: int
    exp: int
    auth_time: int
    amr: tuple[str, ...]
    roles: tuple[str, ...]
    sv: int


_header = msgspec.json.Decoder(Header)
_claimed = msgspec.json.Decoder(Claimed)
_PERSON = re.compile(r"[0-9a-f-]{1,64}")
_claims = msgspec.json.Decoder(Claims)


def write(claims: Claims, *, key_id: str, key: Ed25519PrivateKey) -> str:
    """Return a signed token."""
    fields: dict[str, Any] = msgspec.to_builtins(claims)
    return jwt.encode(fields, key, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": key_id})


def key_id_of(text: str) -> str:
    """Return the key a token says it was signed with, before anything of it is believed.

    Raises TokenInvalid for whatever has not exactly the form of our tokens.
    """
    form = _FORM.fullmatch(text) if len(text) <= MOST_TEXT else None
    if form is None:
        raise TokenInvalid()
    head, body, signature = form.groups()
    try:
        # One text for one token: the same bytes written otherwise are refused.
        if any(_encode(_decode(part)) != part for part in (head, body, signature)):
            raise TokenInvalid()
        return _header.decode(_decode(head)).kid
    except (ValueError, msgspec.MsgspecError):
        raise TokenInvalid() from None  # without the cause: it may quote the token


def person_claimed(text: str) -> str:
    """Return the person a token says it is for, though nothing of it is proved; empty for none."""
    parts = text.split(".")
    if len(text) > MOST_TEXT or len(parts) != 3:
        return ""
    try:
        found = _claimed.decode(_decode(parts[1])).sub
    except (ValueError, msgspec.MsgspecError):
        return ""
    return found if _PERSON.fullmatch(found) else ""


def read(text: str, *, key: Ed25519PublicKey, issuer: str, now_s: int) -> Claims:
    """Return what a token says once its signature, form and times hold. Raises TokenInvalid."""
    key_id_of(text)
    try:
        jwt.decode(text, key, algorithms=[ALGORITHM], options=_BY_OUR_CLOCK)
        claims = _claims.decode(_decode(text.split(".")[1]))
    except (jwt.PyJWTError, ValueError, msgspec.MsgspecError):
        raise TokenInvalid() from None
    lasts = claims.exp - claims.iat
    if (claims.iss, claims.aud) != (issuer, AUDIENCE) or not 0 < lasts <= LONGEST_S:
        raise TokenInvalid()
    if now_s < claims.iat - LEEWAY_S or now_s < claims.auth_time - LEEWAY_S:
        raise TokenInvalid("The token is of the future: the clocks of this core's replicas differ.")
    if now_s >= claims.exp + LEEWAY_S:
        raise TokenInvalid("The token has run out.", fix="Refresh it, or sign in again.")
    return claims


_BY_OUR_CLOCK: Any = {
    "require": list(Claims.__struct_fields__),
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
}
"""PyJWT checks the signature; times, issuer and audience are checked here, by the clock port."""


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
