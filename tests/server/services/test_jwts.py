"""Access tokens: one algorithm, one form, every claim, and nothing a forger could change."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from axisor.errors import TokenInvalid
from axisor_server.services.jwts import LEEWAY_S, Claims, key_id_of, read, write

NOW = 1_800_000_000
ISSUER = "axisor/core"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key()
PEM = PUBLIC.public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
RAW = PUBLIC.public_bytes_raw()
HEADER: dict[str, Any] = {"alg": "EdDSA", "kid": "k1", "typ": "at+jwt"}
CLAIMS = Claims(
    iss=ISSUER,
    aud="axisor",
    sub="ada",
    tid="ada",
    sid="s1",
    jti="j1",
    iat=NOW,
    exp=NOW + 900,
    auth_time=NOW,
    amr=("pwd",),
    roles=(),
    sv=1,
)
FIELDS: dict[str, Any] = structs.asdict(CLAIMS)


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def made(header: object = None, claims: object = None, *, key: Ed25519PrivateKey = KEY) -> str:
    """Return a token signed by a key, whatever it says."""
    signed = (
        f"{part(HEADER if header is None else header)}.{part(FIELDS if claims is None else claims)}"
    )
    return f"{signed}.{part(key.sign(signed.encode()))}"


def shared(alg: str, secret: bytes) -> str:
    """Return a token whose signature is a hash keyed with something public."""
    signed = f"{part(HEADER | {'alg': alg})}.{part(FIELDS)}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[alg]
    return f"{signed}.{part(hmac.new(secret, signed.encode(), digest).digest())}"


def unsigned(alg: str) -> str:
    return f"{part(HEADER | {'alg': alg})}.{part(FIELDS)}."


def without(claim: str) -> str:
    return made(claims={name: value for name, value in FIELDS.items() if name != claim})


def changed(**claims: object) -> str:
    return made(claims=FIELDS | claims)


def headed(**header: object) -> str:
    return made(HEADER | header)


GOOD = write(CLAIMS, key_id="k1", key=KEY)
HEAD, BODY, SIGNATURE = GOOD.split(".")
BY_ANOTHER = generate_private_key(SECP256R1())

REFUSED = {
    # no signature, or another algorithm
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg nOnE with a signature": headed(alg="nOnE"),
    "alg missing": made({"kid": "k1", "typ": "at+jwt"}),
    "alg empty": headed(alg=""),
    "alg a list": headed(alg=["EdDSA"]),
    "HS256 keyed with the public key as PEM": shared("HS256", PEM),
    "HS256 keyed with the raw public key": shared("HS256", RAW),
    "HS384 keyed with the public key": shared("HS384", PEM),
    "HS512 keyed with the public key": shared("HS512", PEM),
    "HS256 keyed with nothing": shared("HS256", b""),
    "ES256 by a key of its own": jwt.encode(
        FIELDS, BY_ANOTHER, "ES256", headers=HEADER | {"alg": "ES256"}
    ),
    "the signature of another key": made(key=OTHER),
    "the signature removed": f"{HEAD}.{BODY}.",
    "the signature of another token": f"{HEAD}.{part(FIELDS | {'sub': 'eve'})}.{SIGNATURE}",
    # headers that point elsewhere
    "typ JWT": headed(typ="JWT"),
    "typ missing": made({"alg": "EdDSA", "kid": "k1"}),
    "kid missing": made({"alg": "EdDSA", "typ": "at+jwt"}),
    "jku": headed(jku="https://example.org/keys"),
    "jwk with a key of its own": headed(jwk={"kty": "OKP", "crv": "Ed25519", "x": part(RAW)}),
    "x5u": headed(x5u="https://example.org/cert"),
    "crit": headed(crit=["exp"]),
    "b64 false": headed(b64=False),
    "zip": headed(zip="DEF"),
    "header a list": made([HEADER]),
    # claims
    **{f"{claim} missing": without(claim) for claim in FIELDS},
    "iss of another core": changed(iss="axisor/other"),
    "iss a list": changed(iss=[ISSUER]),
    "aud of another service": changed(aud="elsewhere"),
    "aud a list": changed(aud=["axisor"]),
    "sub a number": changed(sub=1),
    "sv a text": changed(sv="1"),
    "a claim nobody knows": changed(admin=True),
    "nbf": changed(nbf=NOW - 1),
    "exp a fraction": changed(exp=NOW + 900.5),
    "exp a text": changed(exp=str(NOW + 900)),
    "exp without end": changed(exp=10**30),
    "exp beyond half an hour": changed(exp=NOW + 1_801),
    "exp before iat": changed(exp=NOW - 1),
    "run out": changed(iat=NOW - 930, exp=NOW - LEEWAY_S, auth_time=NOW - 930),
    "of the future": changed(iat=NOW + LEEWAY_S + 1, exp=NOW + 900),
    "proved in the future": changed(auth_time=NOW + LEEWAY_S + 1),
    # form
    "empty": "",
    "one part": HEAD,
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{GOOD}.{SIGNATURE}",
    "five parts, as if encrypted": f"{HEAD}..{BODY}.{SIGNATURE}.{SIGNATURE}",
    "padded": f"{GOOD}=",
    "a space before": f" {GOOD}",
    "a line end after": f"{GOOD}\n",
    "standard alphabet": f"{HEAD}.{BODY}.{'+/' * 43}",
    "not ASCII": f"{HEAD}.{BODY}.{'é' * 86}",
    "body not JSON": made(claims=b"not json"),
    "body a list": made(claims=[1]),
    "body with invalid UTF-8": made(claims=b'{"sub":"\xff"}'),
    "huge": made(claims=FIELDS | {"sub": "x" * 10_000}),
    "deep": made(claims=b"[" * 1_500),
}


def test_a_token_says_what_was_signed():
    assert read(GOOD, key=PUBLIC, issuer=ISSUER, now_s=NOW) == CLAIMS
    assert key_id_of(GOOD) == "k1"


@pytest.mark.parametrize("now_s", [NOW - LEEWAY_S, NOW + 900 + LEEWAY_S - 1])
def test_clocks_may_differ_by_half_a_minute(now_s: int):
    assert read(GOOD, key=PUBLIC, issuer=ISSUER, now_s=now_s) == CLAIMS


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in REFUSED.items()])
def test_a_forged_token_is_refused(text: str):
    with pytest.raises(TokenInvalid):
        read(text, key=PUBLIC, issuer=ISSUER, now_s=NOW)


def test_the_table_has_the_forty_cases():
    assert len(REFUSED) >= 40


@pytest.mark.parametrize(
    "kid", ["", "../k1", "/dev/null", "k1\x00", "k1' OR '1'='1", "https://example.org", "k" * 500]
)
def test_a_key_id_is_only_a_name(kid: str):
    assert key_id_of(headed(kid=kid)) == kid


def test_the_last_character_of_a_signature_cannot_be_written_otherwise():
    # 64 bytes fill 86 characters but for four bits, which a lenient reader would ignore.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [GOOD[:-1] + end for end in alphabet if end != GOOD[-1]]

    for text in others:
        with pytest.raises(TokenInvalid):
            read(text, key=PUBLIC, issuer=ISSUER, now_s=NOW)


@pytest.mark.parametrize("secret", [GOOD, SIGNATURE])
def test_a_refusal_does_not_repeat_the_token(secret: str):
    with pytest.raises(TokenInvalid) as caught:
        read(GOOD + "x", key=PUBLIC, issuer=ISSUER, now_s=NOW)

    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None
