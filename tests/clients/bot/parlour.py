"""A core, a Telegram, and a bot between them that may be stopped and started again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from axisor.client import Client
from axisor.model import Mode
from axisor.ports import Secret
from axisor_bot.home import Home
from axisor_bot.linking import Pages
from axisor_bot.people import OPERATOR, Pairing, Person, caveats_of, digest
from axisor_bot.telegram.api import TelegramApi
from axisor_bot.telegram.bot import TelegramBot
from axisor_server.domain.journal import decode_payload
from tests.clients.bot.botfather import ANN, TOKEN, Telegram, buttons_of, telegram_server
from tests.server.rpc.serving import TOKEN as OWNER
from tests.server.rpc.serving import Served
from tests.server.rpc.test_people import client
from tests.support.processes import until

CODE = "482913"


class Parlour:
    """Everything that a test of the bot touches."""

    def __init__(
        self, core: Served, account: str, owner: Client, telegram: Telegram, folder: Path
    ) -> None:
        self.core, self.account, self.owner = core, account.removeprefix("accounts/"), owner
        self.telegram, self.home = telegram, Home(folder)
        self.ahead = self.hurry = timedelta()
        self.slept: list[float] = []
        self.pages: Pages | None = None
        self._task: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """Return the bot's present, which may be ahead of the core's, and hurry on."""
        self.ahead += self.hurry
        return datetime.now(UTC) + self.ahead

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def connect(self, person: Person) -> Client:
        """Connect to the core as somebody."""
        return client(self.core, person.secret())

    def bot(self, token: str = TOKEN) -> tuple[TelegramApi, TelegramBot]:
        """Return a bot that does nothing yet."""
        api = TelegramApi(Secret(token), base=self.telegram.url)
        return api, TelegramBot(
            api,
            self.home,
            self.connect,
            now=self.now,
            sleep=self._sleep,
            wait_s=5,
            pages=self.pages,
        )

    async def start(self) -> None:
        """Start the bot, and wait until it polls."""
        polls = len(self.telegram.offsets)
        self._task = asyncio.create_task(self._run())
        await self.telegram.until(lambda: len(self.telegram.offsets) > polls)

    async def _run(self) -> None:
        api, bot = self.bot()
        try:
            await bot.run()
        finally:
            await api.aclose()

    async def stop(self) -> None:
        """End the bot where it stands, as a crash would."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def token(self, role: str, *caveats: str) -> str:
        """Return a token of the core as pairing makes it."""
        _, made = await self.owner.tokens.create(role, [*caveats_of(role, self.account), *caveats])
        return made.reveal()

    async def offer(self, role: str = OPERATOR, *, code: str = CODE, **more: Any) -> None:
        """Have a code wait."""
        pairing = Pairing(
            salt="s",
            digest=digest("s", code),
            until=self.now() + timedelta(minutes=5),
            role=role,
            account=self.account,
            mode=Mode.SIM,
            token=await self.token(role),
            **more,
        )
        self.home.add_pairing(code, pairing)

    async def pair(self, user: int = ANN, role: str = OPERATOR, **more: Any) -> Person:
        """Pair somebody, with the bot at work."""
        await self.offer(role, **more)
        sent = len(self.telegram.sent)
        await self.telegram.say(user, f"/start {CODE}")
        await self.telegram.next(sent + 1)
        [found] = [each for each in self.home.people() if each.user == user]
        await until(lambda: self.home.cursor(found.key) is not None, "the journal is followed")
        return found

    async def told(self, person: Person) -> None:
        """Wait until everything that the journal holds is acknowledged, or more."""
        head = await self.core.head(self.account)
        await until(lambda: (self.home.cursor(person.key) or 0) >= head, "all of it is told")

    async def ask(self, text: str, user: int = ANN) -> dict[str, Any]:
        """Say something and return what is answered."""
        sent = len(self.telegram.sent)
        await self.telegram.say(user, text)
        return await self.telegram.next(sent + 1)

    async def tapped(self, message: dict[str, Any], number: int = 0, user: int = ANN) -> str:
        """Tap a button and return the text of the toast."""
        toasts = len(self.telegram.toasts)
        await self.telegram.tap(user, message, number)
        await self.telegram.until(lambda: len(self.telegram.toasts) > toasts)
        return str(self.telegram.toasts[-1].get("text", ""))

    async def press(self, message: dict[str, Any], text: str, user: int = ANN) -> dict[str, Any]:
        """Tap the button with a text, and return what is answered."""
        number = [each["text"] for each in buttons_of(message)].index(text)
        sent = len(self.telegram.sent)
        await self.tapped(message, number, user)
        return await self.telegram.next(sent + 1)

    async def journal(self, *kinds: str) -> list[Any]:
        """Return what the journal says of some kinds, oldest first."""
        entries = await self.core.store.read(
            lambda view: view.entries(f"accounts/{self.account}", after=0, limit=1_000)
        )
        return [decode_payload(each.payload) for each in entries if each.kind in kinds]

    def files(self) -> str:
        """Return what lies in the bot's folder, as text."""
        paths = [path for path in self.home.folder.rglob("*") if path.is_file()]
        return json.dumps({path.name: path.read_text() for path in paths})


@asynccontextmanager
async def parlour(core: Served, account: str, folder: Path) -> AsyncIterator[Parlour]:
    """Open one; the bot is not started yet."""
    async with telegram_server() as telegram:
        owner = client(core, Secret(OWNER))
        opened = Parlour(core, account, owner, telegram, folder / "bot")
        try:
            yield opened
        finally:
            await opened.stop()
            await owner.close()


Opened = Callable[[], Parlour]
