"""A line to one relay (NIP-01): follows what is for us, hands over what we say, and comes back."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from axisor.client.profile import is_loopback
from axisor_bot.errors import ChatRefused, ChatUnreachable, RelayInvalid
from axisor_bot.nostr.keys import GIFT, Identity, Signed

log = logging.getLogger(__name__)

NAME = "axisor"
LOOKED_BACK = timedelta(days=3)
"""Wrappings are dated up to two days back, so that nobody learns when they were sent."""

MOST_PAST = 500
MOST_BYTES = 256 * 1024
OPEN_S, ANSWER_S = 10.0, 10.0
FIRST_WAIT_S, MOST_WAIT_S = 1, 60
MOST_WORDS = 120

Heard = Callable[[str, str], Awaitable[None]]
"""Takes a wrapping: its id as the relay says it, and the event as JSON."""

Sleep = Callable[[float], Awaitable[None]]


def check_relay(url: str) -> str:
    """Return the address of a relay. Raises RelayInvalid; without TLS only this machine will do."""
    try:
        parts = urlsplit(url)
        plain = f"{parts.hostname}:{parts.port or 80}"
    except ValueError:
        raise RelayInvalid(f"{url} is no address.") from None
    if parts.scheme not in ("wss", "ws") or not parts.hostname or parts.fragment:
        raise RelayInvalid(f"{url} is no address of a relay: wss://relay.example.org.")
    if parts.scheme == "ws" and not is_loopback(plain):
        raise RelayInvalid(f"{url} is without TLS, which is for this machine only.")
    return url


class RelayLine:
    """Connects by itself, again and again, until cancelled. It shows who we are where asked."""

    def __init__(
        self,
        url: str,
        identity: Identity,
        heard: Heard,
        *,
        now: Callable[[], datetime],
        sleep: Sleep,
    ) -> None:
        self.url = url
        self._identity = identity
        self._heard = heard
        self._now = now
        self._sleep = sleep
        self._socket: ClientConnection | None = None
        self._answers: dict[str, asyncio.Future[tuple[bool, str]]] = {}
        self._proof = ""
        self._wait = FIRST_WAIT_S

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                async with connect(
                    self.url, open_timeout=OPEN_S, close_timeout=1, max_size=MOST_BYTES
                ) as socket:
                    await self._follow(socket)
            except ChatRefused as error:
                log.warning("%s", error.message)
            except (OSError, TimeoutError, WebSocketException) as error:
                log.warning("%s: %s", self.url, error)
            finally:
                self._gone()
            await self._sleep(self._wait)
            self._wait = min(self._wait * 2, MOST_WAIT_S)

    async def say(self, signed: Signed) -> None:
        """Return once the relay has an event. Raises ChatUnreachable, ChatRefused."""
        if self._socket is None:
            raise ChatUnreachable(f"{self.url}: there is no line.")
        answer = asyncio.get_running_loop().create_future()
        self._answers[signed.id] = answer
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._socket.send(f'["EVENT",{signed.event}]')
                taken, said = await answer
        except (TimeoutError, ConnectionClosed):
            raise ChatUnreachable(f"{self.url}: there is no answer.") from None
        finally:
            self._answers.pop(signed.id, None)
        if not taken and not said.startswith("duplicate:"):
            raise ChatRefused(f"{self.url}: {_shown(said)}.")

    async def _follow(self, socket: ClientConnection) -> None:
        self._proof, self._socket = "", socket
        await self._ask(socket)
        async for text in socket:
            await self._take(socket, _read(text))

    async def _ask(self, socket: ClientConnection) -> None:
        wanted = {
            "kinds": [GIFT],
            "#p": [self._identity.hex],
            "since": int((self._now() - LOOKED_BACK).timestamp()),
            "limit": MOST_PAST,
        }
        await socket.send(json.dumps(["REQ", NAME, wanted]))

    async def _take(self, socket: ClientConnection, said: Any) -> None:
        match said:
            case ["EVENT", str(), {"id": str(id), "kind": int(kind)} as event] if kind == GIFT:
                await self._heard(id, json.dumps(event))
            case ["EOSE", str()]:
                self._wait = FIRST_WAIT_S
            case ["AUTH", str(challenge)]:
                proof = self._identity.proof(self.url, challenge)
                self._proof = proof.id
                await socket.send(f'["AUTH",{proof.event}]')
            case ["OK", str(id), bool(taken), *_] if id == self._proof:
                if not taken:
                    raise ChatRefused(f"{self.url} does not take our word for who we are.")
                await self._ask(socket)  # what was refused before is answered now
            case ["OK", str(id), bool(taken), *rest] if id in self._answers:
                answer = self._answers[id]
                if not answer.done():
                    answer.set_result((taken, str(rest[0]) if rest else ""))
            case ["CLOSED", str(), str(words)] if not words.startswith("auth-required:"):
                raise ChatRefused(f"{self.url} lets us follow nothing: {_shown(words)}.")
            case _:
                pass  # notices and the like ask for nothing

    def _gone(self) -> None:
        self._socket = None
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ChatUnreachable(f"{self.url} broke off."))


def _read(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _shown(said: str) -> str:
    return "".join(sign for sign in said if sign.isprintable())[:MOST_WORDS]
