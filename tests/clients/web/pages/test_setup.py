"""The setup in a real browser: each step shows what is so, sends one call, and says what is wrong.

The whole of it, from `axisor up --sim` to a rescue, is tried in `tests/e2e/test_newcomer.py`.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from playwright.async_api import Browser, Page, Route, expect

from axisor.events import RunState
from axisor_server.adapters.tls import Certificate
from axisor_web import serving as web
from axisor_web.pages.setup import STEPS
from axisor_web.settings import Settings
from tests.clients.web.pages.conftest import Pair
from tests.server.rpc.serving import serving
from tests.support.browser import BROWSER, Site, Watched, axe, profiled, sign_in

pytestmark = BROWSER

PATHS = tuple(f"/setup/{name}".rstrip("/") for name, _ in STEPS)


async def test_every_step_is_shown_and_accessible_narrow_and_wide(
    browser: Browser, watched: Watched, site: Site, pair: Pair
):
    wrong: list[str] = []
    for scheme, width in (("light", 1280), ("dark", 390)):
        size = {"width": width, "height": 900}
        async with profiled(browser, watched, color_scheme=scheme, viewport=size) as context:
            await sign_in(context, site)
            page = await context.new_page()
            for path in PATHS:
                await page.goto(site.origin + path)
                await expect(page.locator("h1").first).to_be_attached()
                wide = await page.evaluate("document.documentElement.scrollWidth")
                wrong += [] if wide <= width else [f"{path} is {wide} wide in {width}"]
                wrong += [f"{path} {scheme}: {each}" for each in await axe(page)]

    assert wrong == []


async def test_the_language_that_is_chosen_stays(signed_in_page: Page, site: Site):
    page = signed_in_page
    await page.goto(f"{site.origin}/setup")
    await page.get_by_label("Português (Brasil)").check()
    await page.get_by_role("button", name="Go on").click()

    await expect(page).to_have_url(f"{site.origin}/setup/venue")
    await expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    await expect(page.get_by_role("heading", name="Onde estão suas posições?")).to_be_visible()


async def test_what_is_pressed_before_the_scripts_run_is_done_when_they_do(
    signed_in_page: Page, site: Site
):
    page, there = signed_in_page, asyncio.Event()

    async def late(route: Route) -> None:
        await there.wait()
        await route.continue_()

    await page.route(re.compile(r"/static/setup\."), late)
    await page.goto(f"{site.origin}/setup", wait_until="commit")
    await page.get_by_role("button", name="Go on").dblclick()
    assert page.url == f"{site.origin}/setup", "nothing can be done yet"

    there.set()

    await expect(page).to_have_url(f"{site.origin}/setup/venue")


async def test_without_scripts_nothing_that_is_typed_gets_into_an_address(
    browser: Browser, watched: Watched, site: Site
):
    async with profiled(browser, watched, java_script_enabled=False) as context:
        await sign_in(context, site)
        page, asked = await context.new_page(), list[str]()
        await page.goto(f"{site.origin}/setup/channel")
        page.on("request", lambda request: asked.append(request.url))
        for each in await page.locator("form input[required]").all():
            await each.fill("canary")
        await page.get_by_role("button", name="Keep it").click()
        await page.goto(f"{site.origin}/setup")

        assert len(asked) > 0
        assert [each for each in asked if "canary" in each] == []


async def keyed(page: Page, site: Site, key: str) -> None:
    """Ask for an account with a key whose name says what it may do."""
    await page.goto(f"{site.origin}/setup/venue")
    await page.get_by_label("another one at books, signet").check()
    await page.get_by_label("a name for it").fill("mine")
    for field in ("key", "secret", "passphrase"):
        await page.get_by_label(field, exact=True).fill(key)
    await page.get_by_role("button", name="Go on").click()


async def test_a_key_is_tried_and_what_it_may_do_is_said(
    browser: Browser, watched: Watched, certificate: Certificate, tmp_path: Path
):
    pair = (tmp_path / "web.pem", tmp_path / "web.key")
    pair[0].write_bytes(certificate.certificate)
    pair[1].write_bytes(certificate.key)
    settings = Settings(port=0, certificate=pair[0], key=pair[1])
    async with (
        serving(certificate) as core,
        core.channel() as channel,
        web.serving(settings, channel) as bridge,
        profiled(browser, watched) as profile,
    ):
        site = Site(core, bridge, "")
        await sign_in(profile, site)
        page = await profile.new_page()
        await keyed(page, site, "wrong")
        await expect(page.get_by_role("alert")).to_contain_text("!")
        assert not await core.accounts()
        assert watched.taken("40[0-9]")

        await keyed(page, site, "withdraws")

        await expect(page).to_have_url(re.compile(r"/setup/account\?account="))
        await expect(page.locator("main")).to_contain_text("DANGER")
        assert [each.label for each in await core.accounts()] == ["mine"]


async def test_a_core_that_plays_offers_nothing_real(signed_in_page: Page, site: Site):
    await signed_in_page.goto(f"{site.origin}/setup/venue")

    await expect(signed_in_page.get_by_role("radio")).to_have_count(1)
    await expect(signed_in_page.get_by_label("passphrase")).to_be_hidden()
    await expect(signed_in_page.locator("main")).to_contain_text("another data directory")


async def test_a_channel_that_lacks_something_is_said_in_place(
    signed_in_page: Page, site: Site, watched: Watched
):
    page = signed_in_page
    await page.goto(f"{site.origin}/setup/channel")
    await page.locator("input[type=password]").first.fill("no address")
    await page.get_by_role("button", name="Keep it").click()

    await expect(page.get_by_role("alert")).to_contain_text("!")
    assert watched.taken("4[0-9][0-9]")


async def test_a_rule_is_shown_before_it_is_armed_and_an_armed_one_is_changed(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page
    await page.goto(f"{site.origin}/setup/guard")
    await page.get_by_role("button", name="calm").click()
    await expect(page.get_by_label("acts below, percent")).to_have_value("4")
    await page.get_by_role("button", name="Show what it would do").click()

    await expect(page).to_have_url(re.compile(r"/setup/arm\?account="))
    run = await pair.client.strategies.get_run(pair.account, pair.run)
    assert '"trigger": "4"' in run.config
    assert '"positions"' in run.config, "what was not asked for stays"
    assert run.state is RunState.RUNNING


async def test_a_rule_that_makes_no_sense_is_refused_in_place(
    signed_in_page: Page, site: Site, pair: Pair, watched: Watched
):
    page = signed_in_page
    await page.goto(f"{site.origin}/setup/guard")
    await page.get_by_label("acts below, percent").fill("a little")
    await page.get_by_role("button", name="Show what it would do").click()

    await expect(page.get_by_role("alert")).to_contain_text("must be a plain number")
    assert watched.taken("400")


async def test_a_crash_is_made_once_and_the_page_shows_the_rescue(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page
    before = site.core.sim.exchange.quote.last
    await page.goto(f"{site.origin}/setup/try")
    await expect(page.locator("#age")).to_contain_text("data")

    await page.get_by_role("button", name="A crash").dblclick()

    await expect(page.locator("main")).to_contain_text("The price moves.")
    assert site.core.sim.exchange.quote.last == round(before * 955 / 500) / 2
