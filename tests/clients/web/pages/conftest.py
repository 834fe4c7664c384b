"""A core with a guarded and an unguarded twin, a bridge before it, and a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest
import pytest_asyncio
from msgspec import Struct
from playwright.async_api import Browser, BrowserContext, Page, expect

from axisor.client import Client
from axisor.client.calls import Caller
from axisor.model import Position, Side
from axisor.ports import Secret
from axisor_margin_guard.guard import MarginGuard
from axisor_server.adapters.tls import Certificate
from tests.server.rpc.serving import TOKEN, certificate
from tests.support.browser import (
    Site,
    Watched,
    browser,
    page,
    profiled,
    signed_in_page,
    standing,
    watched,
)

__all__ = ["browser", "certificate", "page", "profile", "signed_in_page", "watched"]

RULE = {"scope": "listed", "trigger": "2", "target": "5", "budget_position": 500_000}
PATIENCE_S = 60

T = TypeVar("T")


class Pair(Struct, frozen=True):
    """Two positions that are alike, and the run that guards the first of them."""

    client: Client
    account: str
    guarded: Position
    unguarded: Position
    run: str

    async def margin(self, position: Position) -> int:
        """Return a position's margin as the core knows it."""
        report = await self.client.margin.get_position(self.account, position.id)
        return report.position.margin


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """Run a core that knows the guard, and a bridge over TLS."""
    folder = tmp_path_factory.mktemp("web")
    async with standing(certificate, folder, strategies=(MarginGuard,)) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def profile(browser: Browser, watched: Watched, site: Site) -> AsyncIterator[BrowserContext]:
    """Open an empty profile, which is closed before the bridge is."""
    async with profiled(browser, watched) as context:
        yield context


@pytest_asyncio.fixture(loop_scope="session")
async def pair(site: Site) -> AsyncIterator[Pair]:
    """Open the twins at 60,000 dollars, in place of what stands there, and guard one."""
    async with site.core.channel() as channel:
        client = Client(Caller(channel, token=Secret(TOKEN)))
        account = site.account.rpartition("/")[2]
        await client.margin.close_position(account, site.core.long)
        guarded, unguarded = [await _opened(client, account, name) for name in ("A", "B")]
        rule = RULE | {"positions": [guarded.id]}
        made = await client.strategies.create_run(
            account, "margin-guard", config=json.dumps(rule), label="twins"
        )
        await client.strategies.start_run(account, made.run.id)
        yield Pair(client, account, guarded, unguarded, made.run.id)


async def _opened(client: Client, account: str, name: str) -> Position:
    await client.orders.place(account, Side.BUY, quantity=2_500, leverage=25, client_id=name)

    async def listed() -> Position | None:
        page = await client.margin.list_positions(account)
        found = (each.position for each in page.items if each.position.client_id == name)
        return next(found, None)

    return await eventually(listed)


async def opened(page: Page, address: str) -> None:
    """Go to a page and wait until its scripts run: they say how old its figures are."""
    await page.goto(address)
    await expect(page.locator("#age")).to_contain_text("data")


async def eventually(found: Callable[[], Awaitable[T | None]]) -> T:
    """Return what is there at last."""
    async with asyncio.timeout(PATIENCE_S):
        while (value := await found()) is None:
            await asyncio.sleep(0)
        return value
