"""Dialogs in a real browser: shown first, done once, refused in words."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from axisor.events import HaltLevel, RunState
from tests.clients.web.pages.conftest import Pair, opened
from tests.support.browser import BROWSER, Site, Watched

pytestmark = BROWSER


async def asked(page: Page, site: Site, name: str) -> Locator:
    """Open the dialog that adds margin to a position."""
    await opened(page, site.origin)
    await page.locator(f'tr[data-name="{name}"]').get_by_role("button", name="Add margin").click()
    dialog = page.locator("dialog")
    await expect(dialog.get_by_label("amount, in sats")).to_be_focused()
    return dialog


async def test_margin_is_shown_first_and_added_once_however_often_it_is_clicked(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page
    before = await pair.margin(pair.unguarded)
    dialog = await asked(page, site, "B")
    await page.keyboard.type("5000")
    await page.keyboard.press("Enter")
    await expect(dialog).to_contain_text("afterwards")
    assert await pair.margin(pair.unguarded) == before

    await dialog.get_by_role("button", name="Add margin").dblclick()

    await expect(dialog.locator("h2")).to_contain_text("✓")
    assert await pair.margin(pair.unguarded) == before + 5_000


async def test_going_back_and_forth_does_nothing_again(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page
    before = await pair.margin(pair.unguarded)
    dialog = await asked(page, site, "B")
    await page.keyboard.type("5000")
    await page.keyboard.press("Enter")
    await dialog.get_by_role("button", name="Add margin").click()
    await expect(dialog.locator("h2")).to_contain_text("✓")

    await page.goto(f"{site.origin}/guard")
    await page.go_back()
    await page.go_forward()

    await expect(page.locator(".guarded")).to_contain_text("ARMED")
    assert await pair.margin(pair.unguarded) == before + 5_000


async def test_a_dialog_that_is_left_changes_nothing_and_gives_the_focus_back(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page
    before = await pair.margin(pair.unguarded)
    await asked(page, site, "B")
    await page.keyboard.type("5000")
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_contain_text("afterwards")

    await page.keyboard.press("Escape")

    button = page.locator('tr[data-name="B"]').get_by_role("button", name="Add margin")
    await expect(button).to_be_focused()
    assert await pair.margin(pair.unguarded) == before


async def test_what_the_core_refuses_is_said_with_what_it_means(
    signed_in_page: Page, site: Site, pair: Pair, watched: Watched
):
    dialog = await asked(signed_in_page, site, "B")
    await signed_in_page.keyboard.type("999999999")
    await signed_in_page.keyboard.press("Enter")

    await expect(dialog.get_by_role("alert")).to_contain_text("Not done")
    await expect(dialog.get_by_role("alert")).to_contain_text("Nothing was sent")
    assert watched.taken("400|409")


async def test_new_risk_is_halted_in_two_steps_and_resumed(
    signed_in_page: Page, site: Site, pair: Pair
):
    page = signed_in_page
    await opened(page, site.origin)
    dialog = page.locator("dialog")
    await page.get_by_role("button", name="HALT").click()
    await dialog.get_by_label("why, for the journal").fill("lunch")
    await dialog.get_by_role("button", name="Show what it does").click()
    await dialog.get_by_role("button", name="Halt", exact=True).click()
    await expect(dialog.locator("h2")).to_contain_text("✓")
    await dialog.get_by_role("button", name="Close this").click()

    await expect(page.locator("[data-part=notes]")).to_contain_text("new risk halted")
    await expect(page.locator(".guarded")).to_contain_text("ARMED")
    assert (await pair.client.accounts.get(pair.account)).halt is HaltLevel.RISK

    await page.get_by_role("button", name="Resume").click()
    await dialog.get_by_role("button", name="Show what it does").click()
    await dialog.get_by_role("button", name="Resume").click()
    await expect(dialog.locator("h2")).to_contain_text("✓")
    await expect(page.locator("[data-part=notes]")).not_to_contain_text("HALTED")


async def test_halting_everything_takes_a_typed_word(
    signed_in_page: Page, site: Site, pair: Pair, watched: Watched
):
    page = signed_in_page
    await opened(page, site.origin)
    dialog = page.locator("dialog")
    await page.get_by_role("button", name="HALT").click()
    await dialog.get_by_label("The guard stops too").check()
    await dialog.get_by_role("button", name="Show what it does").click()
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()

    await dialog.get_by_label("Type “halt” to go on").fill("yes")
    await dialog.get_by_role("button", name="Halt", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("another")
    assert (await pair.client.accounts.get(pair.account)).halt is HaltLevel.NONE
    await dialog.get_by_role("button", name="Close this").click()

    await page.get_by_role("button", name="HALT").click()
    await dialog.get_by_label("The guard stops too").check()
    await dialog.get_by_role("button", name="Show what it does").click()
    await dialog.get_by_label("Type “halt” to go on").fill("halt")
    await dialog.get_by_role("button", name="Halt", exact=True).click()
    await expect(dialog.locator("h2")).to_contain_text("✓")

    await expect(page.locator(".guarded")).to_contain_text("HALTED")
    assert (await pair.client.accounts.get(pair.account)).halt is HaltLevel.ALL
    assert watched.taken("400")


async def test_the_guard_is_paused_and_armed_again(signed_in_page: Page, site: Site, pair: Pair):
    page = signed_in_page
    await opened(page, f"{site.origin}/guard")
    dialog, part = page.locator("dialog"), page.locator("[data-part=guard]")
    for button, word, state in (("Pause", "PAUSED", "paused"), ("Arm", "ARMED", "running")):
        await part.get_by_role("button", name=button, exact=True).click()
        await dialog.get_by_role("button", name="Show what it does").click()
        await expect(dialog).to_contain_text("word for word")
        if await dialog.get_by_label("Type “").count():
            await dialog.get_by_label("Type “").fill(button.lower())
        await dialog.get_by_role("button", name=button, exact=True).click()
        await expect(dialog.locator("h2")).to_contain_text("✓")
        await dialog.get_by_role("button", name="Close this").click()

        await expect(page.locator(".guarded")).to_contain_text(word)
        run = await pair.client.strategies.get_run(pair.account, pair.run)
        assert run.state is RunState(state)
