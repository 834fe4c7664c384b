"""A wire to a PostgreSQL of the tests that can swallow what goes over it, without a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

CHUNK = 65_536


class Wire:
    """Carries connections on. What is sent while a direction is cut waits, as in a network."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._there, self._back = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.mend()

    def cut(self, *, there: bool = True, back: bool = True) -> None:
        """Let nothing through: neither to the server (`there`) nor from it (`back`)."""
        if there:
            self._there.clear()
        if back:
            self._back.clear()

    def mend(self) -> None:
        """Let everything through, what waited first."""
        self._there.set()
        self._back.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            server, client = await asyncio.open_unix_connection(str(self._target))
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pump(reader, client, self._there))
                    group.create_task(_pump(server, writer, self._back))
            finally:
                client.close()
        except* (OSError, asyncio.CancelledError):
            pass  # a core that was killed, or the end of the test
        finally:
            self._tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        """End every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_: asyncio.Event
) -> None:
    while data := await reader.read(CHUNK):
        await open_.wait()
        writer.write(data)
        await writer.drain()
    await open_.wait()
    with suppress(OSError):
        writer.write_eof()


@asynccontextmanager
async def wire(dsn: str) -> AsyncIterator[tuple[Wire, str]]:
    """Lay a wire to the server of an address; yield it with the address that leads over it."""
    parts = urlsplit(dsn)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    (socket,) = Path(query["host"]).glob(".s.PGSQL.[0-9]*[0-9]")
    laid = Wire(socket)
    server = await asyncio.start_server(laid.carry, "127.0.0.1", 0)
    laid.port = server.sockets[0].getsockname()[1]
    query |= {"host": "127.0.0.1", "port": str(laid.port), "sslmode": "disable"}
    try:
        yield laid, urlunsplit(parts._replace(query=urlencode(query)))
    finally:
        server.close()
        await laid.close()
