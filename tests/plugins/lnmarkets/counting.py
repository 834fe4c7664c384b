"""A raw server on this machine that counts what of a request reaches it, and then misbehaves."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass


@dataclass
class Line:
    """What to do with each connection, and what came.

    `reads` is how much of a request is read before the answer: `nothing`, `head` or `all`. `end` is
    how the connection ends after it: `close`, `reset`, or `hold` until the client gives up.
    """

    url: str = ""
    reply: bytes = b""
    reads: str = "all"
    end: str = "close"
    received: int = 0
    requests: int = 0
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.reads != "nothing":
                await self._read(reader)
            if self.reply:
                writer.write(self.reply)
                await writer.drain()
            if self.end == "hold":
                self.received += len(await reader.read())
            if self.end == "reset":
                linger = struct.pack("ii", 1, 0)
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        self.received += len(head)
        if self.reads == "all":
            length = next(
                (int(x.split(b":")[1]) for x in head.split(b"\r\n") if b"content-length" in x), 0
            )
            self.received += len(await reader.readexactly(length))


@asynccontextmanager
async def counting(line: Line, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Line]:
    """Serve a line on a free port, over TLS where a certificate is given."""
    tasks: set[asyncio.Task[None]] = set()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(line.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(start, "127.0.0.1", 0, ssl=tls)
    scheme = "http" if tls is None else "https"
    line.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def deaf() -> AsyncIterator[str]:
    """Offer an address whose queue of connections is full, so that none can be made."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        with suppress(BlockingIOError):
            client.connect(listener.getsockname())
        waiting.append(client)
    await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for client in waiting:
            client.close()
        listener.close()
