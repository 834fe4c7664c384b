"""OpenID Connect against a provider: whom it vouches for, and everything that is refused."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from starlette.responses import JSONResponse, Response
from tests.server.adapters.identity.kit import REDIRECT, Ends, ends
from tests.support.provider import ADA, BOB, CLIENT, SigningKey, browse, provider

from axisor.errors import FieldInvalid, IdentityRefused, ProviderUnavailable
from axisor_server.adapters.identity.oidc import OidcProvider
from axisor_server.domain.identities import NotYet, Vouched, asked

__all__ = ["ends"]


async def refused(ends: Ends, way: OidcProvider | None = None) -> str:
    """Return why a sign-in is refused."""
    with pytest.raises(IdentityRefused) as error:
        await ends.sign_in(way)
    return error.value.metadata["cause"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_person_is_vouched_for_by_each_algorithm(ends: Ends, algorithm: str):
    ends.there.rotate(algorithm)

    found = await ends.sign_in()

    assert found == Vouched(
        issuer=ends.there.url,
        subject=ADA.subject,
        email="ada@example.org",
        title="Ada L.",
        proved_s=int(ends.clock.now().timestamp()),
    )


async def test_a_client_without_a_secret_is_known_by_its_id_and_pkce(ends: Ends):
    ends.there.clients["public"] = ""
    way = OidcProvider(ends.registered(client_id="public", secret=None), ends.clock)

    assert (await ends.sign_in(way)).subject == ADA.subject


async def test_a_secret_goes_into_the_form_where_the_provider_wants_it_there(ends: Ends):
    ends.there.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}

    assert (await ends.sign_in()).subject == ADA.subject


async def test_an_address_that_is_only_told_when_asked_is_asked_for(ends: Ends):
    ends.there.bend = lambda claims: {
        name: value for name, value in claims.items() if "email" not in name
    }

    assert (await ends.sign_in()).email == "ada@example.org"

    ends.there.answers["/userinfo"] = JSONResponse(
        {"sub": BOB.subject, "email": BOB.email, "email_verified": True}
    )
    assert await refused(ends) == "userinfo"


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_that_is_not_verified_is_no_address(ends: Ends, verified: Any):
    ends.there.consents = msgspec.structs.replace(ADA, verified=verified)

    assert await refused(ends) == "email"


@pytest.mark.parametrize("email", ["no address", "", "a@b\u0000", None])
async def test_an_address_that_is_none_is_refused(ends: Ends, email: Any):
    ends.there.consents = msgspec.structs.replace(ADA, email=email)
    ends.there.answers["/userinfo"] = JSONResponse({"sub": ADA.subject})

    assert await refused(ends) == "email"


CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "the nonce of another sign-in": ({"nonce": "another"}, "nonce"),
    "no nonce": ({"nonce": None}, "nonce"),
    "another issuer": ({"iss": "https://accounts.example.com"}, "issuer"),
    "nearly the issuer": ({"iss": "{url}/"}, "issuer"),
    "for another client": ({"aud": "somebody-else"}, "audience"),
    "for nobody": ({"aud": []}, "audience"),
    "for several, and not saying for whom": ({"aud": [CLIENT, "other"]}, "authorized party"),
    "for several, and another's": ({"aud": [CLIENT, "o"], "azp": "o"}, "authorized party"),
    "given to another": ({"azp": "other"}, "authorized party"),
    "run out": ({"exp": -31}, "expired"),
    "made long ago": ({"iat": -631}, "issued at another time"),
    "made in the future": ({"iat": 31}, "issued at another time"),
    "not good yet": ({"nbf": 31}, "not yet good"),
    "proved in the future": ({"auth_time": 31}, "of the future"),
    "of nobody": ({"sub": ""}, "subject"),
    "of somebody too long": ({"sub": "s" * 256}, "subject"),
    "of no text": ({"sub": 5}, "signature"),
    "a time that is a text": ({"exp": "soon"}, "signature"),
    "no time": ({"exp": None}, "signature"),
}


@pytest.mark.parametrize("kind", CLAIMS)
async def test_a_token_that_says_anything_else_is_refused(ends: Ends, kind: str):
    otherwise, cause = CLAIMS[kind]
    now = int(ends.clock.now().timestamp())

    def bend(claims: dict[str, Any]) -> dict[str, Any]:
        changed = dict(claims)
        for name, value in otherwise.items():
            timed = name in ("exp", "iat", "nbf", "auth_time") and isinstance(value, int)
            text = value.format(url=ends.there.url) if isinstance(value, str) else value
            changed[name] = now + value if timed else text
        return {name: value for name, value in changed.items() if value is not None}

    ends.there.bend = bend

    assert await refused(ends) == cause


async def test_a_token_for_several_is_taken_where_it_was_given_to_us(ends: Ends):
    ends.there.bend = lambda claims: {**claims, "aud": ["other", CLIENT], "azp": CLIENT}

    assert (await ends.sign_in()).subject == ADA.subject


async def test_a_token_without_a_signature_is_refused(ends: Ends):
    ends.there.write = ends.there.unsigned

    assert await refused(ends) == "algorithm"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_signed_with_what_everybody_knows_is_refused(ends: Ends, algorithm: str):
    ends.there.rotate(algorithm)
    ends.there.write = ends.there.by_public_key

    assert await refused(ends) == "algorithm"


async def test_a_token_of_another_algorithm_than_its_key_is_refused(ends: Ends):
    shown = {**ends.there.keys[-1].public, "alg": "RS256"}
    ends.there.answers["/jwks"] = JSONResponse({"keys": [shown]})

    assert await refused(ends) == "key"


async def test_a_short_key_is_refused(ends: Ends):
    ends.there.keys = [SigningKey("RS256", "short", bits=1_024)]

    def write(claims: dict[str, Any]) -> str:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyJWT warns of such a key, rightly
            return ends.there.signed(claims)

    ends.there.write = write

    assert await refused(ends) == "key"


async def test_a_token_of_a_stranger_who_names_our_key_is_refused(ends: Ends):
    stranger = SigningKey("ES256", ends.there.keys[-1].kid)
    genuine = ends.there.keys

    def forge(claims: dict[str, Any]) -> str:
        ends.there.keys = [stranger]
        token = ends.there.signed(claims)
        ends.there.keys = genuine
        return token

    ends.there.write = forge

    assert await refused(ends) == "signature"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "e30.e30.e30", "x" * 20_000])
async def test_what_is_no_token_is_refused(ends: Ends, text: str):
    ends.there.write = lambda claims: text

    assert await refused(ends) in {"form", "size", "algorithm"}


async def test_a_key_that_is_not_known_is_read_anew_once_a_minute(ends: Ends):
    await ends.sign_in()
    ends.there.rotate()
    ends.clock.move(timedelta(seconds=59))
    assert await refused(ends) == "key"
    assert ends.there.asked["/jwks"] == 1

    ends.clock.move(timedelta(seconds=1))

    assert (await ends.sign_in()).subject == ADA.subject
    assert ends.there.asked["/jwks"] == 2


async def test_discovery_and_keys_are_read_once_an_hour(ends: Ends):
    for _ in range(3):
        await ends.sign_in()
    assert (ends.there.asked["/jwks"], ends.there.asked["/token"]) == (1, 3)
    assert ends.there.asked["/.well-known/openid-configuration"] == 1

    ends.clock.move(timedelta(hours=1))
    await ends.sign_in()

    assert ends.there.asked["/.well-known/openid-configuration"] == 2


async def test_a_code_counts_once(ends: Ends):
    back, ask = await ends.go(ends.oidc)
    await ends.oidc.redeem(back.code, ask, issuer=back.issuer)

    with pytest.raises(IdentityRefused) as error:
        await ends.oidc.redeem(back.code, ask, issuer=back.issuer)
    assert error.value.metadata["cause"] == "invalid_grant"


async def test_a_code_is_nothing_without_the_verifier_it_was_asked_for_with(ends: Ends):
    back, ask = await ends.go(ends.oidc)
    other = msgspec.structs.replace(ask, verifier=asked("another", REDIRECT).verifier)

    with pytest.raises(IdentityRefused):
        await ends.oidc.redeem(back.code, other, issuer=back.issuer)


async def test_an_answer_of_another_provider_is_not_told_to_this_one(ends: Ends):
    async with provider(ends.clock) as attacker:
        back, ask = await ends.go(ends.oidc)
        before = ends.there.asked["/token"]

        for issuer in (attacker.url, ""):  # says whose it is, or hides it
            with pytest.raises(IdentityRefused) as error:
                await ends.oidc.redeem(back.code, ask, issuer=issuer)
            assert error.value.metadata["cause"] == "issuer"

    assert ends.there.asked["/token"] == before


async def test_the_browser_is_sent_with_a_hashed_verifier_and_no_secret(ends: Ends):
    ask = asked("a secret", REDIRECT)

    uri = await ends.oidc.authorize_uri(ask)

    assert "code_challenge_method=S256" in uri
    assert ask.verifier not in uri
    assert "secret" not in uri
    assert "max_age=300" in uri
    assert (await browse(uri)).state == ask.state


DISCOVERY: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://accounts.example.com"},
    "no issuer": {"issuer": None},
    "tokens without TLS": {"token_endpoint": "http://example.com/token"},
    "keys without TLS": {"jwks_uri": "http://example.com/keys"},
    "a browser without TLS": {"authorization_endpoint": "http://example.com/a"},
    "userinfo in a file": {"userinfo_endpoint": "file:///etc/passwd"},
    "devices by script": {"device_authorization_endpoint": "javascript:alert(1)"},
    "no keys": {"jwks_uri": ""},
    "an address that is a number": {"token_endpoint": 5},
    "an address with a name in it": {"token_endpoint": "https://a:b@example.com/"},
}


@pytest.mark.parametrize("kind", DISCOVERY)
async def test_a_provider_that_leads_astray_is_not_followed(ends: Ends, kind: str):
    ends.there.discovery = DISCOVERY[kind]

    with pytest.raises(ProviderUnavailable):
        await ends.go(ends.oidc)


NONSENSE = {
    "an error of its own": Response("x", 503),
    "no JSON": Response("<html>", 200),
    "no text": Response(b"\xff\xfe", 200),
    "a list": JSONResponse([]),
    "far too much": Response(b'{"a": "' + b"x" * 300_000 + b'"}', 200),
    "compressed": Response(b"{}", 200, {"content-encoding": "gzip"}),
    "elsewhere": Response("", 302, {"location": "https://example.com/"}),
}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks"])
@pytest.mark.parametrize("kind", NONSENSE)
async def test_a_provider_that_answers_nonsense_is_unavailable(ends: Ends, kind: str, path: str):
    ends.there.answers[path] = NONSENSE[kind]

    with pytest.raises(ProviderUnavailable):
        await ends.sign_in()


async def test_a_provider_that_takes_its_time_is_not_waited_for(ends: Ends):
    ends.there.held = asyncio.Event()
    way = OidcProvider(ends.registered(timeout_s=0.2), ends.clock)

    with pytest.raises(ProviderUnavailable) as error:
        await way.authorize_uri(asked("s", REDIRECT))
    assert error.value.metadata["cause"] == "it takes too long"


async def test_a_provider_that_is_not_there_is_unavailable(ends: Ends):
    way = OidcProvider(ends.registered(issuer="http://127.0.0.1:1"), ends.clock)

    with pytest.raises(ProviderUnavailable):
        await way.authorize_uri(asked("s", REDIRECT))


async def test_a_client_that_the_provider_does_not_know_is_our_fault(ends: Ends):
    back, ask = await ends.go(ends.oidc)
    ends.there.clients[CLIENT] = "another secret by now"

    with pytest.raises(ProviderUnavailable) as error:
        await ends.oidc.redeem(back.code, ask, issuer=back.issuer)
    assert error.value.metadata["cause"] == "invalid_client"


async def test_a_device_is_let_in_once_its_code_was_typed_elsewhere(ends: Ends):
    made = await ends.oidc.begin_device()
    assert await ends.oidc.poll_device(made.secret) == NotYet()
    ends.there.devices[made.secret] = "slow_down"
    assert await ends.oidc.poll_device(made.secret) == NotYet(slower=True)

    ends.there.approve(made.typed, BOB)

    found = await ends.oidc.poll_device(made.secret)
    assert isinstance(found, Vouched)
    assert found.subject == BOB.subject
    with pytest.raises(IdentityRefused):  # once
        await ends.oidc.poll_device(made.secret)


@pytest.mark.parametrize("error", ["access_denied", "expired_token"])
async def test_a_device_that_is_refused_elsewhere_is_refused(ends: Ends, error: str):
    made = await ends.oidc.begin_device()
    ends.there.devices[made.secret] = error

    with pytest.raises(IdentityRefused) as refusal:
        await ends.oidc.poll_device(made.secret)
    assert refusal.value.metadata["cause"] == error


async def test_devices_are_asked_about_only_where_that_was_set(ends: Ends):
    way = OidcProvider(ends.registered(devices=False), ends.clock)

    with pytest.raises(FieldInvalid):
        await way.begin_device()


@pytest.mark.parametrize(
    "otherwise",
    [
        {"verification_uri": "http://example.com/device"},
        {"verification_uri": "javascript:alert(1)"},
        {"user_code": "A\u001b[2J"},
        {"user_code": "x" * 65},
        {"device_code": ""},
        {"interval": "soon"},
    ],
)
async def test_a_device_code_that_cannot_be_shown_is_refused(ends: Ends, otherwise: Any):
    usual = {
        "device_code": "d",
        "user_code": "TYPE-1",
        "verification_uri": f"{ends.there.url}/device",
    }
    ends.there.answers["/device/code"] = JSONResponse({**usual, **otherwise})

    with pytest.raises(ProviderUnavailable):
        await ends.oidc.begin_device()
