"""Answers messages and taps: pairs by a code, ignores strangers, speaks with everybody else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from axisor.client import Client
from axisor.errors import AuthError, AxisorError
from axisor.wire.failures import CallFailed
from axisor_bot import commands
from axisor_bot.asking import misunderstood, refusal
from axisor_bot.buttons import ASK
from axisor_bot.cards import Card, Reply
from axisor_bot.commands import Change, Command, Personal
from axisor_bot.conversation import Conversation
from axisor_bot.errors import ChatFailed, NotUnderstood
from axisor_bot.grammar import parse
from axisor_bot.home import Home
from axisor_bot.linking import Pages
from axisor_bot.people import Person
from axisor_bot.personal import personal
from axisor_bot.telegram.api import TelegramApi
from axisor_bot.telegram.joining import joined
from axisor_bot.telegram.updates import Chat, Message, Tap, Update, User

log = logging.getLogger(__name__)

Connect = Callable[[Person], Client]
START = "/start"


class Answering:
    """Handles updates, one at a time. As a context it closes the clients it opened."""

    def __init__(
        self,
        api: TelegramApi,
        home: Home,
        connect: Connect,
        *,
        now: Callable[[], datetime],
        paired: Callable[[Person], None],
        pages: Pages | None = None,
    ) -> None:
        self._api = api
        self._home = home
        self._connect = connect
        self._now = now
        self._paired = paired
        self._pages = pages
        self._clients: dict[str, tuple[str, Client]] = {}
        self._replaced: list[Client] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in (*self._replaced, *(each for _, each in self._clients.values())):
            await client.close()
        self._clients.clear()

    async def take(self, update: Update, me: str) -> None:
        """Handle one update. Raises ChatFailed where nobody could be told."""
        message, tap = update.message, update.callback_query
        if message is not None and message.sender is not None and message.text.strip():
            if message.text.split()[0].partition("@")[0] == START:
                await self._start(message, message.sender)
            else:
                await self._message(message, message.sender, me)
        elif tap is not None and tap.message is not None:
            await self._tap(tap, tap.message)

    def _person(self, chat: int, user: User) -> Person | None:
        person = self._home.person(f"{chat}.{user.id}")
        if person is None:
            log.warning("unknown user %d in chat %d gets no answer", user.id, chat)
        return person

    async def _start(self, message: Message, sender: User) -> None:
        """Pair whoever says a code that waits; nobody learns whether one was nearly right."""
        code = message.text.partition(" ")[2].strip()
        if not code and self._home.person(f"{message.chat.id}.{sender.id}") is not None:
            await self._message(replace(message, text="/help"), sender, "")
            return
        person = joined(self._home, message.chat, sender, code, self._now())
        if person is None:
            log.warning("user %d in chat %d said no code that fits", sender.id, message.chat.id)
            return
        self._home.keep_person(person)
        self._paired(person)
        log.info("user %d in chat %d is paired as %s", sender.id, message.chat.id, person.role)
        voice = person.voice
        text = voice.of(person.mode, voice.say("paired", role=voice.say(f"role.{person.role}")))
        await self._api.send(person.chat, text)

    async def _message(self, message: Message, sender: User, me: str) -> None:
        person = self._person(message.chat.id, sender)
        if person is None:
            return
        ref = f"telegram/{person.key}/{message.message_id}"
        if not await self._said(person, message.text, message.chat, ref, me=me):
            await self._word(person, message.text.strip())

    async def _said(self, person: Person, line: str, chat: Chat, ref: str, *, me: str = "") -> bool:
        """Answer a line, said or tapped; returns False for one that is no command.

        `ref` names the message or the tap: seen twice, it asks for the same.
        """
        try:
            command = parse(line, me=me)
            if command is None:
                return False
            replies = await self._answer(person, command, chat, ref)
        except NotUnderstood as error:
            replies = [Reply(misunderstood(person.voice, error))]
        except ChatFailed:
            raise
        except AxisorError as error:
            replies = [Reply(person.voice.of(person.mode, refusal(person.voice, error)))]
        for reply in replies:
            await self._api.send(person.chat, reply.text, reply.buttons)
        return True

    async def _answer(self, person: Person, command: Command, chat: Chat, ref: str) -> list[Reply]:
        match command:
            case commands.Link():
                return [Reply(await self._link(person, chat))]
            case commands.Acknowledge():
                return [await self._talk(person).acknowledge(command, ref)]
        if isinstance(command, Personal):
            wanted, text = personal(person, command, self._now())
            if wanted != person:
                self._keep(wanted)
            return [Reply(text)]
        talk = self._talk(person)
        if not isinstance(command, Change):
            return await talk.read(command)
        card, reply = await talk.prepare(command, ref)
        if card is not None:
            cards = self._home.cards(self._now())
            self._home.keep_cards({**cards, card.key: card})
        return [reply]

    async def _link(self, person: Person, chat: Chat) -> str:
        """Return an address that signs a person in at the web pages, where only they read it.

        Raises PagesFailed.
        """
        voice = person.voice
        if not person.is_operator:
            return voice.say("link.operator")
        if not chat.is_private:
            return voice.say("link.private")
        if self._pages is None:
            return voice.say("link.none")
        address, seconds = await self._pages.link(person.secret(), self._now())
        log.info("%s got a link that signs in at the web pages", person.key)
        return voice.say("link", address=address, seconds=voice.number(seconds))

    def _keep(self, person: Person) -> None:
        self._home.keep_person(person)
        self._paired(person)

    async def _word(self, person: Person, said: str) -> None:
        """Have done what waits for exactly this word of this person."""
        cards = self._home.cards(self._now())
        waiting = [c for c in cards.values() if c.person == person.key and c.word]
        card = next((each for each in reversed(waiting) if each.word == said), None)
        if card is None:
            if waiting:
                text = person.voice.say("word.other", word=waiting[-1].word)
                await self._api.send(person.chat, text)
            return
        text, known = await self._talk(person).commit(card)
        await self._api.send(person.chat, text)
        if known:
            self._drop(card)

    async def _tap(self, tap: Tap, message: Message) -> None:
        person = self._person(message.chat.id, tap.sender)
        if person is None:
            await self._api.toast(tap.id)
            return
        act, _, about = tap.data.partition(":")
        if act == ASK:
            # The line is taken as if it had been typed by whoever taps: with their token alone.
            await self._said(person, about, message.chat, f"telegram/{person.key}/tap/{tap.id}")
            await self._api.toast(tap.id)
            return
        card = self._home.cards(self._now()).get(about)
        try:
            if act in ("yes", "no"):
                talk = self._talk(person)
                text = await (talk.approve(about) if act == "yes" else talk.deny(about))
            elif card is None:
                await self._api.toast(tap.id, person.voice.say("card.gone"))
                return
            elif card.person != person.key:
                await self._api.toast(tap.id, person.voice.say("card.other"))
                return
            elif act == "do" and not card.word:
                text, known = await self._talk(person).commit(card)
                if not known:  # the card stays, for another tap asks for the same
                    await self._api.send(person.chat, text)
                    await self._api.toast(tap.id, text)
                    return
            else:
                text = await self._talk(person).drop(card)
        except ChatFailed:
            raise
        except AxisorError as error:
            text = person.voice.of(person.mode, refusal(person.voice, error))
            if isinstance(error, AuthError | CallFailed):  # the buttons stay for another tap
                await self._api.send(message.chat.id, text)
                await self._api.toast(tap.id, text)
                return
        await self._api.edit(message.chat.id, message.message_id, text)
        if card is not None:
            self._drop(card)
        await self._api.toast(tap.id, text)

    def _drop(self, card: Card) -> None:
        cards = self._home.cards(self._now())
        cards.pop(card.key, None)
        self._home.keep_cards(cards)

    def _talk(self, person: Person) -> Conversation:
        held = self._clients.get(person.key)
        if held is None or held[0] != person.token:
            if held is not None:
                self._replaced.append(held[1])
            held = (person.token, self._connect(person))
            self._clients[person.key] = held
        return Conversation(person, held[1], self._now)
