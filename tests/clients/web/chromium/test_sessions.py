"""The cookie of sessions in a real browser: kept over TLS and on loopback, sent to nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from axisor.ports import Secret
from axisor_server.adapters.tls import Certificate
from axisor_web.sessions import COOKIE, Tokens
from tests.server.rpc.serving import TOKEN
from tests.support.browser import BROWSER, Site, Watched, profiled, standing

pytestmark = BROWSER

ENTER = """async (code) => (await fetch("/session:enter", {
    method: "POST", body: JSON.stringify({ code }),
})).json()"""
READ = "async () => (await fetch('/v1/accounts')).status"
CHANGE = """async ([account, csrf]) => (await fetch(`/v1/${account}:halt`, {
    method: "POST",
    headers: { "x-axisor-csrf": csrf },
    body: JSON.stringify({
        requestId: "0d9f3c7e-0000-4000-8000-00000000cccc", level: "HALT_LEVEL_RISK",
    }),
})).status"""


async def entered(page: Page, site: Site, origin: str) -> str:
    """Come in by a link, as its page does, and return the word of the session."""
    await page.goto(f"{origin}/openapi.json")
    code = site.bridge.sessions.entry(Tokens(Secret(TOKEN)))
    said = await page.evaluate(ENTER, code)
    assert said["signedIn"] is True
    return str(said["csrf"])


async def kept(profile: BrowserContext) -> dict[str, object]:
    """Return the cookie that the browser kept."""
    (cookie,) = await profile.cookies()
    return dict(cookie)


async def test_over_tls_a_session_is_kept_and_no_script_reads_it(
    page: Page, profile: BrowserContext, site: Site
):
    csrf = await entered(page, site, site.origin)

    cookie = await kept(profile)
    assert cookie["name"] == COOKIE
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
    assert await page.evaluate("document.cookie") == ""
    assert await page.evaluate(READ) == 200
    assert await page.evaluate(CHANGE, [site.account, csrf]) == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_on_loopback_a_session_is_kept_without_tls(
    browser: Browser, watched: Watched, certificate: Certificate, tmp_path: Path, host: str
):
    async with (
        standing(certificate, tmp_path, secure=False) as site,
        profiled(browser, watched) as profile,
    ):
        origin = site.origin.replace("127.0.0.1", host)
        assert origin.startswith("http://")
        page = await profile.new_page()
        csrf = await entered(page, site, origin)

        assert (await kept(profile))["name"] == COOKIE
        assert await page.evaluate("document.cookie") == ""
        assert await page.evaluate(READ) == 200
        assert await page.evaluate(CHANGE, [site.account, csrf]) == 200


async def test_another_site_s_page_sends_no_cookie(
    signed_in_page: Page, site: Site, watched: Watched
):
    head = await site.core.head(site.account)
    await signed_in_page.set_content("<p>of another site</p>")

    said = await signed_in_page.evaluate(
        """async (url) => fetch(url, {
            method: "POST", mode: "no-cors", credentials: "include", body: "{}",
        }).then((answer) => answer.type, () => "refused")""",
        f"{site.origin}/v1/{site.account}:halt",
    )

    watched.taken("Failed to load", "net::ERR", "CORS", "blocked")
    assert said in {"opaque", "refused"}
    assert await site.core.head(site.account) == head


async def test_a_signed_in_page_reads_and_stops_when_it_signed_out(
    signed_in_page: Page, profile: BrowserContext, site: Site, watched: Watched
):
    await signed_in_page.goto(f"{site.origin}/session")
    csrf = await signed_in_page.evaluate("JSON.parse(document.body.textContent).csrf")
    before = await signed_in_page.evaluate(READ)

    out = await signed_in_page.evaluate(
        """async (csrf) => (await fetch("/session:logout", {
            method: "POST", headers: { "x-axisor-csrf": csrf },
        })).status""",
        csrf,
    )

    assert (before, out) == (200, 200)
    assert await profile.cookies() == []
    assert await signed_in_page.evaluate(READ) == 401
    watched.taken("401")
