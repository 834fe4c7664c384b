"""The path of a newcomer: from the printed link through the setup to a rescue, seen three times.

Every step is timed. What is seen of the rescue is dated where it is seen: in the page by a mark
that a script puts there, in the console and at the receiver when the text is read.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from msgspec import Struct
from playwright.async_api import Page, expect

from axisor.client import Client, every
from axisor.events import IntentPlanned, IntentSettled
from axisor.intents import AddMargin
from tests.clients.cli.terminal import AXISOR, Terminal
from tests.support.processes import until
from tests.support.receivers import Receiver, receiving

TOKEN = "123456:canary-token-canary-token-canary-t"
LINK = re.compile(r"^enter\s+(\S+)", re.MULTILINE)
PLAYING = re.compile(r"^playing ", re.MULTILINE)
VARIABLES = {"AXISOR_OUTBOUND__ALLOW": "127.0.0.0/8", "AXISOR_WEB_LISTEN": "127.0.0.1:0"}
"""What a core is told besides: the telephone's server is here, and any port will do."""
SEEN = "from liquidation again"
WIDE = 200
"""So many columns show those words whole, however long a position's name and its distance are."""
LOOKS_S = 0.02
NOTING = """(words) => {
    window.rescueSeen = 0;
    const look = () => {
        const part = document.querySelector('[data-part="activity"]');
        if (!window.rescueSeen && part.textContent.includes(words)) window.rescueSeen = Date.now();
    };
    new MutationObserver(look).observe(
        document.body, { childList: true, subtree: true, characterData: true });
}"""


class Telegram(Receiver):
    """A server that answers as the Bot API does, and says when what was sent there."""

    def __init__(self) -> None:
        super().__init__()
        self.body = json.dumps({"ok": True, "result": {"message_id": 7}}).encode()

    def texts(self, word: str) -> list[str]:
        """Return the messages that begin with a word."""
        found = [json.loads(asked.body)["text"] for asked in self.asked]
        return [text for text in found if text.startswith(word)]


class Rescue(Struct, frozen=True, kw_only=True):
    """When a rescue was written down, and when it was seen, in seconds of the wall clock."""

    journal: float
    page: float
    console: float
    telegram: float
    message: str

    def delays(self) -> dict[str, timedelta]:
        """Return how long after the entry of the journal it was seen, by where."""
        seen = {"page": self.page, "console": self.console, "telegram": self.telegram}
        return {name: timedelta(seconds=at - self.journal) for name, at in seen.items()}


