"""Signing in at a provider in a real browser: there and back, and no script sees what proves it."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from axisor.client import Client
from axisor.client.calls import Caller
from axisor.ports import Secret
from axisor_server.adapters.identity.clients import Registered
from axisor_server.adapters.identity.oidc import OidcProvider
from axisor_server.adapters.system import SystemClock
from axisor_server.adapters.tls import Certificate
from axisor_web.app import Parts
from axisor_web.browser import RETURN
from tests.server.rpc.serving import TOKEN
from tests.support.browser import BROWSER, Watched, profiled, standing
from tests.support.provider import ADA, CLIENT, SECRET, provider

pytestmark = BROWSER

BEGIN = """async () => (await fetch("/session:beginExternalSignIn", {
    method: "POST", body: JSON.stringify({ provider: "identityProviders/test" }),
})).json()"""
FINISH = """async (invitation) => {
    const back = new URLSearchParams(location.search);
    const [state, code, issuer] = ["state", "code", "iss"].map((name) => back.get(name));
    return (await fetch("/session:finishExternalSignIn", {
        method: "POST", body: JSON.stringify({ state, code, issuer, invitation }),
    })).json();
}"""
ME = "async () => (await fetch('/v1/me')).json()"


async def returned(request: Request) -> Response:
    """Show the page that a provider sends browsers back to."""
    return HTMLResponse("<!doctype html><title>back</title>")


def pages(parts: Parts) -> tuple[BaseRoute, ...]:
    """Return the route of that page."""
    return (Route(RETURN, returned),)


async def test_a_browser_goes_to_a_provider_and_comes_back_signed_in(
    browser: Browser, watched: Watched, certificate: Certificate, tmp_path: Path
):
    clock = SystemClock()
    async with provider(clock) as there:
        at = Registered(name="test", issuer=there.url, client_id=CLIENT, secret=Secret(SECRET))
        async with (
            standing(
                certificate,
                tmp_path,
                secure=False,
                site=pages,
                providers=(OidcProvider(at, clock),),
            ) as site,
            site.core.channel() as channel,
            Client(Caller(channel, token=Secret(TOKEN))) as owner,
            profiled(browser, watched) as profile,
        ):
            invited = await owner.users.invite(ADA.email, silent=True)
            page = await profile.new_page()
            await page.goto(site.origin + RETURN)
            begun = await page.evaluate(BEGIN)
            await page.goto(begun["authorizationUri"])
            finished = await page.evaluate(FINISH, invited.proof.reveal())
            me = await page.evaluate(ME)

            assert "handle" not in begun
            assert page.url.startswith(site.origin + RETURN)
            assert set(finished) == {"signedIn", "csrf"}
            assert me["person"]["email"] == ADA.email.lower()
            assert await page.evaluate("document.cookie") == ""
