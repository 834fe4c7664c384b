"""Alerts in a real browser: they appear by themselves, are acknowledged and are muted."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.clients.web.pages.conftest import opened
from tests.server.rpc import noticing_operations as noticing
from tests.server.rpc.scenes import Scene
from tests.support.browser import BROWSER, Site

pytestmark = BROWSER


async def test_an_alert_appears_by_itself_is_acknowledged_and_muted(
    signed_in_page: Page, site: Site
):
    page, scene = signed_in_page, Scene(site.core, site.account)
    await opened(page, f"{site.origin}/alerts")
    await page.evaluate("window.opened = true")
    part, dialog = page.locator("[data-part=alerts]"), page.locator("dialog")
    await expect(part).to_contain_text("Nothing is open")

    await noticing.alert(scene)
    await expect(part).to_contain_text("CRIT")
    await part.get_by_role("button", name="Acknowledge").click()
    await expect(part).to_contain_text("seen")
    await expect(page.locator("#say")).to_contain_text("Done")
    assert await page.evaluate("window.opened"), "the page was loaded anew"

    await part.get_by_role("button", name="Mute").click()
    await dialog.get_by_label("for how long").select_option("30")
    await dialog.get_by_role("button", name="Mute").click()
    await expect(part).to_contain_text("is mute until")
    [mute] = (await scene.owner.notices.rules()).mutes
    assert (mute.account, mute.kind) == (scene.id, "near")

    await part.get_by_role("button", name="Tell me again").click()
    await expect(part).not_to_contain_text("is mute until")
    await scene.close()


async def test_what_there_was_and_what_was_sent_is_filtered(signed_in_page: Page, site: Site):
    page, scene = signed_in_page, Scene(site.core, site.account)
    await noticing.alert(scene)
    await scene.owner.notices.test_channel(await noticing.channel(scene))

    await opened(page, f"{site.origin}/alerts?kind=near&level=crit")
    await expect(page.locator(".lines")).to_contain_text("from liquidation")
    await expect(page.locator("tbody")).to_contain_text("test of the channel talk")

    await opened(page, f"{site.origin}/alerts?level=lost&state=dead")
    await expect(page.locator(".lines")).to_contain_text("Nothing of that kind")
    await expect(page.locator("main")).to_contain_text("in the last 30 days")
    await scene.close()
