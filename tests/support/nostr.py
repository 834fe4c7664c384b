"""A relay of Nostr on loopback that speaks the real protocol, and behaves as it is told.

It stands on nothing that is under test: ids, signatures and filters are reckoned here.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from msgspec import Struct, field
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.support.nostr_crypto import id_of, is_signed

Event = dict[str, Any]
AUTH, GIFT = 22_242, 1_059


class Line(Struct, eq=False):
    """One who is connected: what they follow, and whom they have shown to be."""

    socket: ServerConnection
    follows: dict[str, list[Event]] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)


class FakeRelay:
    """Keeps what it is sent. `refuses` is why it takes nothing; `challenge` makes it ask who calls.

    `silent` answers nothing, `cuts` ends the line at the first event, `sends_to` answers with a
    redirect, `status` with a refusal of HTTP.
    """

    def __init__(self, *, challenge: str = "", late: bool = False) -> None:
        self.challenge = challenge
        self.late = late
        self.refuses: list[str] = []
        self.silent = False
        self.cuts = False
        self.sends_to = ""
        self.status: HTTPStatus | None = None
        self.kept: list[Event] = []
        self.offered: list[Event] = []
        self.calls = 0
        self.names: list[str | None] = []
        self.port = 0
        self.lines: list[Line] = []
        self.moved = asyncio.Condition()

    @property
    def url(self) -> str:
        """Return where it listens, without TLS."""
        return f"ws://127.0.0.1:{self.port}"

    async def greet(self, socket: ServerConnection, request: Request) -> Response | None:
        """Answer whoever connects: None lets them in."""
        self.calls += 1
        await self._tell()
        status = HTTPStatus.FOUND if self.sends_to else self.status
        if status is None:
            return None
        where = Headers([("Location", self.sends_to)] if self.sends_to else [])
        return Response(status.value, status.phrase, where, b"")

    async def talk(self, socket: ServerConnection) -> None:
        """Serve one connection."""
        line = Line(socket)
        self.lines.append(line)
        try:
            if self.challenge and not self.late:
                await self._say(line, "AUTH", self.challenge)
            async for text in socket:
                await self._hear(line, json.loads(text))
        except ConnectionClosed:
            pass  # whoever called went away, which is what some tests are about
        finally:
            self.lines.remove(line)
            await self._tell()

    async def give(self, event: Event) -> None:
        """Keep an event as if somebody had sent it, and pass it on."""
        self.kept.append(event)
        for line in self.lines:
            for name, filters in line.follows.items():
                if any(fits(event, each) for each in filters):
                    await self._say(line, "EVENT", name, event)
        await self._tell()

    async def until(self, count: int) -> list[Event]:
        """Return what is kept once there are so many."""
        async with self.moved:
            await self.moved.wait_for(lambda: len(self.kept) >= count)
        return self.kept

    async def followed(self, count: int = 1) -> None:
        """Wait until so many follow it."""
        async with self.moved:
            await self.moved.wait_for(
                lambda: sum(1 for each in self.lines if each.follows) >= count
            )

    async def called(self, count: int) -> None:
        """Wait until it was called so often."""
        async with self.moved:
            await self.moved.wait_for(lambda: self.calls >= count)

    async def hang_up(self) -> None:
        """End every line."""
        for line in list(self.lines):
            await line.socket.close()

    async def _hear(self, line: Line, said: list[Any]) -> None:
        match said:
            case ["EVENT", event]:
                await self._offered(line, event)
            case ["REQ", name, *filters]:
                await self._followed(line, name, filters)
            case ["CLOSE", name]:
                line.follows.pop(name, None)
            case ["AUTH", event]:
                taken = self._shows(event)
                if taken:
                    line.shown.add(event["pubkey"])
                await self._say(line, "OK", event["id"], taken, "" if taken else "invalid: no")

    async def _offered(self, line: Line, event: Event) -> None:
        self.offered.append(event)
        if self.cuts:
            await line.socket.close()
            return
        if self.silent:
            return
        await self._say(line, "NOTICE", "hello")
        if self.challenge and not line.shown:
            await self._say(line, "OK", event["id"], False, "auth-required: who are you?")
            if self.late:
                await self._say(line, "AUTH", self.challenge)
        elif self.refuses:
            await self._say(line, "OK", event["id"], False, self.refuses.pop(0))
        elif id_of(event) != event["id"] or not is_signed(event):
            await self._say(line, "OK", event["id"], False, "invalid: not signed")
        elif any(each["id"] == event["id"] for each in self.kept):
            await self._say(line, "OK", event["id"], True, "duplicate: already here")
        else:
            await self.give(event)
            await self._say(line, "OK", event["id"], True, "")

    async def _followed(self, line: Line, name: str, filters: list[Event]) -> None:
        wanted = {key for each in filters if GIFT in each.get("kinds", ()) for key in each["#p"]}
        if self.challenge and not wanted <= line.shown:
            await self._say(line, "CLOSED", name, "auth-required: who are you?")
            if self.late:
                await self._say(line, "AUTH", self.challenge)
            return
        for event in list(self.kept):
            if any(fits(event, each) for each in filters):
                await self._say(line, "EVENT", name, event)
        await self._say(line, "EOSE", name)
        line.follows[name] = filters
        await self._tell()

    def _shows(self, event: Event) -> bool:
        tags = {tag[0]: tag[1] for tag in event["tags"]}
        ours = tags.get("challenge") == self.challenge and tags.get("relay", "").endswith(
            f":{self.port}"
        )
        return ours and event["kind"] == AUTH and id_of(event) == event["id"] and is_signed(event)

    async def _say(self, line: Line, *parts: object) -> None:
        await line.socket.send(json.dumps(parts))

    async def _tell(self) -> None:
        async with self.moved:
            self.moved.notify_all()


def fits(event: Event, wanted: Event) -> bool:
    """Return whether a filter of NIP-01 takes an event."""
    tagged = [tag[1] for tag in event["tags"] if tag[0] == "p"]
    return (
        event["kind"] in wanted.get("kinds", [event["kind"]])
        and event["created_at"] >= wanted.get("since", 0)
        and ("#p" not in wanted or any(key in wanted["#p"] for key in tagged))
    )


@asynccontextmanager
async def relaying(
    relay: FakeRelay | None = None, *, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[FakeRelay]:
    """Have a relay listen on loopback, with TLS where it has a context for it."""
    relay = relay or FakeRelay()
    if tls is not None:
        tls.sni_callback = lambda _, name, __: relay.names.append(name)
    async with serve(relay.talk, "127.0.0.1", port, ssl=tls, process_request=relay.greet) as server:
        relay.port = next(iter(server.sockets)).getsockname()[1]
        yield relay