class Newcomer:
    """Somebody with a browser, a terminal and a telephone. `say` is told every step with its time.

    Where `pictures` is a folder, each page is kept there as it looks narrow and wide.
    """

    def __init__(
        self,
        page: Page,
        data_dir: Path,
        telegram: Telegram,
        *,
        say: Callable[[str, float], None],
        command: Sequence[str] = AXISOR,
    ) -> None:
        self._page, self._data_dir, self._telegram, self._say = page, data_dir, telegram, say
        self._command = command
        self.pictures: Path | None = None

    async def set_up(self, link: str) -> None:
        """Come in by the link and answer what the setup asks, until the guard is armed."""
        page = self._page
        async with self._step("browser at the printed address"):
            await page.goto(link)
            await expect(page.get_by_role("heading", name="Welcome to Axisor")).to_be_visible()
        async with self._step("language and account"):
            await self._on("venue")
            await expect(page.get_by_label("SIM sandbox")).to_be_checked()
            await self._on("account")
            await expect(page.locator("main")).to_contain_text("The exchange accepts the key.")
            await page.get_by_role("button", name="Open a long").click()
            # In the list: the button says the same words, and leaving at once would undo its press.
            await expect(page.get_by_role("listitem").filter(has_text="LONG")).to_contain_text(
                "2,500 USD"
            )
        async with self._step("messages by Telegram, with a test"):
            await self._on("channel")
            await page.get_by_label("chat").fill("42")
            await page.get_by_label("token").fill(TOKEN)
            await page.get_by_label("api").fill(f"http://127.0.0.1:{self._telegram.port}")
            await page.get_by_role("button", name="Keep it").click()
            await page.get_by_role("button", name="Send a test").click()
            await expect(page.locator("main")).to_contain_text("It arrived there.")
        async with self._step("rule, plan and floor"):
            await self._on("guard")
            await page.get_by_role("button", name="normal").click()
            await page.get_by_role("button", name="Show what it would do").click()
            await expect(page.locator("main")).to_contain_text("Floor")
        async with self._step("guard armed"):
            main, dialog = page.locator("main"), page.locator("dialog")
            await main.get_by_role("button", name="Arm").click()
            await dialog.get_by_role("button", name="Show what it does").click()
            await dialog.get_by_role("button", name="Arm").click()
            await expect(dialog.locator("h2")).to_contain_text("✓")
            await dialog.get_by_role("button", name="Close this").click()
            await expect(page.locator("header")).to_contain_text("ARMED")
            await self._on("try")

    async def crash(self, client: Client) -> Rescue:
        """Let the price fall from the page, and see the rescue in console, page and telephone."""
        page = self._page
        account = (await every(lambda token: client.accounts.list(page_token=token)))[0].id
        words = ("--data-dir", str(self._data_dir), "console")
        with Terminal(*words, command=self._command, columns=WIDE) as console:
            async with self._step("console open"):
                await asyncio.to_thread(console.until, "Positions", "LONG")
                console.press("8")
                await asyncio.to_thread(console.until, "8 Activity")
                await expect(page.locator("#age")).to_contain_text("data")
            async with self._step("a crash from the page, and the rescue seen"):
                await page.evaluate(NOTING, SEEN)
                seeing = asyncio.create_task(self._seen_in(console))
                await page.get_by_role("button", name="A crash").click()
                told = await until(
                    lambda: self._telegram.texts("ACTED"), "a message", every_s=LOOKS_S
                )
                telegram = time.time()
                shown = await until(lambda: page.evaluate("() => window.rescueSeen"), "the page")
                await self._picture("rescued")
                return Rescue(
                    journal=await rescued_at(client, account),
                    page=float(shown) / 1_000,
                    console=await seeing,
                    telegram=telegram,
                    message=told[0],
                )

    async def _seen_in(self, console: Terminal) -> float:
        await asyncio.to_thread(console.until, SEEN)
        return time.time()

    async def _on(self, step: str) -> None:
        main = self._page.locator("main")
        await self._picture(step)
        go = main.get_by_role("button", name="Go on").or_(main.get_by_role("link", name="Go on"))
        await go.click()
        await expect(self._page).to_have_url(re.compile(rf"/setup/{step}(\?|$)"))
        await self._picture(step)

    async def _picture(self, name: str) -> None:
        if self.pictures is None:
            return
        for width in (390, 1280):
            await self._page.set_viewport_size({"width": width, "height": 900})
            to = self.pictures / f"{name}-{width}.png"
            await self._page.screenshot(path=to, full_page=True)

    @asynccontextmanager
    async def _step(self, name: str) -> AsyncIterator[None]:
        began = time.monotonic()
        yield
        self._say(name, time.monotonic() - began)


def link_in(log: str) -> str:
    """Return the link that was printed, empty until the simulator plays too."""
    found = LINK.search(log)
    return found[1] if found and PLAYING.search(log) else ""


async def rescued_at(client: Client, account: str) -> float:
    """Return when the journal had the first margin that a guard added, as the venue confirmed."""
    page = await client.events.list(account, kinds=["IntentPlanned", "IntentSettled"])
    planned = {
        each.payload.intent
        for each in page.items
        if isinstance(each.payload, IntentPlanned) and isinstance(each.payload.action, AddMargin)
    }
    return next(
        each.time.timestamp()
        for each in page.items
        if isinstance(each.payload, IntentSettled) and each.payload.intent in planned
    )


@asynccontextmanager
async def telephone() -> AsyncIterator[Telegram]:
    """Serve what answers as the Bot API does."""
    made = Telegram()
    async with receiving(made):
        yield made
