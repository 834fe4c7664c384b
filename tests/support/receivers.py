"""Receivers on loopback that behave as they are told, and a network that leads only to them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpcore
from msgspec import Struct

from axisor.testing.clock import FixedClock
from axisor_server.adapters import tls
from axisor_server.adapters.system import SystemClock

NAME = "receiver.example.org"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Asked(Struct, frozen=True):
    """A request as it arrived: its first line, its headers with small letters, its body."""

    line: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Takes what it is sent and answers with `status`, while it is not told otherwise."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.status = "200 OK"
        self.head = b""
        self.body = b"ok"
        self.silent = False
        self.endless = b""
        self.names: list[str | None] = []
        self.port = 0
        self.came = asyncio.Event()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked went away, which is what some tests are about
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        pairs = (text.partition(":") for text in rest if text)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(Asked(line, headers, body))
        self.came.set()
        if self.silent:
            await reader.read()  # until whoever asked gives up
            return
        size = b"" if self.endless else b"Content-Length: %d\r\n" % len(self.body)
        writer.write(f"HTTP/1.1 {self.status}\r\n".encode() + self.head + size + b"\r\n")
        writer.write(self.body)
        while self.endless:
            writer.write(self.endless)
            await writer.drain()
        await writer.drain()


@asynccontextmanager
async def receiving(
    receiver: Receiver, *, certificate: tls.Certificate | None = None, port: int = 0
) -> AsyncIterator[Receiver]:
    """Have a receiver listen on loopback, with TLS where it has a certificate."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.path, certificate.path.with_name(tls.KEY_FILE))
        context.sni_callback = lambda _, name, __: receiver.names.append(name)
    server = await asyncio.start_server(receiver.talk, "127.0.0.1", port, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


def certificate(folder: Path, *names: str, clock: FixedClock | None = None) -> tls.Certificate:
    """Return a certificate for names, which its own holder signed."""
    return tls.load_or_make(folder, clock or SystemClock(), names=names)


class Detour(httpcore.AsyncNetworkBackend):
    """A network that notes whom it was to reach, and reaches a port on loopback instead."""

    def __init__(self, port: int) -> None:
        self.dialled: list[str] = []
        self._port = port

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Note the host, and connect to loopback."""
        self.dialled.append(host)
        if not self._port:
            raise httpcore.ConnectError("nobody is there")
        return await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", self._port, timeout)


class Names:
    """A resolver with answers of its own; a name with several gives each in turn, then the last."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(found) for name, found in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host; one that is an address is its own."""
        self.asked.append(host)
        if host not in self._answers:
            return (host,)
        found = self._answers[host]
        return found.pop(0) if len(found) > 1 else found[0]
