"""What every page costs in a browser: first paint, bytes, requests and scripts, cold and warm.

`axisor up --sim` plays with a guarded position, and Debian's Chromium opens each page with an empty
cache, then again with what it kept. A paint is counted from the moment the browser is told the
address. A page's stream has no end and is not among its requests.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from tests.clients.cli.terminal import AXISOR
from tests.support.browser import ARGUMENTS, CHROMIUM
from tests.support.newcomer import link_in
from tests.support.processes import until

from axisor.client import Client, every
from axisor.model import Position, Side
from campaigns.newcomer import playing
from campaigns.report import Figures, Finding, Report

TITLE = "what every page costs in a browser, with an empty cache and with a full one"
PAINT_MS = 300.0
"""A page is painted on loopback within this time."""
COLD_KB, WARM_KB, SCRIPT_KB, REQUESTS = 160.0, 64.0, 320.0, 16
"""What a page may weigh on the wire, what its scripts may weigh unpacked, and its requests."""
KB = 1_000
ROUNDS = {Figures.QUICK: 1, Figures.FULL: 3}
QUICK = ("/", "/automations", "/automations/new/margin-guard", "/m", "/setup")
FULL = (
    *("/", "/guard", "/activity", "/activity/1", "/alerts", "/orders", "/automations"),
    *("/automations/new/margin-guard", "/whatif", "/plugins", "/api", "/system", "/m", "/settings"),
    *(f"/setup{step}" for step in ("", "/venue", "/account", "/channel", "/guard", "/arm", "/try")),
)
"""Pages that are not about one thing; those of a position and of a run are added."""

TOLD = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const others = performance.getEntriesByType("resource");
    const all = [page, ...others], asked = all.filter((each) => each.transferSize > 0);
    const sum = (entries, size) => entries.reduce((total, each) => total + each[size], 0);
    const scripts = others.filter((each) => /\\.m?js$/.test(new URL(each.name).pathname));
    return {
        answered: page.responseStart,
        paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
        bytes: sum(all, "transferSize"),
        requests: asked.length,
        scripts: sum(scripts, "decodedBodySize"),
    };
}"""
PAINTED = """() => document.readyState === "complete"
    && performance.getEntriesByName("first-contentful-paint").length > 0"""


class Cost(Struct, frozen=True):
    """One opening of a page: milliseconds to its answer and its first paint, bytes, requests."""

    answered: float
    paint: float
    bytes: int
    requests: int
    scripts: int


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Open every page."""
    report = Report(name="pages", title=TITLE, figures=figures, seed=seed)
    if CHROMIUM is None:
        raise FileNotFoundError("chromium is not here: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="axisor-pages-") as name:
        async with asyncio.timeout(budget), playing(Path(name), AXISOR) as log:
            link = await until(lambda: link_in(log.read_text()), "the link is printed")
            async with Client.of_data_dir(Path(name) / "core") as client:
                position, guard = await _furnished(client)
            every_page = (*FULL, f"/positions/{position}", f"/automations/{guard}")
            paths = QUICK if figures is Figures.QUICK else every_page
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=CHROMIUM, headless=True, args=list(ARGUMENTS)
                )
                try:
                    await _all(report, browser, link, paths)
                finally:
                    await browser.close()
    return report


async def _furnished(client: Client) -> tuple[str, str]:
    """Open a position, guard it, and make a run beside it; return the position and the guard."""
    account = (await every(lambda token: client.accounts.list(page_token=token)))[0].id
    await client.orders.place(account, Side.BUY, quantity=2_500, leverage=25, client_id="A")

    async def listed() -> Position | None:
        page = await client.margin.list_positions(account)
        return next((each.position for each in page.items), None)

    position = await until(listed, "the position is listed")
    assert position is not None, "it was waited for"
    rule = json.dumps({"budget_position": 500_000})
    guard = await client.strategies.create_run(account, "margin-guard", config=rule, label="guard")
    await client.strategies.start_run(account, guard.run.id)
    return position.id, guard.run.id


async def _all(report: Report, browser: Browser, link: str, paths: tuple[str, ...]) -> None:
    entered = await browser.new_context()
    page = await entered.new_page()
    await page.goto(link)
    await expect(page.get_by_role("heading", name="Welcome to Axisor")).to_be_visible()
    signed_in, origin = await entered.storage_state(), _origin(link)
    problems: list[str] = []
    cold: dict[str, Cost] = {}
    warm: dict[str, Cost] = {}
    for path in paths:
        openings: list[tuple[Cost, Cost]] = []
        for _ in range(ROUNDS[report.figures]):
            context = await browser.new_context(storage_state=signed_in)
            try:
                openings.append(await _twice(context, origin + path, problems))
            finally:
                await context.close()
        cold[path], warm[path] = (_middle(list(each)) for each in zip(*openings, strict=True))
    await entered.close()
    _judge(report, cold, warm)
    report.none("pages that said an error", problems)


async def _twice(context: BrowserContext, address: str, problems: list[str]) -> tuple[Cost, Cost]:
    """Open a page in a profile that never saw it, and once more."""
    cold = await _opened(await context.new_page(), address, problems)
    return cold, await _opened(await context.new_page(), address, problems)


async def _opened(page: Page, address: str, problems: list[str]) -> Cost:
    path = urlsplit(address).path
    page.on("console", lambda said: _note(problems, path, said.type == "error", said.text))
    page.on("pageerror", lambda error: _note(problems, path, True, str(error)))
    await page.goto(address)
    await page.wait_for_function(PAINTED)
    told = await page.evaluate(TOLD)
    await page.close()
    return Cost(**told)


def _note(problems: list[str], path: str, wrong: bool, text: str) -> None:
    if wrong:
        problems.append(f"{path}: {text}")


def _middle(found: list[Cost]) -> Cost:
    """Return the opening that was painted neither soonest nor last."""
    return sorted(found, key=lambda cost: cost.paint)[len(found) // 2]


def _judge(report: Report, cold: dict[str, Cost], warm: dict[str, Cost]) -> None:
    def most(name: str, of: dict[str, Cost], what: Callable[[Cost], float], wanted: float) -> None:
        worst = max(of, key=lambda path: what(of[path]))
        value = round(what(of[worst]), 1)
        report.findings.append(Finding(f"{name}, {worst}", value, f"≤ {wanted:g}", value <= wanted))

    for name, of, kilobytes in (("cold", cold, COLD_KB), ("warm", warm, WARM_KB)):
        paints = [cost.paint for cost in of.values()]
        report.tell(f"{name}: first paint, median of pages (ms)", round(statistics.median(paints)))
        slowest = max(of, key=lambda path: of[path].paint)
        report.most(f"{name}: first paint, {slowest}", round(of[slowest].paint), PAINT_MS, "ms")
        most(f"{name}: kB on the wire", of, lambda cost: cost.bytes / KB, kilobytes)
        most(f"{name}: requests", of, lambda cost: cost.requests, REQUESTS)
    most("kB of scripts", cold, lambda cost: cost.scripts / KB, SCRIPT_KB)
    for path, first in cold.items():
        again = warm[path]
        report.lines.append(
            f"{path}: answered after {first.answered:.0f} and {again.answered:.0f} ms, "
            f"painted after {first.paint:.0f} and {again.paint:.0f} ms, "
            f"{first.bytes / KB:.1f} and {again.bytes / KB:.1f} kB in {first.requests} and "
            f"{again.requests} requests, {first.scripts / KB:.1f} kB of scripts"
        )


def _origin(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}"
