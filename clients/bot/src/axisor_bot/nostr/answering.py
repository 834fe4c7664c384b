"""Answers the messages of contacts, each once; of everybody else's there is a line in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from axisor.client import Client
from axisor.errors import AxisorError
from axisor_bot import commands
from axisor_bot.asking import misunderstood, refusal
from axisor_bot.commands import Change, Personal
from axisor_bot.conversation import Conversation
from axisor_bot.errors import ChatFailed, NotUnderstood
from axisor_bot.grammar import parse
from axisor_bot.nostr.contacts import Contact, Handled, NostrHome
from axisor_bot.nostr.keys import Letter

log = logging.getLogger(__name__)

FRESH = timedelta(minutes=10)
"""A message that is older, or so far ahead of our clock, is not answered."""

Connect = Callable[[Contact], Client]


class Answering:
    """Handles messages, one at a time. As a context it closes the clients it opened."""

    def __init__(self, home: NostrHome, connect: Connect, *, now: Callable[[], datetime]) -> None:
        self._home = home
        self._connect = connect
        self._now = now
        self._clients: dict[str, tuple[str, Client]] = {}
        self._handled = {each.id: each for each in home.handled()}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _, client in self._clients.values():
            await client.close()
        self._clients.clear()

    async def answer(self, letter: Letter) -> list[str] | None:
        """Return what is said to a message, None where it is not ours to answer."""
        if letter.id in self._handled:
            return None
        if abs(self._now().timestamp() - letter.at_s) > FRESH.total_seconds():
            log.info("a message of %s is too old or too new, and gets no answer", letter.sender)
            return None
        contact = self._home.contact(letter.sender)
        if contact is None:
            log.warning("unknown %s gets no answer", letter.sender)
            return None
        try:
            return await self._answer(contact, letter.text.strip())
        except NotUnderstood as error:
            return [misunderstood(contact.voice, error)]
        except ChatFailed:
            raise
        except AxisorError as error:
            return [contact.voice.of(contact.mode, refusal(contact.voice, error))]

    def done(self, letter: Letter) -> None:
        """Keep that a message was answered, for as long as it would be answered again."""
        least = self._now().timestamp() - FRESH.total_seconds()
        kept = [each for each in self._handled.values() if each.at_s >= least]
        kept.append(Handled(letter.id, letter.at_s))
        self._home.keep_handled(kept)
        self._handled = {each.id: each for each in kept}

    async def _answer(self, contact: Contact, text: str) -> list[str]:
        command = parse(text)
        if command is None:
            return []
        if isinstance(command, Personal):
            return [self._personal(contact, command)]
        if isinstance(command, Change | commands.Acknowledge | commands.Link):
            return [contact.voice.of(contact.mode, contact.voice.say("nostr.reads"))]
        talk = Conversation(contact, await self._client(contact), self._now)
        return [reply.text for reply in await talk.read(command)]

    def _personal(self, contact: Contact, command: Personal) -> str:
        match command:
            case commands.Identify():
                return f"{contact.npub} · {contact.role}"
            case commands.Mute():
                return contact.voice.say("nostr.mute")
            case commands.Speak(language=language):
                contact = replace(contact, language=language)
                self._home.keep_contact(contact)
                return contact.voice.say("spoken")
            case commands.Private(on=on):
                contact = replace(contact, private=on)
                self._home.keep_contact(contact)
                return contact.voice.say("private.on" if on else "private.off")

    async def _client(self, contact: Contact) -> Client:
        """Return the client of somebody; with another token than before it is a new one."""
        token, client = self._clients.get(contact.key, ("", None))
        if client is not None and token == contact.token:
            return client
        if client is not None:
            await client.close()
        client = self._connect(contact)
        self._clients[contact.key] = contact.token, client
        return client
