"""A real HTTP server on this machine that sends what a test scripts, byte by byte if need be."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

HANG_UP = b""
"""Close the connection without a byte."""

SILENCE = b"silence"
"""Answer nothing until the client gives up."""


def answer(body: Any, status: int = 200, **headers: str) -> bytes:
    """Return a whole HTTP answer; `body` is JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class Seen:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.split("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass
class Script:
    """What to answer, by method and path; the last answer of a route stays."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answers: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    connections: int = 0

    def on(self, route: str, *answers: Any) -> None:
        """Answer `METHOD /path` so: bytes as they are, all else as JSON."""
        self.answers[route] = [a if isinstance(a, bytes) else answer(a) for a in answers]

    def calls(self, path: str) -> list[Seen]:
        return [request for request in self.seen if request.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await _read(reader)) is not None:
                self.seen.append(request)
                queue = self.answers.get(f"{request.method} {request.path}")
                if not queue:
                    writer.write(answer(b"Not found", 404))
                    continue
                reply = queue.pop(0) if len(queue) > 1 else queue[0]
                if reply == SILENCE:
                    await reader.read()
                    return
                writer.write(reply)
                await writer.drain()
                whole = b"HTTP/1.1" in reply and b"\r\n\r\n" in reply
                if not whole or b"connection: close" in reply:
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, target, headers, body)


@asynccontextmanager
async def scripted() -> AsyncIterator[Script]:
    """Serve a script on a free port."""
    script = Script()
    tasks: set[asyncio.Task[None]] = set()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(script.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(start, "127.0.0.1", 0)
    script.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield script
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
