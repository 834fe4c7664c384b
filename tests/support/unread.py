"""Browsers that ask a bridge for streams and then read nothing, each on a socket of its own."""

from __future__ import annotations

import asyncio
import json
import select
import socket
import struct
from urllib.parse import urlsplit

RECEIVED, SEGMENT = 4_096, 88
"""Bytes that the system keeps for such a browser, and sends it at once: few, so it stalls soon."""

FIRST_S = 60.0
"""How long the first bytes of an answer may take."""

OVER = select.POLLHUP | select.POLLERR | select.POLLRDHUP
TEXT, MASKED, SHORT = 0x81, 0x80, 126


class Unread:
    """One connection: it was answered, and nothing of that is read any more."""

    def __init__(self, made: socket.socket, kind: str) -> None:
        self._made, self.kind = made, kind

    async def say(self, more: bytes) -> None:
        """Send something."""
        await asyncio.get_running_loop().sock_sendall(self._made, more)

    @property
    def is_over(self) -> bool:
        """Return whether the bridge has ended it, which is seen without reading."""
        poll = select.poll()
        poll.register(self._made, OVER)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Leave."""
        self._made.close()


async def events(origin: str, path: str, **headers: str) -> Unread:
    """Ask for Server-Sent Events, and read none."""
    return await _asked(origin, path, "page" if "cookie" in headers else "events", headers)


async def messages(origin: str, watch: str, token: str) -> Unread:
    """Open a WebSocket, ask for a stream on it, and read nothing."""
    headers = {
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    said = [{"token": token}, {"id": "a", "watch": watch}]
    opened = await _asked(origin, "/v1/ws", "socket", headers)
    await opened.say(b"".join(map(_framed, said)))
    return opened


async def _asked(origin: str, path: str, kind: str, headers: dict[str, str]) -> Unread:
    place = urlsplit(origin)
    assert place.hostname is not None
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    made.setblocking(False)
    lines = {"host": place.netloc, "accept": "text/event-stream", **headers}
    head = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {lines[name]}\r\n" for name in lines)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(FIRST_S):
            await loop.sock_connect(made, (place.hostname, place.port or 80))
            await loop.sock_sendall(made, head.encode() + b"\r\n")
            answered = await loop.sock_recv(made, 64)
        if answered.split(b" ", 2)[1:2] not in ([b"200"], [b"101"]):
            raise ConnectionError(f"the bridge answered {answered!r} to {kind}")
    except BaseException:
        made.close()
        raise
    return Unread(made, kind)


def _framed(said: dict[str, str]) -> bytes:
    """Return a message as a browser sends it; its mask is nothing but zeros."""
    body = json.dumps(said).encode()
    if len(body) < SHORT:
        return struct.pack("!BBI", TEXT, MASKED | len(body), 0) + body
    return struct.pack("!BBHI", TEXT, MASKED | SHORT, len(body), 0) + body
