"""A wire between two programs, which can swallow, tear and break what it carries."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

CHUNK = 65_536
AT_ONCE = struct.pack("ii", 1, 0)
"""Lets the kernel answer with a reset instead of a good end."""

Ends: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """Carries connections on. What is sent while a direction is cut waits, as in a network."""

    def __init__(self, connect: Callable[[], Awaitable[Ends]]) -> None:
        self._connect = connect
        self._there, self._back = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._refusing = False
        self.port = 0
        self.made = 0
        self.chunk = CHUNK
        """Bytes that are carried at once; 1 tears every message."""
        self.mend()

    def cut(self, *, there: bool = True, back: bool = True) -> None:
        """Let nothing through: neither to the server (`there`) nor from it (`back`)."""
        if there:
            self._there.clear()
        if back:
            self._back.clear()

    def reset(self, *, refusing: bool = False) -> None:
        """Break every connection, and with `refusing` each new one, until it is mended."""
        self._refusing = refusing
        for writer in self._writers:
            _break(writer)

    def mend(self) -> None:
        """Let everything through, what waited first."""
        self._refusing = False
        self._there.set()
        self._back.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it."""
        if self._refusing:
            _break(writer)
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.made += 1
        try:
            server, client = await self._connect()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pump(reader, client, self._there))
                    group.create_task(self._pump(server, writer, self._back))
            finally:
                client.close()
        except* (OSError, asyncio.CancelledError):
            pass  # a core that was killed, or the end of the test
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def close(self) -> None:
        """End every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_: asyncio.Event
    ) -> None:
        while data := await reader.read(self.chunk):
            await open_.wait()
            writer.write(data)
            await writer.drain()
        await open_.wait()
        with suppress(OSError):
            writer.write_eof()


def _break(writer: asyncio.StreamWriter) -> None:
    end: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.transport.abort()


@asynccontextmanager
async def laid(connect: Callable[[], Awaitable[Ends]]) -> AsyncIterator[Wire]:
    """Lay a wire from a free port of this machine to whatever `connect` connects to."""
    wire = Wire(connect)
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        await wire.close()


@asynccontextmanager
async def wire(dsn: str) -> AsyncIterator[tuple[Wire, str]]:
    """Lay a wire to the server of an address; yield it with the address that leads over it."""
    parts = urlsplit(dsn)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    (path,) = Path(query["host"]).glob(".s.PGSQL.[0-9]*[0-9]")
    async with laid(lambda: asyncio.open_unix_connection(str(path))) as over:
        query |= {"host": "127.0.0.1", "port": str(over.port), "sslmode": "disable"}
        yield over, urlunsplit(parts._replace(query=urlencode(query)))
