"""The bot itself: polls, answers whom it knows, and pushes alerts, until it is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from axisor.client import Client
from axisor.errors import AxisorError
from axisor_bot.errors import (
    AnotherPoller,
    BotTokenInvalid,
    ChatBusy,
    ChatUnreachable,
    HomeInvalid,
)
from axisor_bot.home import Home
from axisor_bot.linking import Pages
from axisor_bot.people import Person
from axisor_bot.telegram.alerting import Alerting
from axisor_bot.telegram.answering import Answering
from axisor_bot.telegram.api import TelegramApi
from axisor_bot.telegram.updates import Update

log = logging.getLogger(__name__)

WAIT_S = 50
"""How long Telegram may hold a poll open."""

FIRST_WAIT_S, MOST_WAIT_S = 1, 60
MOST_CONFLICTS = 6
"""Conflicts in a row after which another poller is taken for there to stay."""

Connect = Callable[[Person], Client]
Sleep = Callable[[float], Awaitable[None]]


class TelegramBot:
    """Polls for one bot and its folder. It decides nothing: the core does, by each one's token."""

    def __init__(
        self,
        api: TelegramApi,
        home: Home,
        connect: Connect,
        *,
        now: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
        wait_s: int = WAIT_S,
        pages: Pages | None = None,
    ) -> None:
        """Take what is spoken to; `pages` are where links of /link lead, None where nowhere."""
        self._api = api
        self._home = home
        self._sleep = sleep
        self._wait_s = wait_s
        self._alerting = Alerting(api, home, connect, now=now, sleep=sleep)
        self._answering = Answering(
            api, home, connect, now=now, paired=self._alerting.begin, pages=pages
        )

    async def run(self) -> None:
        """Work until cancelled. Raises BotTokenInvalid, AnotherPoller, HomeInvalid."""
        me = await self._reached()
        try:
            async with asyncio.TaskGroup() as tasks, self._answering:
                self._alerting.start(tasks)
                for person in self._home.people():
                    self._alerting.begin(person)
                await self._poll(me)
        except* AxisorError as group:
            raise _first(group) from None

    async def _reached(self) -> str:
        wait = FIRST_WAIT_S
        while True:
            try:
                return (await self._api.me()).username
            except ChatBusy as busy:
                await self._sleep(busy.wait_s)
            except ChatUnreachable as error:
                log.warning("%s", error.message)
                await self._sleep(wait)
                wait = min(wait * 2, MOST_WAIT_S)

    async def _poll(self, me: str) -> None:
        wait, conflicts = FIRST_WAIT_S, 0
        while True:
            try:
                updates = await self._api.updates(self._home.offset, self._wait_s)
                conflicts = 0
                await self._take(updates, me)
                wait = FIRST_WAIT_S
            except ChatBusy as busy:
                await self._sleep(busy.wait_s)
            except AnotherPoller as error:
                conflicts += 1
                if conflicts >= MOST_CONFLICTS:
                    raise
                log.warning("%s", error.message)
                await self._sleep(wait)
                wait = min(wait * 2, MOST_WAIT_S)
            except ChatUnreachable as error:
                log.warning("%s", error.message)
                await self._sleep(wait)
                wait = min(wait * 2, MOST_WAIT_S)

    async def _take(self, updates: Sequence[Update], me: str) -> None:
        """Handle updates in order; each is acknowledged once it was handled, never before."""
        for update in sorted(updates, key=lambda each: each.update_id):
            if update.update_id <= self._home.offset:
                continue
            try:
                await self._answering.take(update, me)
            except (ChatBusy, ChatUnreachable, BotTokenInvalid, HomeInvalid):
                raise  # it is asked for and handled again, which does nothing twice
            except AxisorError as error:
                log.warning("update %d: %s", update.update_id, error.message)
            self._home.keep_offset(update.update_id)


def _first(group: BaseExceptionGroup[AxisorError]) -> AxisorError:
    """Return what ended the bot; of several errors at once the first says enough."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, AxisorError), "the group holds nothing else"
    return found
