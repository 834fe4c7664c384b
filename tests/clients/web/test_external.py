"""Signing in at a provider, and by a second factor: the page sees neither tokens nor handles."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pyotp
import pytest

from axisor.client import Client
from axisor.client.calls import Caller
from axisor.ports import Secret
from axisor_server.adapters.identity.clients import Registered
from axisor_server.adapters.identity.oidc import OidcProvider
from axisor_server.adapters.system import SystemClock
from axisor_server.adapters.tls import Certificate
from axisor_web.serving import Served as Bridge
from axisor_web.sessions import BEGUN, COOKIE
from tests.clients.web.test_browser import PERSON, registered
from tests.server.rpc.serving import TOKEN, Served, serving
from tests.support.provider import ADA, CLIENT, SECRET, Provider, Returned, browse, provider


@pytest.fixture
async def there() -> AsyncIterator[Provider]:
    """Run a provider on loopback."""
    async with provider(SystemClock()) as found:
        yield found


@pytest.fixture
async def core(certificate: Certificate, there: Provider) -> AsyncIterator[Served]:
    """Serve a core that believes the provider and takes everybody."""
    at = Registered(name="test", issuer=there.url, client_id=CLIENT, secret=Secret(SECRET))
    async with serving(certificate, providers=(OidcProvider(at, SystemClock()),)) as served:
        yield served


@pytest.fixture
def ours(bridge: Bridge) -> dict[str, str]:
    """Say that a request comes from our own page."""
    return {"origin": bridge.origin}


async def begun(anyone: httpx.AsyncClient, ours: dict[str, str]) -> tuple[Returned, str]:
    """Begin, and return what the browser came back with and its cookie."""
    said = {"provider": "identityProviders/test"}
    answer = await anyone.post("/session:beginExternalSignIn", json=said, headers=ours)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"authorizationUri", "expireTime"}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{BEGUN}=")
    for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert word in cookie
    return await browse(answer.json()["authorizationUri"]), cookie.partition(";")[0]


def finishing(back: Returned) -> dict[str, str]:
    return {"state": back.state, "code": back.code, "issuer": back.issuer}


async def test_a_page_signs_in_at_a_provider_and_holds_nothing_but_cookies(
    anyone: httpx.AsyncClient, ours: dict[str, str], bridge: Bridge, core: Served
):
    async with core.channel() as opened, Client(Caller(opened, token=Secret(TOKEN))) as owner:
        invited = await owner.users.invite(ADA.email, silent=True)
    back, cookie = await begun(anyone, ours)

    answer = await anyone.post(
        "/session:finishExternalSignIn",
        json=finishing(back) | {"invitation": invited.proof.reveal()},
        headers=ours | {"cookie": cookie},
    )
    assert answer.status_code == 200, answer.text
    inside = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    me = await anyone.get("/v1/me", headers=inside)

    assert set(answer.json()) == {"signedIn", "csrf"}, answer.text
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=")
    assert me.json()["person"]["email"] == "ada@example.org"
    assert len(bridge.sessions) == 1


async def test_what_a_browser_came_back_with_is_good_once_and_in_that_browser_alone(
    anyone: httpx.AsyncClient, ours: dict[str, str], bridge: Bridge
):
    back, cookie = await begun(anyone, ours)
    path, said = "/session:finishExternalSignIn", finishing(back)

    elsewhere = await anyone.post(path, json=said, headers=ours | {"cookie": f"{BEGUN}=guessed"})
    forged = said | {"state": "another"}
    wrong = await anyone.post(path, json=forged, headers=ours | {"cookie": cookie})
    again = await anyone.post(path, json=said, headers=ours | {"cookie": cookie})

    assert {each.status_code for each in (elsewhere, wrong, again)} <= {400, 401, 403}
    assert len(bridge.sessions) == 0


@pytest.mark.parametrize("origin", ["https://evil.example", ""])
async def test_no_sign_in_begins_on_a_stranger_s_page(anyone: httpx.AsyncClient, origin: str):
    headers = {"origin": origin} if origin else {}
    answer = await anyone.post(
        "/session:beginExternalSignIn",
        json={"provider": "identityProviders/test"},
        headers=headers,
    )

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", ["[]", "{}", '{"provider": 1}', '{"provider": "nobody"}', "{"])
async def test_a_sign_in_at_nobody_is_refused(
    anyone: httpx.AsyncClient, ours: dict[str, str], body: str
):
    answer = await anyone.post("/session:beginExternalSignIn", content=body, headers=ours)

    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


async def test_a_second_factor_is_asked_for_before_a_session_opens(
    anyone: httpx.AsyncClient, ours: dict[str, str], bridge: Bridge, core: Served
):
    await registered(anyone, core)
    signed = (await anyone.post("/v1/auth:login", json=PERSON)).json()["signedIn"]
    token = Secret(signed["accessToken"])
    async with core.channel() as opened, Client(Caller(opened, token=token)) as person:
        secret, _ = await person.users.enrol_totp()
        codes = await person.users.confirm_totp(Secret(pyotp.TOTP(secret.reveal()).now()))

    first = await anyone.post("/session:login", json=PERSON, headers=ours)
    challenge = first.json()["challenge"]["challenge"]
    wrong = await anyone.post(
        "/session:answerChallenge", json={"challenge": challenge, "code": "000000"}, headers=ours
    )
    sessions = len(bridge.sessions)
    right = await anyone.post(
        "/session:answerChallenge",
        json={"challenge": challenge, "code": codes[0].reveal()},
        headers=ours,
    )

    assert "set-cookie" not in first.headers
    assert "oken" not in first.text
    assert (wrong.status_code, sessions) == (401, 0)
    assert right.status_code == 200, right.text
    assert right.headers["set-cookie"].startswith(f"{COOKIE}=")
