"""Settings in a real browser: how pages look, channels whose secrets are sealed, and ways in."""

from __future__ import annotations

from playwright.async_api import Page, expect
from pyotp import TOTP

from tests.clients.web.pages.conftest import opened
from tests.server.rpc.scenes import Scene
from tests.server.rpc.test_people import ADA, PASSWORD
from tests.support.browser import BROWSER, Site

pytestmark = BROWSER
URL = "https://hooks.example.org/secret-of-the-channel"


async def test_language_theme_and_unit_stay_in_the_browser(signed_in_page: Page, site: Site):
    page = signed_in_page
    await opened(page, f"{site.origin}/settings")
    await page.get_by_label("theme").select_option("dark")
    await page.get_by_label("unit of amounts").select_option("btc")
    await page.get_by_label("language").select_option("pt-BR")
    await page.get_by_role("button", name="Keep").click()

    await expect(page.get_by_role("heading", name="Como as páginas aparecem")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.goto(site.origin)
    await expect(page.locator("[data-part=safety]")).to_contain_text("BTC")
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(14, 19, 25)"


async def test_a_channel_is_made_tested_paused_and_removed_and_shows_no_secret(
    signed_in_page: Page, site: Site
):
    page, scene = signed_in_page, Scene(site.core, site.account)
    dialog, channels = page.locator("dialog"), page.locator("#channels")
    await opened(page, f"{site.origin}/settings")
    await page.get_by_role("button", name="Add a channel discord").click()
    await dialog.get_by_label("what you call it").fill("talk")
    await dialog.locator("input[name=secret_url]").fill(URL)
    await dialog.get_by_label("hears what is at least").select_option("crit")
    await dialog.get_by_role("button", name="Add a channel").click()

    await expect(channels).to_contain_text("sealed: url")
    assert URL not in await page.content()
    [made] = (await scene.owner.notices.list_channels()).items
    assert (made.label, made.min_level.value) == ("talk", "crit")

    await channels.get_by_role("button", name="Send a test").click()
    await expect(dialog).to_contain_text("A test is on its way")
    await dialog.get_by_role("button", name="Close this").click()
    await channels.get_by_role("button", name="Pause").click()
    await expect(channels).to_contain_text("paused")
    await channels.get_by_role("button", name="Remove").click()
    await dialog.get_by_role("button", name="Remove").click()

    await expect(channels).to_contain_text("You have no channel")
    assert (await scene.owner.notices.list_channels()).items == ()
    await scene.close()


async def test_quiet_hours_are_changed_and_the_rest_of_the_rules_stays(
    signed_in_page: Page, site: Site
):
    page, scene = signed_in_page, Scene(site.core, site.account)
    await scene.owner.notices.update_rules(daily_at="08:00")
    await opened(page, f"{site.origin}/settings")
    await page.get_by_role("button", name="Change how you are told").click()
    await page.get_by_label("quiet hours begin").fill("23:00")
    await page.get_by_label("quiet hours end").fill("07:00")
    await page.locator("dialog").get_by_role("button", name="Change how you are told").click()

    await expect(page.locator("main")).to_contain_text("23:00–07:00")
    rules = await scene.owner.notices.rules()
    assert (rules.quiet_begin, rules.quiet_end, rules.daily_at) == ("23:00", "07:00", "08:00")
    await scene.close()


async def test_a_person_ends_another_session_and_sets_up_a_second_factor(page: Page, site: Site):
    scene = Scene(site.core, site.account)
    await scene.ada()
    await page.goto(f"{site.origin}/settings")
    await page.get_by_label("e-mail").fill(ADA)
    await page.get_by_label("password").fill(PASSWORD.reveal())
    await page.keyboard.press("Enter")
    own, dialog = page.locator("#sign-in"), page.locator("dialog")
    await expect(own).to_contain_text("this one")
    await own.get_by_role("button", name="End it").click()
    await dialog.get_by_role("button", name="End it").click()
    await expect(own.get_by_role("button", name="End it")).to_have_count(0)

    await own.get_by_role("button", name="Set up a second factor").click()
    await dialog.get_by_role("button", name="Set up a second factor").click()
    await expect(dialog.locator("pre").nth(1)).to_contain_text("otpauth://")
    secret = await dialog.locator("pre").first.inner_text()
    await dialog.get_by_role("button", name="Close this").click()
    await own.get_by_role("button", name="Confirm with a code").click()
    await dialog.get_by_label("code of your app").fill(TOTP(secret).now())
    await dialog.get_by_role("button", name="Confirm with a code").click()

    await expect(dialog.locator("pre")).not_to_be_empty()
    await dialog.get_by_role("button", name="Close this").click()
    await expect(own).to_contain_text("asked for")
    await scene.close()
