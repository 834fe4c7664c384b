"""The door in a real browser: by the printed link, by password, by a second factor, and out."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from axisor.ports import Secret
from axisor_server.adapters.identity.clients import Registered
from axisor_server.adapters.identity.oidc import OidcProvider
from axisor_server.adapters.system import SystemClock
from axisor_server.adapters.tls import Certificate
from axisor_web.sessions import Tokens
from tests.server.rpc.scenes import Scene
from tests.server.rpc.serving import TOKEN
from tests.server.rpc.test_people import ADA, PASSWORD
from tests.support.browser import BROWSER, Site, Watched, profiled, sign_in, standing
from tests.support.provider import ADA as VOUCHED
from tests.support.provider import CLIENT, SECRET, provider

pytestmark = BROWSER


async def filled(page: Page, site: Site, password: str) -> None:
    """Fill in the form of the door and send it."""
    await page.goto(f"{site.origin}/guard")
    await expect(page).to_have_url(re.compile(r"/login\?next=%2Fguard$"))
    await page.get_by_label("e-mail").fill(ADA)
    await page.get_by_label("password").fill(password)
    await page.keyboard.press("Enter")


async def test_the_printed_link_opens_a_session_and_leaves_no_code_behind(page: Page, site: Site):
    code = site.bridge.sessions.entry(Tokens(Secret(TOKEN)))

    await page.goto(f"{site.origin}/enter#{code}")

    await expect(page).to_have_url(f"{site.origin}/")
    await expect(page.locator(".mode")).to_contain_text("SIM")
    assert code not in await page.content()


async def test_a_person_signs_in_where_they_wanted_to_go_and_out_again(page: Page, site: Site):
    scene = Scene(site.core, site.account)
    await scene.ada()

    await filled(page, site, PASSWORD.reveal())
    await expect(page).to_have_url(f"{site.origin}/guard")
    await expect(page.locator("#age")).to_contain_text("data")
    await page.get_by_role("button", name="Sign out").click()

    await expect(page).to_have_url(f"{site.origin}/login")
    assert len(site.bridge.sessions) == 0
    await scene.close()


async def test_a_wrong_password_is_said_and_opens_nothing(page: Page, site: Site, watched: Watched):
    scene = Scene(site.core, site.account)
    await scene.ada()

    await filled(page, site, "a wrong horse 9")

    await expect(page.get_by_role("alert")).not_to_be_empty()
    assert len(site.bridge.sessions) == 0
    assert watched.taken("401")
    await scene.close()


async def test_a_second_factor_is_asked_for(page: Page, site: Site):
    scene = Scene(site.core, site.account)
    ada = await scene.ada()
    codes = await ada.users.confirm_totp(Secret((await scene.totp(ada)).now()))

    await filled(page, site, PASSWORD.reveal())
    await expect(page.get_by_label("code of your app")).to_be_focused()
    await page.keyboard.type(codes[0].reveal())
    await page.keyboard.press("Enter")

    await expect(page).to_have_url(f"{site.origin}/guard")
    await scene.close()


async def test_who_is_signed_in_does_not_stand_at_the_door(signed_in_page: Page, site: Site):
    await signed_in_page.goto(f"{site.origin}/login")

    await expect(signed_in_page).to_have_url(f"{site.origin}/")


async def test_whose_session_the_core_does_not_know_any_more_is_asked_to_sign_in(
    page: Page, site: Site
):
    await sign_in(page.context, site, "token-of-a-session-that-ended")

    await page.goto(f"{site.origin}/guard")

    await expect(page).to_have_url(re.compile(r"/login\?next=%2Fguard$"))
    await expect(page.get_by_label("e-mail")).to_be_visible()


async def test_who_is_new_at_a_provider_comes_back_and_is_told_what_lacks(
    browser: Browser, watched: Watched, certificate: Certificate, tmp_path: Path
):
    clock = SystemClock()
    async with provider(clock) as there:
        at = Registered(name="test", issuer=there.url, client_id=CLIENT, secret=Secret(SECRET))
        known = (OidcProvider(at, clock),)
        async with (
            standing(certificate, tmp_path, secure=False, providers=known) as site,
            profiled(browser, watched) as profile,
        ):
            page = await profile.new_page()
            await page.goto(f"{site.origin}/login")
            await page.get_by_role("button", name="Sign in with").click()

            await expect(page).to_have_url(f"{site.origin}/login/return")
            await expect(page.get_by_role("alert")).not_to_be_empty()
            assert len(site.bridge.sessions) == 0
            assert watched.taken("4[0-9][0-9]")


async def test_an_invitation_goes_along_to_the_provider_and_lets_somebody_new_in(
    browser: Browser, watched: Watched, certificate: Certificate, tmp_path: Path
):
    clock = SystemClock()
    async with provider(clock) as there:
        at = Registered(name="test", issuer=there.url, client_id=CLIENT, secret=Secret(SECRET))
        known = (OidcProvider(at, clock),)
        async with (
            standing(certificate, tmp_path, secure=False, providers=known) as site,
            profiled(browser, watched) as profile,
        ):
            scene = Scene(site.core, site.account)
            invitation = await scene.owner.users.invite(VOUCHED.email, silent=True)
            page = await profile.new_page()
            await page.goto(f"{site.origin}/login")
            await page.get_by_text("I have an invitation").click()
            await page.get_by_label("its code").fill(invitation.proof.reveal())

            await page.get_by_role("button", name="Sign in with").click()

            await expect(
                page.get_by_role("button", name="Sign out").or_(
                    page.get_by_text("This page cannot be shown")
                )
            ).to_be_visible()
            assert len(site.bridge.sessions) == 1
            assert await page.evaluate("() => sessionStorage.length") == 0
            watched.taken("4[0-9][0-9]")
            await scene.close()
