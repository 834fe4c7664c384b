"""A core, relays of Nostr, and a bot between them that may be stopped and started again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nostr_sdk

from axisor.client import Client
from axisor.model import Mode
from axisor.ports import Secret
from axisor.tokens import caveat
from axisor_bot.nostr.bot import NostrBot
from axisor_bot.nostr.contacts import Contact, NostrHome
from axisor_bot.nostr.keys import Identity
from axisor_bot.people import RIGHTS, VIEWER
from tests.server.rpc.serving import TOKEN as OWNER
from tests.server.rpc.serving import Served
from tests.server.rpc.test_people import client
from tests.support.nostr import Event, FakeRelay, relaying
from tests.support.nostr_crypto import public_of
from tests.support.nostr_letters import message, read_by, wrapped
from tests.support.processes import until

BOT, ANN, EVE = (bytes([each] * 32).hex() for each in (11, 22, 33))
"""Secret keys, as hex."""


def npub_of(secret: str) -> str:
    """Return the public key of a secret one as people write it."""
    return str(nostr_sdk.PublicKey.parse(public_of(secret)).to_bech32())


def nsec_of(secret: str) -> str:
    """Return a secret key as people write it."""
    return str(nostr_sdk.SecretKey.parse(secret).to_bech32())


class Salon:
    """Everything that a test of the bot touches."""

    def __init__(
        self, core: Served, account: str, owner: Client, relays: list[FakeRelay], folder: Path
    ) -> None:
        self.core, self.account, self.owner = core, account.removeprefix("accounts/"), owner
        self.relays, self.home = relays, NostrHome(folder)
        self.home.keep_key(Secret(nsec_of(BOT)))
        self.ahead = timedelta()
        self.slept: list[float] = []
        self._written, self._began = 0, datetime.now(UTC)
        self._task: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """Return the bot's present, which may be ahead of everybody's."""
        return datetime.now(UTC) + self.ahead

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0.01)

    def connect(self, contact: Contact) -> Client:
        """Connect to the core as somebody."""
        return client(self.core, contact.secret())

    def bot(self) -> NostrBot:
        """Return a bot that does nothing yet."""
        urls = [relay.url for relay in self.relays]
        return NostrBot(
            Identity(self.home.key), urls, self.home, self.connect, now=self.now, sleep=self._sleep
        )

    async def start(self) -> None:
        """Start the bot, and wait until it follows every relay."""
        self._task = asyncio.create_task(self.bot().run())
        for relay in self.relays:
            await relay.followed()

    async def stop(self) -> None:
        """End the bot where it stands, as a crash would."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def allow(self, secret: str = ANN, **more: object) -> Contact:
        """Let somebody be answered."""
        caveats = [caveat("accounts", self.account), caveat("permissions", *RIGHTS[VIEWER])]
        _, made = await self.owner.tokens.create("nostr", caveats)
        fields: dict[str, object] = {
            "npub": npub_of(secret),
            "name": "ann",
            "role": VIEWER,
            "account": self.account,
            "mode": Mode.SIM,
            "token": made.reveal(),
        }
        contact = Contact(**{**fields, **more})  # type: ignore[arg-type]
        self.home.keep_contact(contact)
        return contact

    def letter(self, text: str, secret: str = ANN, *, ago: timedelta = timedelta()) -> Event:
        """Return a message to the bot; none is a repeat, for each has a time and key of its own."""
        self._written += 1
        at_s = int((self._began + self.ahead - ago).timestamp()) - self._written
        rumor = message(public_of(secret), public_of(BOT), text, at_s)
        return wrapped(secret, public_of(BOT), rumor, once=self._written)

    async def ask(self, text: str, secret: str = ANN) -> str:
        """Say something and return what is answered."""
        kept = len(self.answers(secret))
        await self.relays[0].give(self.letter(text, secret))
        await self.answered(kept + 1, secret)
        return self.answers(secret)[kept]

    async def answered(self, count: int, secret: str = ANN) -> None:
        """Wait until so many answers to somebody lie at the first relay."""
        relay = self.relays[0]
        async with relay.moved:
            await relay.moved.wait_for(lambda: len(self.answers(secret)) >= count)

    async def noted(self, count: int) -> None:
        """Wait until so many answered messages are kept, so that no restart repeats an answer."""
        await until(lambda: len(self.home.handled()) >= count, "what was answered is kept")

    def answers(self, secret: str = ANN, relay: int = 0) -> list[str]:
        """Return what somebody was answered, oldest first."""
        key = public_of(secret)
        found = [each for each in self.relays[relay].kept if each["tags"] == [["p", key]]]
        opened = [read_by(secret, gift) for gift in found]
        assert {each.rumor["pubkey"] for each in opened} <= {public_of(BOT)}
        return [each.text for each in opened]

    def files(self) -> str:
        """Return what lies in the bot's folder, as text."""
        paths = [path for path in self.home.folder.rglob("*") if path.is_file()]
        return json.dumps({path.name: path.read_text() for path in paths})


@asynccontextmanager
async def salon(
    core: Served, account: str, folder: Path, *relays: FakeRelay
) -> AsyncIterator[Salon]:
    """Open one with two relays, or those that are given; the bot is not started yet."""
    first, second = relays or (FakeRelay(), FakeRelay())
    async with relaying(first), relaying(second):
        owner = client(core, Secret(OWNER))
        opened = Salon(core, account, owner, [first, second], folder / "bot")
        try:
            yield opened
        finally:
            await opened.stop()
            await owner.close()
