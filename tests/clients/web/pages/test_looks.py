"""Every page in a real browser: it shows, breaks no policy, and is for those who do not see."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.clients.web.pages.conftest import Pair
from tests.support.browser import BROWSER, Site, Watched, axe, profiled, sign_in

pytestmark = BROWSER

PAGES = (
    "/guard",
    "/activity",
    "/activity/1",
    "/orders",
    "/automations",
    "/automations/new/margin-guard",
    "/whatif?price=58000",
    "/system",
    "/alerts",
    "/plugins",
    "/plugins/sleepy",
    "/settings",
    "/api?q=margin",
    "/m",
    "/login",
)


async def test_every_page_is_shown_and_accessible_in_light_and_in_dark(
    browser: Browser, watched: Watched, site: Site, pair: Pair
):
    one = (f"/positions/{pair.guarded.id}", f"/automations/{pair.run}")
    few = ("/", *one, "/automations", "/alerts", "/settings", "/api", "/m", "/login")
    all_of_them = ("/", *one, *PAGES)
    wrong: list[str] = []
    for scheme, width, pages in (("light", 1280, all_of_them), ("dark", 390, few)):
        size = {"width": width, "height": 900}
        async with profiled(browser, watched, color_scheme=scheme, viewport=size) as context:
            page = await context.new_page()
            for path in reversed(pages):
                await page.goto(site.origin + path)
                await expect(page.locator("h1").first).to_be_attached()
                wide = await page.evaluate("document.documentElement.scrollWidth")
                wrong += [] if wide <= width else [f"{path} is {wide} wide in {width}"]
                wrong += [f"{path} {scheme}: {each}" for each in await axe(page)]
                if path == "/login":
                    await sign_in(context, site)

    assert wrong == []


async def test_a_reader_of_portuguese_reads_portuguese(
    browser: Browser, watched: Watched, site: Site, pair: Pair
):
    async with profiled(browser, watched, locale="pt-BR") as context:
        await sign_in(context, site)
        page = await context.new_page()
        await page.goto(site.origin)

        await expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
        await expect(page.get_by_role("heading", name="Posições")).to_be_visible()
        await expect(page.locator("#price")).to_have_text("60.000")
        await expect(page.locator("#age")).to_contain_text("dados")


async def test_a_phone_has_a_gauge_for_each_position_and_targets_for_thumbs(
    browser: Browser, watched: Watched, site: Site, pair: Pair
):
    size = {"width": 390, "height": 844}
    async with profiled(browser, watched, viewport=size) as context:
        await sign_in(context, site)
        page = await context.new_page()
        await page.goto(f"{site.origin}/m")

        await expect(page.locator("main .gauge")).to_have_count(2)
        for name in ("Add margin", "Pause the guard", "HALT"):
            box = await page.locator("main").get_by_role("button", name=name).first.bounding_box()
            assert box is not None
            assert box["height"] >= 48
            assert box["width"] >= 300


async def test_what_somebody_is_called_cannot_become_a_script(
    signed_in_page: Page, site: Site, pair: Pair
):
    name = "<img src=x onerror=document.title='taken'>"
    await pair.client.accounts.update(pair.account, label=name)

    await signed_in_page.goto(site.origin)

    await expect(signed_in_page.locator("footer")).to_contain_text(name)
    assert "taken" not in await signed_in_page.title()


async def test_a_position_that_is_gone_has_a_page_that_says_so(
    signed_in_page: Page, site: Site, pair: Pair, watched: Watched
):
    await signed_in_page.goto(f"{site.origin}/positions/gone")

    await expect(signed_in_page.locator("main")).to_contain_text("not open any more")
    assert watched.taken("404")


@pytest.mark.parametrize("path", ["/", "/guard", "/live?parts=bar"])
async def test_nobody_sees_a_page_without_signing_in(page: Page, site: Site, path: str):
    answer = await page.request.get(site.origin + path, max_redirects=0)

    assert answer.status in {303, 401}
    assert site.account.rpartition("/")[2] not in await answer.text()
