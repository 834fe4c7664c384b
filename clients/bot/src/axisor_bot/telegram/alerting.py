"""Pushes what happens to everybody who was paired, each event acknowledged once it was sent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import datetime

from axisor.client import Client
from axisor.errors import AuthError, AxisorError
from axisor_bot.cards import Reply
from axisor_bot.conversation import Conversation
from axisor_bot.errors import ChatBusy, ChatRefused, ChatUnreachable
from axisor_bot.following import Follower
from axisor_bot.home import Home
from axisor_bot.people import Person
from axisor_bot.telegram.api import TelegramApi

log = logging.getLogger(__name__)

FIRST_WAIT_S, MOST_WAIT_S = 1, 60
KEPT_EVERY = 100
"""Events without an alert after which the place in the journal is kept all the same."""

Connect = Callable[[Person], Client]
Sleep = Callable[[float], Awaitable[None]]


class Alerting:
    """Follows the journal of each person's account with that person's own token."""

    def __init__(
        self,
        api: TelegramApi,
        home: Home,
        connect: Connect,
        *,
        now: Callable[[], datetime],
        sleep: Sleep,
    ) -> None:
        self._api = api
        self._home = home
        self._connect = connect
        self._now = now
        self._sleep = sleep
        self._tasks: asyncio.TaskGroup | None = None
        self._following: dict[str, tuple[str, asyncio.Task[None]]] = {}

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Take the group that tasks are started in."""
        self._tasks = tasks

    def begin(self, person: Person) -> None:
        """Follow for a person, once; with another token than before, anew."""
        assert self._tasks is not None, "start comes first"
        token, task = self._following.get(person.key, ("", None))
        if task is not None and token == person.token:
            return
        if task is not None:
            task.cancel()
        self._following[person.key] = person.token, self._tasks.create_task(self._follow(person))

    async def _follow(self, person: Person) -> None:
        """Follow until cancelled, or until the core takes the person's token no longer."""
        async with self._connect(person) as client:

            def talk() -> Conversation:
                now = self._home.person(person.key) or person
                return Conversation(now, client, self._now)

            follower = Follower(talk, client, self._now)
            wait = FIRST_WAIT_S
            while self._home.person(person.key) is not None:
                try:
                    await self._told(person, follower)
                except AuthError as error:
                    log.warning("%s is told nothing more: %s", person.key, error.message)
                    await self._tell(person, Reply(person.voice.say("alert.barred")))
                    return
                except AxisorError as error:
                    log.warning("alerts of %s: %s", person.key, error.message)
                    await self._sleep(wait)
                    wait = min(wait * 2, MOST_WAIT_S)

    async def _told(self, person: Person, follower: Follower) -> None:
        unkept = 0
        async with aclosing(follower.follow(self._home.cursor(person.key))) as items:
            async for told in items:
                unkept += 1
                if told.reply is not None:
                    await self._tell(person, told.reply)
                if told.reply is not None or unkept >= KEPT_EVERY or self._is_first(person):
                    self._home.keep_cursor(person.key, told.sequence)
                    unkept = 0

    def _is_first(self, person: Person) -> bool:
        return self._home.cursor(person.key) is None

    async def _tell(self, person: Person, reply: Reply) -> None:
        """Send an alert, for as long as it takes; a chat that refuses it is not asked again."""
        wait = FIRST_WAIT_S
        while True:
            try:
                await self._api.send(person.chat, reply.text, reply.buttons)
                return
            except ChatBusy as busy:
                await self._sleep(busy.wait_s)
            except ChatUnreachable as error:
                log.warning("%s", error.message)
                await self._sleep(wait)
                wait = min(wait * 2, MOST_WAIT_S)
            except ChatRefused as error:
                log.warning("chat %d was not told: %s", person.chat, error.message)
                return
