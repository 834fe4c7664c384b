"""A SOCKS5 server on this machine (RFC 1928): names lead to ports that a test names, no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

NO_AUTHENTICATION = b"\x05\x00"
NAMED = 3
DONE, REFUSED = 0, 5
BOUND = b"\x00\x01\x00\x00\x00\x00\x00\x00"


@dataclass
class Proxy:
    """What was asked of it, and where names lead."""

    url: str = ""
    leads: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    open: list[asyncio.StreamWriter] = field(default_factory=list)
    mute: bool = False
    """Whether it takes connections and says nothing."""

    async def hang_up(self) -> None:
        """Close every connection, and let the other ends learn of it."""
        for writer in self.open:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        for _ in range(20):
            await asyncio.sleep(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.append(writer)
        try:
            if self.mute:
                await reader.read()
                return
            _, methods = await reader.readexactly(2)
            await reader.readexactly(methods)
            writer.write(NO_AUTHENTICATION)
            _, _, _, kind = await reader.readexactly(4)
            assert kind == NAMED, "a number was asked for: a name was resolved before"
            (length,) = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode()
            port = int.from_bytes(await reader.readexactly(2), "big")
            self.asked.append((host, port))
            if host not in self.leads:
                writer.write(bytes([5, REFUSED]) + BOUND)
                await writer.drain()
                return
            inner, outer = await asyncio.open_connection("127.0.0.1", self.leads[host])
            writer.write(bytes([5, DONE]) + BOUND)
            await asyncio.gather(_pipe(reader, outer), _pipe(inner, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[Proxy]:
    """Serve a proxy until the block ends."""
    proxy = Proxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"socks5h://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.hang_up()
