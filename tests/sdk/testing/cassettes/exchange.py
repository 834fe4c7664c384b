"""An exchange of a few words, as an ASGI application: HTTP, forms, and a WebSocket."""

from __future__ import annotations

import json
from typing import Any

from axisor.testing.cassettes.serving import (
    Receive,
    Scope,
    Send,
    answer,
    body_of,
    target_of,
)


class Shop:
    """Counts what was ordered, echoes what it is told to, and pushes three prices."""

    def __init__(self) -> None:
        self.orders = 0
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "websocket":
            await self._talk(receive, send)
            return
        path, _ = target_of(scope)
        body = await body_of(receive)
        self.asked += 1
        headers = {"content-type": "application/json", "x-internal": "machine-7"}
        if scope["method"] == "POST":
            self.orders += 1
        match path:
            case "/echo":
                named = dict(scope["headers"])
                text = json.loads(body or "{}").get("text", "")
                told: Any = {"text": text, "header": named.get(b"x-echo", b"").decode()}
            case "/picture":
                await answer(send, 200, {}, b"\x89\xff\xfe")
                return
            case _:
                told = {"orders": self.orders, "price": "100.10"}
        await answer(send, 200, headers, json.dumps(told).encode())

    async def _talk(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            said = json.loads(message["text"])
            if said["method"] == "bye":
                await send({"type": "websocket.close", "code": 1001})
                return
            told = {"id": said["id"], "result": said["method"]}
            await send({"type": "websocket.send", "text": json.dumps(told)})
            if said["method"] == "subscribe":
                for price in (1, 2, 3):
                    await send({"type": "websocket.send", "text": json.dumps({"price": price})})
