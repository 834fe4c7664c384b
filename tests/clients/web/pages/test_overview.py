"""The overview in a real browser: what it shows, and that it stays true while it is open."""

from __future__ import annotations

import re

from playwright.async_api import Page, Route, expect

from tests.clients.web.pages.conftest import Pair, opened
from tests.support.browser import BROWSER, Site, Watched

pytestmark = BROWSER


async def test_it_shows_the_twins_the_guard_and_how_far_it_holds(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page

    await page.goto(site.origin)

    await expect(page.locator(".mode")).to_contain_text("SIM")
    await expect(page.locator(".guarded")).to_contain_text("ARMED")
    await expect(page.locator(".bar .floor")).to_contain_text("%")
    await expect(page.locator('tr[data-name="A"]')).to_contain_text("guarded")
    await expect(page.locator('tr[data-name="B"]')).to_contain_text("unguarded")
    await expect(page).to_have_title(re.compile(r"^3\.8% ! "))


async def test_a_rescue_appears_without_a_reload_and_is_said_aloud(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page
    await opened(page, site.origin)
    await page.evaluate("window.opened = true")

    site.core.sim.move("58800")

    rescued = page.locator('tr[data-name="A"]')
    await expect(rescued).to_contain_text("5.00%")
    await expect(rescued).to_contain_text("OK")
    await expect(page.locator('tr[data-name="B"]')).to_contain_text("CRIT")
    await expect(page.locator("[data-part=activity]")).to_contain_text("guard add")
    await expect(page.locator("#say")).to_contain_text("guard: add")
    await expect(page.locator("#icon")).to_have_attribute("href", re.compile("icon-crit"))
    assert await page.evaluate("window.opened"), "the page was loaded anew"


async def test_the_most_endangered_position_comes_first(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page
    await page.goto(site.origin)
    await pair.client.margin.add_margin(pair.account, pair.unguarded.id, 50_000)

    await expect(page.locator("tbody tr").first).to_have_attribute("data-name", "A")


async def test_what_is_old_is_grey_and_says_so(
    signed_in_page: Page, site: Site, pair: Pair, watched: Watched
):
    page = signed_in_page
    await opened(page, site.origin)

    await site.core.server.stop(0)

    await expect(page.locator("#link")).to_contain_text("The core is not heard")
    await expect(page.locator("body")).to_have_class(re.compile("stale"))
    await expect(page.locator("#age")).to_contain_text("stale")
    await expect(page).to_have_title(re.compile("~"))
    watched.taken("")


async def test_a_stream_that_is_refused_is_asked_for_again(
    signed_in_page: Page, site: Site, pair: Pair, watched: Watched
):
    page, refusals = signed_in_page, [502, 503]

    async def refused(route: Route) -> None:
        if refusals:
            await route.fulfill(status=refusals.pop())
        else:
            await route.continue_()

    await page.route(re.compile(r"/live\?"), refused)
    await page.goto(site.origin)
    await expect(page.locator("#link")).to_contain_text("The core is not heard")

    site.core.sim.move("59000")

    await expect(page.locator("#price")).to_have_text("59,000")
    await expect(page.locator("#link")).to_be_hidden()
    assert len(watched.taken("50[23]")) == 2


async def test_whose_session_is_over_is_sent_to_the_door(
    signed_in_page: Page, site: Site, pair: Pair, watched: Watched
):
    page = signed_in_page

    async def over(route: Route) -> None:
        (cookie,) = await page.context.cookies()
        site.bridge.sessions.end(cookie["value"])
        await route.continue_()

    await page.route(re.compile(r"/live\?"), over)
    await page.goto(site.origin)

    await expect(page).to_have_url(re.compile("/login"))
    assert watched.taken("401")


async def test_a_focused_button_stays_in_hand_while_figures_change(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page
    await page.goto(site.origin)
    button = page.locator('tr[data-name="B"]').get_by_role("button", name="Add margin")
    await expect(page.locator("#age")).to_contain_text("data")
    await button.focus()

    site.core.sim.move("59000")

    await expect(page.locator("#price")).to_have_text("59,000")
    await expect(button).to_be_focused()
