"""A real WebSocket server on this machine that plays the venue's stream as a test directs it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.plugins.lnmarkets.links import KEY, PASSPHRASE, SECRET
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from axisor_lnmarkets.signing import sign_stream

SCOPES = ["futures:isolated:read", "futures:cross:*"]


@dataclass
class Stage:
    """What the server was told and how it behaves."""

    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    live: list[ServerConnection] = field(default_factory=list)
    connections: int = 0
    permissions: list[str] = field(default_factory=lambda: list(SCOPES))
    offered: set[str] | None = None
    raw: dict[str, str] = field(default_factory=dict)
    """By method: a frame to send in place of the answer; empty sends none."""

    def methods(self) -> list[str]:
        return [message["method"] for message in self.seen]

    async def push(self, topic: str, data: Any) -> None:
        params = {"topic": topic, "data": data}
        message = {"jsonrpc": "2.0", "method": "subscription", "params": params}
        await self.live[-1].send(json.dumps(message))

    async def drop(self) -> None:
        await self.live[-1].close(1001)

    async def subscribed(self, times: int = 1) -> None:
        """Wait until a client has subscribed so often."""
        async with asyncio.timeout(60):
            while self.methods().count("subscribe") < times:
                await asyncio.sleep(0)

    async def play(self, connection: ServerConnection) -> None:
        self.connections += 1
        self.live.append(connection)
        try:
            async for text in connection:
                message = json.loads(text)
                self.seen.append(message)
                reply = self.raw.get(message["method"])
                if reply is None:
                    reply = json.dumps(
                        {"jsonrpc": "2.0", "id": message["id"], **self._answer(message)}
                    )
                if reply:
                    await connection.send(reply)
        except ConnectionClosed:
            return

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        params = message.get("params", {})
        match message["method"]:
            case "hello":
                return {"result": {"version": "1.0.0"}}
            case "ping":
                return {"result": "pong"}
            case "time":
                return {"result": {"time": 1_790_856_000_000}}
            case "authenticate":
                return self._authenticate(params)
            case "whoami":
                return {"result": {"apiKey": KEY, "userId": "u", "permissions": self.permissions}}
            case "subscribe":
                topics = [t for t in params["topics"] if self.offered is None or t in self.offered]
                return {"result": {"subscribed": topics}}
            case "unsubscribe":
                return {"result": {"unsubscribed": params["topics"]}}
            case "unsubscribeAll":
                return {"result": {"unsubscribed": []}}
        return {"error": {"code": -32601, "message": "no", "data": {"code": "NOT_FOUND"}}}

    def _authenticate(self, params: dict[str, Any]) -> dict[str, Any]:
        expected = sign_stream(SECRET, timestamp_ms=params["timestamp"], nonce=params["nonce"])
        good = params["signature"] == expected and params["passphrase"] == PASSPHRASE
        if good and self.permissions != ["revoked"]:
            return {"result": {"authenticated": True, "permissions": self.permissions}}
        data = {"code": "UNAUTHORIZED"}
        return {"error": {"code": -32000, "message": "bad key", "data": data}}


@asynccontextmanager
async def staged(stage: Stage | None = None) -> AsyncIterator[Stage]:
    """Serve a stage on a free port."""
    stage = Stage() if stage is None else stage
    async with serve(stage.play, "127.0.0.1", 0, close_timeout=0.1) as server:
        stage.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/v1"
        yield stage
