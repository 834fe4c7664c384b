"""Ends connections whose other end takes nothing: each would hold what it was not sent for ever.

A transport says when it holds something that the system did not take, and when that is gone again.
In between it is looked at now and then; where nothing of it left since the last look, the
connection is cut and what lies in it thrown away, as closing it would wait for whoever does not
read.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

STALLED_S = 30.0
"""How long a reader may take nothing of what lies before it."""

AT_ONCE = struct.pack("ii", 1, 0)
"""Has the system keep nothing of a connection that is cut; it would try to send it for long."""


class Impatient(asyncio.Protocol):
    """Cuts its connection when nothing of what it holds left for `stalled_s`."""

    stalled_s: ClassVar[float] = STALLED_S
    transport: asyncio.Transport
    _left = 0
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, and be told of every byte that the system does not take."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=1, low=0)

    def pause_writing(self) -> None:
        """Wait for the reader."""
        super().pause_writing()
        self._wait()

    def resume_writing(self) -> None:
        """Go on: the reader took what was there."""
        self._wait_no_more()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """End: nobody is there."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._wait_no_more()
        self._left = self.transport.get_write_buffer_size()
        self._look = asyncio.get_running_loop().call_later(self.stalled_s, self._looked)

    def _wait_no_more(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _looked(self) -> None:
        if self.transport.get_write_buffer_size() < self._left:
            self._wait()
            return
        made = self.transport.get_extra_info("socket")
        if made is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()


def http(stalled_s: float) -> type[asyncio.Protocol]:
    """Return what speaks HTTP, and waits so many seconds for a reader."""

    class Http(Impatient, H11Protocol):
        pass

    Http.stalled_s = stalled_s
    return Http


def sockets(stalled_s: float) -> type[asyncio.Protocol]:
    """Return what speaks WebSocket, and waits so many seconds for a reader."""

    class Sockets(Impatient, WebSocketsSansIOProtocol):
        pass

    Sockets.stalled_s = stalled_s
    return Sockets
