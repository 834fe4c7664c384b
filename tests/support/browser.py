"""Debian's Chromium for tests of pages: one browser for all of a worker, a fresh profile for each.

A page that says an error, breaks its policies or asks another host fails its test. Modules that use
these fixtures say `pytestmark = BROWSER`: they run on one worker and in one loop, as Playwright
and the browser do.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from msgspec import Struct
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    async_playwright,
    expect,
)

from axisor.ports import Secret
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor_server.adapters.tls import Certificate
from axisor_web import serving as web
from axisor_web.sessions import COOKIE, Tokens
from axisor_web.settings import Settings
from tests.server.rpc.serving import TOKEN, Served, bearer, creation, serving

CHROMIUM = shutil.which("chromium")
AXE = Path(__file__).parents[1] / "clients/web/node/node_modules/axe-core/axe.min.js"
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)
PATIENCE_MS = 45_000
expect.set_options(timeout=PATIENCE_MS)
HERE = frozenset({"127.0.0.1", "localhost", "::1"})
LOCAL = frozenset({"about", "blob", "data"})

BROWSER = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.asyncio(loop_scope="session"),
]


class Site(Struct, frozen=True):
    """A core, a bridge before it, and an account there."""

    core: Served
    bridge: web.Served
    account: str

    @property
    def origin(self) -> str:
        """Return where the bridge is."""
        return self.bridge.origin


class Watched:
    """What went wrong in a browser; a test that wants it so takes it out."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        """Note errors of all pages of a browser's profile."""
        context.on("console", self._said)
        context.on("weberror", lambda broken: self._note(True, str(broken.error)))
        context.on("request", self._asked)

    def taken(self, *patterns: str) -> list[str]:
        """Return the problems that match, and expect them no more."""
        found = [each for each in self.problems if any(re.search(one, each) for one in patterns)]
        self.problems = [each for each in self.problems if each not in found]
        return found

    def _said(self, said: ConsoleMessage) -> None:
        # A browser asks for this by itself, whatever the page says.
        unasked = urlsplit(said.location["url"]).path == "/favicon.ico"
        self._note(said.type == "error" and not unasked, said.text)

    def _asked(self, request: Request) -> None:
        url = urlsplit(request.url)
        away = url.scheme not in LOCAL and url.hostname not in HERE
        self._note(away, f"asked another host: {request.url}")

    def _note(self, wrong: bool, what: str) -> None:
        if wrong:
            self.problems.append(what)


@asynccontextmanager
async def standing(
    certificate: Certificate,
    folder: Path,
    *,
    secure: bool = True,
    site: web.Site = web.site,
    **core: Any,
) -> AsyncIterator[Site]:
    """Run a core with an account and a bridge before it, over TLS unless told otherwise."""
    pair: dict[str, Path] = {}
    if secure:
        pair = {"certificate": folder / "web.pem", "key": folder / "web.key"}
        pair["certificate"].write_bytes(certificate.certificate)
        pair["key"].write_bytes(certificate.key)
    settings = Settings(port=0, **pair)  # type: ignore[arg-type]
    async with serving(certificate, **core) as served, served.channel() as channel:
        made = await AccountServiceStub(channel).CreateAccount(creation(), metadata=bearer())
        async with web.serving(settings, channel, site=site) as bridge:
            yield Site(served, bridge, made.account.name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Run one browser for all tests of this worker."""
    if CHROMIUM is None:
        pytest.skip("chromium is not here: apt-get install chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=list(ARGUMENTS)
        )
        yield opened
        await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """Run a core and a bridge over TLS for the tests of a module."""
    async with standing(certificate, tmp_path_factory.mktemp("web")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def watched() -> Watched:
    """Note what goes wrong in the browser of a test."""
    return Watched()


@pytest_asyncio.fixture(loop_scope="session")
async def profile(browser: Browser, watched: Watched) -> AsyncIterator[BrowserContext]:
    """Open an empty profile, and fail the test for what went wrong in it."""
    async with profiled(browser, watched) as context:
        yield context


@pytest_asyncio.fixture(loop_scope="session")
async def page(profile: BrowserContext) -> Page:
    """Open a page where nobody is signed in."""
    return await profile.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def signed_in_page(profile: BrowserContext, site: Site) -> Page:
    """Open a page where the owner is signed in; it is not anywhere yet."""
    await sign_in(profile, site)
    return await profile.new_page()


@asynccontextmanager
async def profiled(
    browser: Browser, watched: Watched, **options: Any
) -> AsyncIterator[BrowserContext]:
    """Open an empty profile; options are those of Playwright, such as `viewport` or `locale`."""
    # The certificate is the core's own, which no authority vouches for.
    context = await browser.new_context(ignore_https_errors=True, **options)
    context.set_default_timeout(PATIENCE_MS)
    watched.watch(context)
    try:
        yield context
    finally:
        await context.close()
    assert watched.problems == [], watched.problems


async def sign_in(profile: BrowserContext, site: Site, token: str = TOKEN) -> None:
    """Open a session of a token's in a profile, as the link that the bridge prints does."""
    cookie, _ = site.bridge.sessions.begin(Tokens(Secret(token)))
    await profile.add_cookies(
        [
            {
                "name": COOKIE,
                "value": cookie,
                "url": site.origin,
                "httpOnly": True,
                "secure": True,
                "sameSite": "Strict",
            }
        ]
    )


async def axe(page: Page, *, but: Iterable[str] = ()) -> list[str]:
    """Return what axe-core has against a page by WCAG 2.2 AA, a line each; `but` are its rules.

    Its script comes by the debugger, which the page's own policies do not stand against.
    """
    if not AXE.exists():
        pytest.skip("axe-core is not here: npm ci in tests/clients/web/node")
    await page.evaluate(AXE.read_text() + "; undefined")
    found: dict[str, Any] = await page.evaluate(
        """async (off) => await axe.run(document, {
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
            rules: Object.fromEntries(off.map((rule) => [rule, { enabled: false }])),
            resultTypes: ["violations"],
        })""",
        list(but),
    )
    return [
        f"{each['id']}: {each['help']}: {node['html']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
