"""Streams over one WebSocket: several at once, each begun, resumed and ended by its id.

> {"token": "…"}                                         first, unless a cookie came
> {"id": "a", "watch": "/v1/accounts/main/positions:watch", "after": "12"}
< {"id": "a", "frame": {…}, "after": "14"}
< {"id": "a", "error": {…}}  or  {"id": "a", "end": true}
> {"id": "a", "stop": true}
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from axisor.errors import AxisorError, FieldInvalid, RateLimited
from axisor.ports import Secret
from axisor_web.answers import Refusal, refusal
from axisor_web.browser import address_of
from axisor_web.calls import Core, Credential
from axisor_web.contract import find
from axisor_web.streams import cursor, resumed
from axisor_web.transcode import encoded, json_of, parsed, request_of

MOST_STREAMS = 16
MOST_TEXT = 64 * 1024
UNSIGNED, BAD = 4401, 4400
"""Codes that a socket is closed with: nobody signed in, and no sense in what was said."""


class Ask(Struct, frozen=True):
    """One message of a client, checked."""

    id: str
    watch: str = ""
    after: str = ""
    stop: bool = False


class Socket:
    """One connection and the streams on it. What is sent waits for the one before it."""

    def __init__(self, socket: WebSocket, core: Core, credential: Credential | None) -> None:
        self._socket = socket
        self._core = core
        self._credential = credential
        self._streams: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Serve until the client leaves or says what makes no sense."""
        try:
            if self._credential is None:
                self._credential = await self._first()
            while True:
                await self._heed(_asked(await self._hear()))
        except WebSocketDisconnect:
            pass
        except AxisorError as error:
            await self._close(error)
        finally:
            for task in self._streams.values():
                task.cancel()
            await asyncio.gather(*self._streams.values(), return_exceptions=True)

    async def _first(self) -> Credential:
        said = await self._hear()
        token = said.get("token")
        if not isinstance(token, str) or not token:
            raise FieldInvalid("The first message must give a token.", field="token")
        return Credential(Secret(token), address=address_of(self._socket))

    async def _hear(self) -> dict[str, Any]:
        text = await self._socket.receive_text()
        if len(text) > MOST_TEXT:
            raise FieldInvalid("The message is too long.", field="message")
        said = parsed(text)
        if not isinstance(said, dict):
            raise FieldInvalid("A message must be a JSON object.", field="message")
        return said

    async def _heed(self, ask: Ask) -> None:
        if ask.stop:
            if (task := self._streams.pop(ask.id, None)) is not None:
                task.cancel()
        elif ask.id in self._streams:
            raise FieldInvalid(f"{ask.id!r} is the id of a stream already.", field="id")
        elif len(self._streams) >= MOST_STREAMS:
            full = RateLimited(f"One socket carries {MOST_STREAMS} streams and no more.")
            await self._say({"id": ask.id, "error": refusal(full).json()})
        else:
            self._streams[ask.id] = asyncio.create_task(self._follow(ask))

    async def _follow(self, ask: Ask) -> None:
        assert self._credential is not None, "a stream is begun by somebody"
        try:
            parts = urlsplit(ask.watch)
            found = find("GET", parts.path)
            if found is None or not found[1].streams:
                raise FieldInvalid(f"{parts.path} is no stream.", field="watch")
            route, method, variables = found
            query = parse_qsl(parts.query, keep_blank_values=True)
            request = resumed(request_of(method, route, variables, query, b""), ask.after)
            async for frame in self._core.frames(method, request, self._credential):
                at = cursor(frame)
                told: dict[str, Any] = {"id": ask.id, "frame": json_of(frame)}
                await self._say(told if at is None else told | {"after": str(at)})
            await self._say({"id": ask.id, "end": True})
        except AxisorError as error:
            await self._say({"id": ask.id, "error": refusal(error).json()})
        except Refusal as refused:
            await self._say({"id": ask.id, "error": refused.json()})
        except WebSocketDisconnect:
            pass  # The client left; whoever hears from it ends the rest.
        finally:
            if self._streams.get(ask.id) is asyncio.current_task():
                del self._streams[ask.id]

    async def _say(self, told: dict[str, Any]) -> None:
        async with self._turn:
            if self._socket.application_state is WebSocketState.CONNECTED:
                await self._socket.send_text(encoded(told).decode())

    async def _close(self, error: AxisorError) -> None:
        code = UNSIGNED if self._credential is None else BAD
        await self._say({"error": refusal(error).json()})
        await self._socket.close(code, error.message[:100])


def _asked(said: dict[str, Any]) -> Ask:
    id, watch, after = said.get("id"), said.get("watch", ""), said.get("after", "")
    if not isinstance(id, str) or not 0 < len(id) <= 64:
        raise FieldInvalid("A message needs an id of 1 to 64 letters.", field="id")
    stop = said.get("stop", False)
    if not isinstance(watch, str) or not isinstance(after, str) or not isinstance(stop, bool):
        raise FieldInvalid("watch and after are texts, stop is true or false.", field="watch")
    if unknown := sorted(set(said) - {"id", "watch", "after", "stop"}):
        raise FieldInvalid(f"{unknown[0]} is not known here.", field=unknown[0])
    if bool(watch) == stop:
        raise FieldInvalid("A message says either watch or stop.", field="watch")
    return Ask(id, watch, after, stop)
