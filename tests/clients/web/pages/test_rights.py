"""What somebody may not do is not offered, on any page; the core refuses it in any case."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from axisor.model import Permission
from axisor_server.adapters.tls import Certificate
from axisor_web.pages.acting import DEEDS
from axisor_web.pages.change_list import CHANGES
from axisor_web.pages.rights import allowed, right_of
from tests.clients.web.pages.conftest import opened
from tests.server.rpc import noticing_operations as noticing
from tests.server.rpc.scenes import Scene
from tests.server.rpc.serving import READER
from tests.support.browser import BROWSER, Site, Watched, profiled, sign_in, standing

PAGES = (
    "/",
    "/guard",
    "/activity",
    "/alerts",
    "/orders",
    "/automations",
    "/whatif",
    "/plugins",
    "/api",
    "/system",
    "/settings",
    "/m",
)
TO_READERS = {"/looks", "/change/acknowledge", "/change/mute", "/change/unmute"}
"""How pages look is kept in a browser, and being told of what one sees takes reading alone."""

OFFERED = """
[...document.querySelectorAll("[data-ask], [data-send]")]
  .map((each) => (each.dataset.ask ?? each.dataset.send).split("?")[0])
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """Run a core with something of everything that can be acted upon."""
    async with standing(certificate, tmp_path_factory.mktemp("web")) as found:
        scene = Scene(found.core, found.account)
        await scene.run()
        await scene.order()
        await noticing.alert(scene)
        await noticing.channel(scene)
        await scene.close()
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reading(browser: Browser, site: Site) -> AsyncIterator[Page]:
    """Open a page of somebody who only reads."""
    async with profiled(browser, Watched()) as context:
        await sign_in(context, site, READER)
        yield await context.new_page()


async def offered(page: Page, site: Site, path: str) -> set[str]:
    """Return what a page offers to do."""
    await opened(page, site.origin + path)
    return set(await page.evaluate(OFFERED))


class TestPages:
    pytestmark = BROWSER

    @pytest.mark.parametrize("path", PAGES)
    async def test_who_only_reads_is_offered_nothing_else(
        self, reading: Page, site: Site, path: str
    ):
        assert await offered(reading, site, path) <= TO_READERS
        assert "you only read" in await reading.locator(".bar").inner_text()

    async def test_a_position_offers_nothing_to_who_only_reads(self, reading: Page, site: Site):
        assert await offered(reading, site, f"/positions/{site.core.long}") == set()

    async def test_who_may_do_all_is_offered_it(self, signed_in_page: Page, site: Site):
        found = set[str]()
        for path in ("/", "/orders", "/automations", "/plugins", "/settings", "/alerts"):
            found |= await offered(signed_in_page, site, path)

        assert {"/ask/halt", "/ask/add_margin", "/ask/close", "/ask/cancel_order"} <= found
        assert {"/ask/start_run", "/change/disable_plugin", "/change/remove_channel"} <= found
        assert {"/change/create_token", "/change/rules"} | TO_READERS - found == {
            "/change/create_token",
            "/change/rules",
            "/change/unmute",
        }


@pytest.mark.parametrize("name", sorted({*DEEDS, *CHANGES}))
def test_every_deed_and_change_is_a_call_of_the_contract(name: str):
    found = DEEDS[name].call if name in DEEDS else CHANGES[name].call

    assert right_of(found)[0] is not Permission.NONE


def test_a_right_on_the_core_is_none_on_an_account():
    everything = ~Permission.NONE

    assert allowed("MarginService.AddMargin", Permission.ADJUST_MARGIN, Permission.NONE)
    assert not allowed("MarginService.AddMargin", Permission.READ, everything)
    assert not allowed("StrategyService.EnablePlugin", everything, Permission.READ)


def test_a_call_that_the_contract_does_not_know_is_not_offered():
    assert not allowed("axisor.v9.MoonService/Land", ~Permission.NONE, ~Permission.NONE)
