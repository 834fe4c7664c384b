"""Serves an ASGI application on this machine, for as long as a test needs it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import uvicorn

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

STOP_S = 1
MOST_MESSAGE = 8 * 1024 * 1024


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[str]:
    """Serve HTTP and WebSockets on a free port of loopback, and yield the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as made:
        made.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                ws="websockets-sansio",
                ws_max_size=MOST_MESSAGE,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=STOP_S,
            )
        )
        # The steps of `uvicorn.Server.serve` without its signal handlers: those are the test's.
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup(sockets=[made])
        ticking = asyncio.create_task(server.main_loop())
        try:
            yield f"http://127.0.0.1:{made.getsockname()[1]}"
        finally:
            server.should_exit = True
            await ticking
            await server.shutdown(sockets=[made])


async def body_of(receive: Receive) -> bytes:
    """Return the whole body of a request."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


async def answer(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Send a whole answer."""
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*named, length]})
    await send({"type": "http.response.body", "body": body})


def target_of(scope: Scope) -> tuple[str, str]:
    """Return path and query as they came."""
    return scope["raw_path"].decode("ascii"), scope["query_string"].decode("ascii")
