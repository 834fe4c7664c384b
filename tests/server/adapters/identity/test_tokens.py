"""ID tokens, changed anywhere: none that was not written by the issuer's key is read."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest
from tests.support.provider import CLIENT, Provider, SigningKey

from axisor.testing.clock import FixedClock
from axisor_server.adapters.identity.tokens import BadToken, Expected, UnknownKey, read

CLOCK = FixedClock()
NOW = int(CLOCK.now().timestamp())
EXPECTED = Expected(issuer="https://p", client=CLIENT, nonce="n", now_s=NOW)
CLAIMS = {"iss": "https://p", "aud": CLIENT, "sub": "s", "iat": NOW, "exp": NOW + 60, "nonce": "n"}
LETTERS = string.ascii_letters + string.digits + "-_"


@pytest.fixture(params=["RS256", "ES256", "EdDSA"])
def there(request: pytest.FixtureRequest) -> Provider:
    """Return a provider that signs in one way."""
    made = Provider(CLOCK)
    made.keys = [SigningKey(request.param, "k")]
    return made


def test_a_token_changed_at_any_letter_is_refused(there: Provider):
    text = there.signed(CLAIMS)
    keys = [each.public for each in there.keys]
    assert read(text, keys, EXPECTED).sub == "s"
    seed = 20_261_130
    print(f"seed {seed}")
    draw = random.Random(seed)

    for at in range(len(text)):
        other = draw.choice([each for each in LETTERS if each != text[at]])
        changed = text[:at] + other + text[at + 1 :]
        if at == len(text) - 1 or text[at + 1] == ".":
            continue  # the last letter of a part has bits that say nothing
        with pytest.raises(BadToken):
            read(changed, keys, EXPECTED)


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_token_without_one_of_its_parts_is_refused(there: Provider, cut: int):
    parts = there.signed(CLAIMS).split(".")
    keys = [each.public for each in there.keys]

    for text in (".".join([*parts[:cut], "", *parts[cut + 1 :]]), ".".join(parts[:cut])):
        with pytest.raises(BadToken):
            read(text, keys, EXPECTED)


def test_a_key_set_out_of_shape_has_no_key(there: Provider):
    text, public = there.signed(CLAIMS), there.keys[-1].public

    shapes: tuple[list[Any], ...] = (
        [],
        [None, 5, "k", [], {}],
        [{**public, "kid": "other"}],
        [{**public, "use": "enc"}],
        [{**public, "kty": "oct"}],
        [public, public],  # which of the two?
        [{}] * 40 + [public],  # too many to look at
    )
    for keys in shapes:
        with pytest.raises(UnknownKey):
            read(text, keys, EXPECTED)
    for broken in ({**public, "x": 5, "n": 5}, {"kty": public["kty"], "kid": "k"}):
        with pytest.raises(BadToken):
            read(text, [broken], EXPECTED)


def test_a_token_that_names_no_key_is_read_by_the_only_one(there: Provider):
    import jwt

    key = there.keys[-1]
    text = jwt.encode(CLAIMS, key.private, algorithm=key.algorithm)

    assert read(text, [key.public], EXPECTED).sub == "s"
    with pytest.raises(UnknownKey):
        read(text, [key.public, {**key.public, "kid": "other"}], EXPECTED)
