"""The policies in a real browser: what a page may run, load, frame and style."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from axisor_server.adapters.tls import Certificate
from axisor_web.app import Parts
from axisor_web.assets import Assets
from tests.support.browser import BROWSER, Site, Watched, axe, standing

pytestmark = BROWSER

REFUSED = r"Content Security Policy"
PAGES = {
    "plain": "<h1>safe</h1>",
    "script": "<script>document.title = 'taken'</script>",
    "handler": "<img src=data:, onerror=\"document.title = 'taken'\">",
    "style": "<style>h1 { color: red }</style>",
    "attribute": '<p style="color: red">x</p>',
    "elsewhere": '<script src="https://127.0.0.2:1/x.js"></script>',
    "frame": '<iframe src="/plain"></iframe>',
    "base": '<base href="https://evil.example/">',
    "object": '<object data="/plain"></object>',
    "data": '<script type="application/json" id="texts">{"a": "b"}</script>',
    "wanting": '<img src="data:,"><input><button></button>',
    "htmx": """
        <meta name="htmx-config" content="mode: 'same-origin'">
        <script src="{htmx}" defer></script>
        <button hx-get="/plain" hx-target="#into">more</button> <div id="into"></div>
    """,
    "charts": """
        <div id="chart"></div> <script type="module" src="{probe}"></script>
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


def shown(body: str) -> HTMLResponse:
    """Return a page with a body."""
    return HTMLResponse(f'<!doctype html><html lang="en"><title>as it was</title>{body}')


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """Run a bridge with pages that try what they may not."""
    folder = tmp_path_factory.mktemp("static")
    (folder / "vendor").symlink_to(VENDOR)
    (folder / "probe.js").write_text(PROBE)
    assets = Assets(folder)
    names = {"htmx": assets.url("vendor/htmx.min.js"), "probe": assets.url("probe.js")}

    def trying(parts: Parts) -> tuple[BaseRoute, ...]:
        return (assets.route(), *(Route(f"/{name}", _page(body, names)) for name, body in PAGES.items()))

    async with standing(certificate, tmp_path_factory.mktemp("web"), site=trying) as found:
        yield found
