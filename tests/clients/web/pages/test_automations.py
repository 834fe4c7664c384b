"""Runs on pages: made, configured and steered by forms of what a strategy takes."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.async_api import Browser, Page, expect

from axisor.client import every
from axisor.events import RunState
from axisor.wire.records import Run
from tests.clients.web.pages.conftest import Pair, eventually, opened
from tests.support.browser import BROWSER, Site, Watched, axe, profiled, sign_in

SHOW = "Show what it changes"


async def runs(pair: Pair) -> dict[str, Run]:
    """Return the runs of the account by their labels."""
    found = await every(
        lambda token: pair.client.strategies.list_runs(pair.account, page_token=token)
    )
    return {run.label: run for run in found}


async def config(pair: Pair, label: str) -> Any:
    """Return the configuration of a run."""
    return json.loads((await runs(pair))[label].config)


class TestPages:
    pytestmark = BROWSER

    async def test_a_run_is_made_by_a_form_and_armed_paused_and_stopped(
        self, signed_in_page: Page, site: Site, pair: Pair
    ):
        page, dialog = signed_in_page, signed_in_page.locator("dialog")
        await opened(page, f"{site.origin}/automations")
        await page.get_by_role("link", name="New margin-guard").click()
        await page.get_by_label("a name for it").fill("spare")
        await page.get_by_label("trigger", exact=True).first.fill("1.5")
        await page.get_by_label("scope").select_option("listed")
        await page.get_by_label("positions", exact=True).fill(pair.unguarded.id)
        await page.get_by_role("button", name="Show what it would be").click()
        await expect(dialog.locator("table")).to_contain_text("1.5")
        await expect(dialog).to_contain_text("nothing until it is armed")
        assert "spare" not in await runs(pair)
        await dialog.get_by_role("button", name="Make it").click()
        await expect(dialog.locator("h2")).to_contain_text("✓")
        await dialog.get_by_role("button", name="Close this").click()

        row = page.locator("main li").filter(has_text="spare")
        await expect(row).to_contain_text("not started")
        assert (await config(pair, "spare"))["trigger"] == "1.5"
        for verb, state in (("Arm", "running"), ("Pause", "paused"), ("Stop", "stopped")):
            await row.get_by_role("button", name=verb).click()
            await dialog.get_by_role("button", name="Show what it does").click()
            word = dialog.get_by_label("Type")
            if await word.count():
                await word.fill(verb.lower())
            await dialog.get_by_role("button", name=verb).click()
            await dialog.get_by_role("button", name="Close this").click()
            await expect(row.locator(".state")).to_contain_text(state)
        assert (await runs(pair))["spare"].state is RunState.STOPPED

    async def test_what_is_wrong_is_said_at_its_field_and_what_is_right_is_shown_before_it_holds(
        self, signed_in_page: Page, site: Site, pair: Pair, watched: Watched
    ):
        page, dialog = signed_in_page, signed_in_page.locator("dialog")
        await opened(page, f"{site.origin}/automations/{pair.run}")
        cooldown, trigger = page.locator("#set-cooldown_s"), page.locator("#set-trigger")
        await expect(cooldown).to_have_value("10")
        await cooldown.fill("100000")
        await page.get_by_role("button", name=SHOW).click()
        await expect(cooldown).to_be_focused()
        await expect(cooldown).to_have_attribute("aria-invalid", "true")
        await expect(page.locator("#set-cooldown_s-about")).to_contain_text("at most 86,400")
        await expect(dialog).not_to_be_visible()

        await cooldown.fill("20")
        await trigger.fill("150")
        await page.get_by_role("button", name=SHOW).click()
        await expect(page.locator("#set-trigger-about")).to_contain_text("outside 0 to 100")
        assert await axe(page) == []

        await trigger.fill("3")
        await page.get_by_role("button", name=SHOW).click()
        table = dialog.locator("table")
        await expect(table.locator("tbody tr")).to_have_count(2)
        await expect(table).to_contain_text("cooldown")
        assert (await config(pair, "twins"))["trigger"] == "2"
        await dialog.get_by_role("button", name="Change them").click()
        await expect(dialog.locator("h2")).to_contain_text("✓")
        changed = await config(pair, "twins")
        assert (changed["trigger"], changed["cooldown_s"]) == ("3", 20)
        assert changed["positions"] == [pair.guarded.id]
        assert watched.taken("422")

    async def test_exceptions_have_fields_of_their_own(
        self, signed_in_page: Page, site: Site, pair: Pair
    ):
        page, dialog = signed_in_page, signed_in_page.locator("dialog")
        await opened(page, f"{site.origin}/automations/{pair.run}")
        await page.get_by_text("another one").click()
        await page.locator("#set-overrides-0-match").fill(f"id = {pair.guarded.id}")
        await page.locator("#set-overrides-0-trigger").fill("2.5")
        await page.get_by_role("button", name=SHOW).click()
        await dialog.get_by_role("button", name="Change them").click()
        await expect(dialog.locator("h2")).to_contain_text("✓")

        (override,) = (await config(pair, "twins"))["overrides"]
        assert override == {"match": f"id = {pair.guarded.id}", "trigger": "2.5"}

    async def test_a_form_works_without_a_script(
        self, browser: Browser, watched: Watched, site: Site, pair: Pair
    ):
        async with profiled(browser, watched, java_script_enabled=False) as context:
            await sign_in(context, site)
            page = await context.new_page()
            await page.goto(f"{site.origin}/automations/{pair.run}")
            await page.locator("#set-cooldown_s").fill("soon")
            await page.get_by_role("button", name=SHOW).click()
            await expect(page.locator("#set-cooldown_s-about")).to_contain_text("whole number")
            await page.locator("#set-cooldown_s").fill("30")
            await page.get_by_role("button", name=SHOW).click()
            await expect(page.locator("table")).to_contain_text("30")
            await page.get_by_role("button", name="Change them").click()
            await expect(page.locator("h2")).to_contain_text("✓")
            assert watched.taken("422")

        assert (await config(pair, "twins"))["cooldown_s"] == 30

    async def test_a_run_shows_what_it_did_last_and_why(
        self, signed_in_page: Page, site: Site, pair: Pair
    ):
        strategies, account = pair.client.strategies, pair.account

        async def stepped() -> bool | None:
            page = await strategies.list_run_steps(account, pair.run)
            return True if page.items else None

        site.core.sim.move("58800")
        await eventually(stepped)
        await opened(signed_in_page, f"{site.origin}/automations")
        row = signed_in_page.locator("main li").filter(has_text="twins")

        await expect(row).to_contain_text("last:")
        await row.get_by_role("link", name="twins", exact=True).click()
        await signed_in_page.get_by_role("link", name="why?").first.click()
        await expect(signed_in_page).to_have_url(re.compile("/activity/[0-9]+$"))

    async def test_settings_are_read_in_portuguese(
        self, browser: Browser, watched: Watched, site: Site, pair: Pair
    ):
        async with profiled(browser, watched, locale="pt-BR") as context:
            await sign_in(context, site)
            page = await context.new_page()
            await page.goto(f"{site.origin}/automations/new/margin-guard")

            about = page.locator("#set-cooldown_s-about")
            await expect(about).to_contain_text("Mínimo de segundos entre duas ações")
            await expect(about).to_contain_text("de 0 a 86.400")
