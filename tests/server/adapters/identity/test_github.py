"""GitHub's own way: a token for a code, and who holds it asked with the token."""

from __future__ import annotations

import msgspec
import pytest
from starlette.responses import JSONResponse, Response
from tests.server.adapters.identity.kit import Ends, ends
from tests.support.provider import ADA

from axisor.errors import IdentityRefused, ProviderUnavailable
from axisor_server.adapters.identity.github import GithubProvider
from axisor_server.domain.identities import NotYet, Vouched, asked

__all__ = ["ends"]


async def refused(ends: Ends) -> str:
    """Return why a sign-in is refused."""
    with pytest.raises(IdentityRefused) as error:
        await ends.sign_in(ends.github)
    return error.value.metadata["cause"]


async def test_a_person_is_their_number_and_their_primary_address(ends: Ends):
    found = await ends.sign_in(ends.github)

    assert found == Vouched(
        issuer=ends.there.url, subject="4711", email="ada@example.org", title="Ada L."
    )


@pytest.mark.parametrize("verified", [False, None, "true"])
async def test_a_primary_address_that_is_not_verified_is_no_address(ends: Ends, verified: object):
    ends.there.consents = msgspec.structs.replace(ADA, verified=verified)

    assert await refused(ends) == "email"


async def test_no_primary_address_is_no_address(ends: Ends):
    only = [{"email": "old@example.org", "primary": False, "verified": True}, "nonsense"]
    ends.there.answers["/api/v3/user/emails"] = JSONResponse(only)

    assert await refused(ends) == "email"


@pytest.mark.parametrize("id", [None, "4711", True, -1, 1.5])
async def test_whoever_has_no_number_is_nobody(ends: Ends, id: object):
    ends.there.answers["/api/v3/user"] = JSONResponse({"id": id})

    assert await refused(ends) == "user"


async def test_a_code_counts_once_though_its_refusal_looks_like_an_answer(ends: Ends):
    back, ask = await ends.go(ends.github)
    await ends.github.redeem(back.code, ask, issuer=back.issuer)

    with pytest.raises(IdentityRefused) as error:
        await ends.github.redeem(back.code, ask, issuer=back.issuer)
    assert error.value.metadata["cause"] == "invalid_grant"


async def test_an_answer_of_another_provider_is_not_told_to_github(ends: Ends):
    back, ask = await ends.go(ends.github)

    with pytest.raises(IdentityRefused):
        await ends.github.redeem(back.code, ask, issuer="https://accounts.example.com")
    assert ends.there.asked["/login/oauth/access_token"] == 0


@pytest.mark.parametrize("path", ["/login/oauth/access_token", "/api/v3/user/emails"])
async def test_a_github_that_answers_nonsense_is_unavailable(ends: Ends, path: str):
    ends.there.answers[path] = Response("<html>", 200)

    with pytest.raises(ProviderUnavailable):
        await ends.sign_in(ends.github)


async def test_a_device_is_let_in_by_github(ends: Ends):
    made = await ends.github.begin_device()
    assert await ends.github.poll_device(made.secret) == NotYet()
    ends.there.approve(made.typed, ADA)

    found = await ends.github.poll_device(made.secret)

    assert isinstance(found, Vouched)
    assert found.subject == "4711"


async def test_the_public_github_is_asked_at_its_own_addresses(ends: Ends):
    way = GithubProvider(ends.registered(issuer="https://github.com"))

    uri = await way.authorize_uri(asked("s", "http://127.0.0.1:9/"))

    assert uri.startswith("https://github.com/login/oauth/authorize?response_type=code&client_id=")
    assert "scope=read%3Auser+user%3Aemail" in uri
