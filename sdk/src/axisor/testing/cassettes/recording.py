"""Stands between a venue plugin and an exchange, passes everything on, and keeps what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect

from axisor.testing.cassettes.scrubbing import KEPT_HEADERS, CassetteUnsafe, Scrubber
from axisor.testing.cassettes.serving import (
    MOST_MESSAGE,
    Receive,
    Scope,
    Send,
    answer,
    body_of,
    target_of,
)
from axisor.testing.cassettes.tape import Ended, Entry, Exchange, Opened, Said

OWN = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Headers of one connection; the next one has its own."""

TIMEOUT_S = 30.0


class Recorder:
    """An ASGI application that is the exchange, as far as a plugin can tell."""

    def __init__(self, upstream: str, scrubber: Scrubber) -> None:
        self._upstream = upstream.rstrip("/")
        self._scrubber = scrubber
        self._changes = self._lines = 0
        self.entries: list[Entry] = []
        self.problems: list[str] = []
        self._http = httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=httpx.Timeout(TIMEOUT_S)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request, or everything that is said on a WebSocket."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._line(scope, receive, send)

    async def aclose(self) -> None:
        """Close the connections to the exchange. Raises CassetteUnsafe for what cannot be kept."""
        await self._http.aclose()
        if self.problems:
            raise CassetteUnsafe(self.problems[0])

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, query = target_of(scope)
        body = await body_of(receive)
        headers = self._passed_on(scope["headers"])
        target = path + (f"?{query}" if query else "")
        changes = self._changes
        if scope["method"] not in ("GET", "HEAD"):
            self._changes += 1
        told = await self._http.request(
            scope["method"],
            self._upstream + target,
            content=body or None,
            headers=[*headers, ("accept-encoding", "identity")],
        )
        kept = {name: told.headers[name] for name in KEPT_HEADERS if name in told.headers}
        is_form = dict(headers).get("content-type", "").startswith("application/x-www-form")
        asked = self._text(body)
        self.entries.append(
            Exchange(
                method=scope["method"],
                path=self._scrubber.text(path),
                query=self._scrubber.query(query),
                body=self._scrubber.query(asked) if is_form else self._scrubber.text(asked),
                status=told.status_code,
                headers=kept,
                answer=self._scrubber.text(self._text(told.content)),
                changes=changes,
            )
        )
        await answer(send, told.status_code, kept, told.content)

    def _passed_on(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
        found = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        for name, value in found:
            self._scrubber.heard(name, value)
        return [(name, value) for name, value in found if name not in OWN]

    def _text(self, body: bytes) -> str:
        try:
            return body.decode()
        except UnicodeDecodeError:
            self.problems.append("What is no text cannot be looked through for secrets.")
            return ""

    async def _line(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, query = target_of(scope)
        await receive()
        headers = [
            (name, value)
            for name, value in self._passed_on(scope["headers"])
            if not name.startswith("sec-websocket")
        ]
        place = urlsplit(self._upstream)
        scheme = "wss" if place.scheme == "https" else "ws"
        target = f"{scheme}://{place.netloc}{path}" + (f"?{query}" if query else "")
        offered = scope.get("subprotocols") or None
        async with connect(
            target,
            additional_headers=headers,
            subprotocols=offered,
            user_agent_header=None,
            max_size=MOST_MESSAGE,
            proxy=None,
        ) as exchange:
            self._lines += 1
            line = self._lines
            self.entries.append(
                Opened(
                    line=line,
                    path=self._scrubber.text(path),
                    query=self._scrubber.query(query),
                )
            )
            await send({"type": "websocket.accept", "subprotocol": exchange.subprotocol})
            hearing = asyncio.create_task(self._hear(line, exchange, send))
            try:
                await self._pass_on(line, exchange, receive)
            finally:
                hearing.cancel()
                with suppress(asyncio.CancelledError):
                    await hearing

    async def _pass_on(self, line: int, exchange: ClientConnection, receive: Receive) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            said = message.get("text")
            if said is None:
                said = self._text(message["bytes"])
            self._said(Said(line=line, by="plugin", text=self._scrubber.text(said)))
            with suppress(websockets.ConnectionClosed):  # the plugin is about to learn of it
                await exchange.send(said)

    async def _hear(self, line: int, exchange: ClientConnection, send: Send) -> None:
        try:
            while True:
                text = await exchange.recv()
                if isinstance(text, bytes):
                    text = self._text(text)
                self._said(Said(line=line, by="exchange", text=self._scrubber.text(text)))
                await send({"type": "websocket.send", "text": text})
        except websockets.ConnectionClosed as error:
            code = 1006 if error.rcvd is None else error.rcvd.code
            self.entries.append(Ended(line=line, code=code))
            await send({"type": "websocket.close", "code": 1011 if code == 1006 else code})

    def _said(self, said: Said) -> None:
        self.entries.append(said)
