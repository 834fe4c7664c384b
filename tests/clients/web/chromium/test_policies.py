"""The policies in a real browser: what a page may run, load, frame and style."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from axisor_server.adapters.tls import Certificate
from axisor_web.app import Parts
from axisor_web.assets import HERE, Assets
from tests.support.browser import BROWSER, Site, Watched, axe, standing

pytestmark = BROWSER

VENDOR = HERE / "vendor"
PAGES = {
    "plain": "<h1>safe</h1>",
    "script": "<script>document.title = 'taken'</script>",
    "handler": "<img src=data:, onerror=\"document.title = 'taken'\">",
    "style": "<style>h1 { color: red }</style>",
    "attribute": '<p style="color: red">x</p>',
    "elsewhere": '<script src="https://127.0.0.2:1/x.js"></script>',
    "frame": '<iframe src="/try/plain"></iframe>',
    "base": '<base href="https://evil.example/">',
    "object": '<object data="/try/plain"></object>',
    "data": '<script type="application/json" id="texts">{"a": "b"}</script>',
    "wanting": '<img src="data:,"><input><button></button>',
    "charts": """
        <div id="chart"></div> <script type="module" src="@probe"></script>
    """,
}
PROBE = """
import { createChart, CandlestickSeries } from "./vendor/lightweight-charts.mjs";
const chart = createChart(document.getElementById("chart"), { width: 400, height: 300 });
const series = chart.addSeries(CandlestickSeries);
series.setData([{ time: "2026-12-01", open: 1, high: 3, low: 1, close: 2 }]);
series.createPriceLine({ price: 1.5, title: "liquidation" });
document.title = "drawn";
"""


def page_of(body: str) -> HTMLResponse:
    """Return a page with a body."""
    return HTMLResponse(f'<!doctype html><html lang="en"><title>as it was</title>{body}')


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """Run a bridge with pages that try what they may not."""
    folder = tmp_path_factory.mktemp("static")
    shutil.copytree(VENDOR, folder / "vendor")
    (folder / "probe.js").write_text(PROBE)
    assets = Assets(folder)
    names = {"probe": assets.url("probe.js")}

    async def trying(request: Request) -> Response:
        body = PAGES[request.path_params["name"]]
        return page_of(re.sub(r"@(\w+)", lambda found: names[found[1]], body))

    def pages(parts: Parts) -> tuple[BaseRoute, ...]:
        return assets.route(), Route("/try/{name}", trying)

    async with standing(certificate, tmp_path_factory.mktemp("web"), site=pages) as found:
        yield found


@pytest.mark.parametrize(
    ("name", "directive"),
    [
        ("script", "script-src"),
        ("handler", "script-src"),
        ("style", "style-src"),
        ("attribute", "style-src"),
        ("elsewhere", "script-src"),
        ("frame", "default-src"),
        ("base", "base-uri"),
        ("object", "default-src"),
    ],
)
async def test_what_is_not_of_this_origin_or_is_inline_is_refused(
    page: Page, site: Site, watched: Watched, name: str, directive: str
):
    await page.goto(f"{site.origin}/try/{name}", wait_until="load")

    assert await page.title() == "as it was"
    told = watched.taken(r"Content Security Policy", r"127\.0\.0\.2")
    assert len(told) >= 1
    assert any(directive in each for each in told), told


async def test_data_in_a_page_is_no_script(page: Page, site: Site):
    await page.goto(f"{site.origin}/try/data")

    assert await page.evaluate("JSON.parse(document.getElementById('texts').textContent).a") == "b"


async def test_a_script_of_ours_reaches_no_other_host(page: Page, site: Site, watched: Watched):
    await page.goto(f"{site.origin}/try/plain")

    reached = await page.evaluate("fetch('https://127.0.0.2:1/').then(() => 'yes', () => 'no')")

    assert reached == "no"
    assert "connect-src" in watched.taken(r"Content Security Policy")[0]
    watched.taken("127.0.0.2", "Failed to fetch")


async def test_a_page_of_another_origin_cannot_frame_one_of_ours(
    page: Page, site: Site, watched: Watched
):
    await page.set_content(f'<iframe src="{site.origin}/try/plain"></iframe>')
    await page.wait_for_function("() => window.frames.length === 1")
    frame = page.frames[-1]
    await frame.wait_for_load_state()

    assert await frame.get_by_text("safe").count() == 0
    assert "frame-ancestors" in watched.taken(r"Content Security Policy")[0]


async def test_charts_are_drawn_with_their_logo_under_the_policies(page: Page, site: Site):
    await page.goto(f"{site.origin}/try/charts")
    await page.wait_for_function("document.title === 'drawn'")

    logo = page.locator("#tv-attr-logo")
    await logo.wait_for()
    assert await logo.evaluate("it => getComputedStyle(it).position") == "absolute"


async def test_axe_says_what_readers_cannot_read(page: Page, site: Site):
    await page.goto(f"{site.origin}/try/wanting")

    found = {each.partition(":")[0] for each in await axe(page)}

    assert found == {"button-name", "image-alt", "label", "target-size"}
    assert await axe(page, but=found) == []


async def test_a_page_that_breaks_its_policies_fails_its_test(
    page: Page, site: Site, watched: Watched
):
    await page.goto(f"{site.origin}/try/script")
    await page.goto(f"{site.origin}/try/plain")
    await page.evaluate("console.error('broken')")

    assert len(watched.taken("broken", "inline")) == 2
