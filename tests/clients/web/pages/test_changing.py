"""Forms: what cannot be taken back takes a typed word, and where the core wants one, a proof."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from axisor.model import PlatformRole
from axisor.v1 import strategies_pb2 as pb
from tests.clients.web.pages.conftest import opened
from tests.server.rpc.scenes import Scene
from tests.server.rpc.test_people import PASSWORD, enter
from tests.support.browser import BROWSER, Site, Watched, sign_in
from tests.support.sleepy import PLUGIN, SLEEPY

pytestmark = BROWSER
STALE = "token-of-somebody-who-proved-it-long-ago"


async def test_a_plugin_is_configured_and_disabled_by_a_typed_word(
    signed_in_page: Page, site: Site, watched: Watched
):
    page, dialog, PLUGIN.naps = signed_in_page, signed_in_page.locator("dialog"), 1
    await opened(page, f"{site.origin}/plugins")
    await page.get_by_role("link", name="Configure sleepy").click()
    settings = page.get_by_label("settings", exact=True)
    await settings.fill('{"naps": 4')
    await page.get_by_role("button", name="Show what it changes").click()
    await expect(page.locator("main")).to_contain_text("is no JSON")
    await settings.fill('{"naps": 4}')
    await page.get_by_role("button", name="Show what it changes").click()
    await expect(dialog.locator("table")).to_contain_text('"naps": 4')
    await dialog.get_by_label("Type “configure”").fill("disable")
    await dialog.get_by_role("button", name="Configure").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("another")
    assert PLUGIN.naps == 1
    await page.keyboard.press("Escape")

    await page.get_by_role("button", name="Show what it changes").click()
    await dialog.get_by_label("Type “configure”").fill("configure")
    await dialog.get_by_role("button", name="Configure").click()
    await expect(dialog).not_to_be_visible()
    assert PLUGIN.naps == 4
    await expect(settings).to_have_value(re.compile('"naps": 4'))

    await opened(page, f"{site.origin}/plugins")
    await page.get_by_role("button", name="Disable").click()
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await dialog.get_by_label("Type “disable”").fill("disable")
    await dialog.get_by_role("button", name="Disable").click()
    await expect(page.get_by_role("button", name="Disable")).to_have_count(0)
    scene = Scene(site.core, site.account)
    found = await scene.owner.strategies.list_plugins()
    enabled = [each.name for each in found.items if each.state == pb.PLUGIN_STATE_ENABLED]
    assert f"plugins/{SLEEPY}" not in enabled
    await scene.close()
    assert watched.taken("400", "422")


async def test_a_stale_proof_is_asked_for_again_and_a_wrong_one_changes_nothing(
    page: Page, site: Site, watched: Watched
):
    scene = Scene(site.core, site.account)
    person = (await (await scene.ada()).users.me()).name.rpartition("/")[2]
    site.core.guests.people[STALE] = (person, PlatformRole.OWNER, 0)
    await sign_in(page.context, site, STALE)
    dialog = page.locator("dialog")
    await opened(page, f"{site.origin}/settings")
    await page.get_by_role("button", name="Make a token").click()
    await dialog.get_by_label("what it is for").fill("bot")
    await dialog.get_by_role("button", name="Make a token").click()

    await expect(dialog).to_contain_text("Prove that it is you")
    await dialog.get_by_label("password", exact=True).fill("a wrong horse 9")
    await dialog.get_by_role("button", name="Make a token").click()

    await expect(dialog.get_by_role("alert")).to_contain_text("Not done")
    assert (await scene.owner.tokens.list()).items == ()
    assert watched.taken("40[0-9]")
    await scene.close()


async def test_a_proof_that_holds_makes_the_change_and_shows_the_secret_once(
    page: Page, site: Site
):
    scene = Scene(site.core, site.account)
    ada = await scene.ada()
    await sign_in(page.context, site, (await enter(site.core)).access.reveal())
    await opened(page, f"{site.origin}/settings")
    dialog = page.locator("dialog")
    await page.get_by_role("button", name="Make a token").click()
    await dialog.get_by_label("what it is for").fill("bot")
    await dialog.locator("form").evaluate(
        """(form, password) => {
            const proof = document.createElement("input");
            Object.assign(proof, { type: "hidden", name: "proof_password", value: password });
            form.append(proof);
        }""",
        PASSWORD.reveal(),
    )
    await dialog.get_by_role("button", name="Make a token").click()

    await expect(dialog.locator("pre")).to_contain_text("at_")
    secret = await dialog.locator("pre").inner_text()
    await dialog.get_by_role("button", name="Close this").click()
    await expect(page.locator("#tokens")).to_contain_text("permissions=read")
    assert secret not in await page.content()
    assert [each.label for each in (await ada.tokens.list()).items] == ["bot"]
    await scene.close()
