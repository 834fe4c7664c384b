"""The bot itself: follows its relays, answers its contacts, until it is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from axisor.errors import AxisorError
from axisor_bot.errors import ChatFailed
from axisor_bot.nostr.answering import Answering, Connect
from axisor_bot.nostr.contacts import NostrHome
from axisor_bot.nostr.keys import Identity, Letter, Signed
from axisor_bot.nostr.relay import RelayLine

log = logging.getLogger(__name__)

MOST_WAITING = 200
MOST_KNOWN = 10_000
"""Wrappings whose ids are remembered, so that the same one of another relay is not opened."""

MOST_TEXT = 4_000
TRIES_S = (1, 2, 4, 8)
"""How long is waited between tries to hand an answer over."""

Sleep = Callable[[float], Awaitable[None]]


class NostrBot:
    """Answers over relays. It decides nothing and changes nothing: each one's token may read."""

    def __init__(
        self,
        identity: Identity,
        relays: Sequence[str],
        home: NostrHome,
        connect: Connect,
        *,
        now: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._identity = identity
        self._home = home
        self._now = now
        self._sleep = sleep
        self._answering = Answering(home, connect, now=now)
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue(MOST_WAITING)
        self._known: dict[str, None] = {}
        self._lines = [
            RelayLine(url, identity, self._heard, now=now, sleep=sleep) for url in relays
        ]

    async def run(self) -> None:
        """Work until cancelled. Raises HomeInvalid."""
        try:
            async with asyncio.TaskGroup() as tasks, self._answering:
                for line in self._lines:
                    tasks.create_task(line.run())
                while True:
                    await self._take(*await self._waiting.get())
        except* AxisorError as group:
            raise _first(group) from None

    async def _heard(self, id: str, event: str) -> None:
        if id not in self._known:
            await self._waiting.put((id, event))

    async def _take(self, id: str, event: str) -> None:
        letter = None if id in self._known else self._identity.opened(event)
        if letter is None:
            return  # seen before, or no message to this bot
        self._known[id] = None  # its id is right, as its signature is
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]
        texts = await self._answering.answer(letter)
        if texts is None:
            return
        for text in texts:
            await self._reply(letter, text)
        self._answering.done(letter)

    async def _reply(self, letter: Letter, text: str) -> None:
        """Have an answer taken by one relay at least; where none does, it can be asked again."""
        shown = text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
        signed = self._identity.written(letter.sender, shown, self._now())
        for wait_s in (*TRIES_S, None):
            if await self._said(signed):
                return
            if wait_s is not None:
                await self._sleep(wait_s)
        log.warning("no relay takes an answer to %s", letter.sender)

    async def _said(self, signed: Signed) -> bool:
        ended = await asyncio.gather(
            *(line.say(signed) for line in self._lines), return_exceptions=True
        )
        for error in ended:
            if isinstance(error, ChatFailed):
                log.warning("%s", error.message)
            elif error is not None:
                raise error
        return None in ended


def _first(group: BaseExceptionGroup[AxisorError]) -> AxisorError:
    """Return what ended the bot; of several errors at once the first says enough."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, AxisorError), "the group holds nothing else"
    return found
