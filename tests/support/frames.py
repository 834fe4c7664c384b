"""A client that speaks HTTP/2 frame by frame, as no well-behaved client would."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

PATIENCE_S = 10.0


def context(certificate: bytes, *protocols: str) -> ssl.SSLContext:
    """Return what trusts one certificate only and offers these protocols."""
    made = ssl.create_default_context(cadata=certificate.decode())
    made.set_alpn_protocols(list(protocols))
    return made


class Frames:
    """One connection; `events` is everything that was received so far."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.http = H2Connection(
            H2Configuration(
                client_side=True,
                header_encoding="utf-8",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.events: list[Event] = []
        self.closed = False

    async def begin(self) -> None:
        """Send the preface and the settings."""
        self.http.initiate_connection()
        await self.flush()

    async def flush(self) -> None:
        """Send what was made ready; nothing where the other end is gone."""
        try:
            self._writer.write(self.http.data_to_send())
            await self._writer.drain()
        except ConnectionError:
            self.closed = True

    def open(self, path: str, **headers: str) -> int:
        """Make a stream ready that begins with these headers; returns its number."""
        usual = {"content-type": "application/grpc", "te": "trailers"}
        fields = [
            (":method", headers.pop("method", "POST")),
            (":scheme", "https"),
            (":path", path),
            (":authority", "localhost"),
        ]
        more = usual | {name.replace("_", "-"): value for name, value in headers.items()}
        number = self.http.get_next_available_stream_id()
        self.http.send_headers(number, [*fields, *(each for each in more.items() if each[1])])
        return number

    def send(self, number: int, message: bytes = b"") -> None:
        """Make one gRPC message of a stream ready, its last."""
        framed = b"\x00" + len(message).to_bytes(4, "big") + message
        self.http.send_data(number, framed, end_stream=True)

    async def until(self, ready: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
        """Read until something holds; returns whether it did before the end, or the time, came."""
        try:
            async with asyncio.timeout(patience_s):
                while not ready():
                    data = await self._reader.read(65_536)
                    if not data:
                        self.closed = True
                        break
                    self.events += self.http.receive_data(data)
                    await self.flush()
        except (TimeoutError, ConnectionError, ProtocolError) as error:
            self.closed |= not isinstance(error, TimeoutError)
        return ready()

    async def silently(self) -> bool:
        """Read and answer nothing, no ping either; returns whether the other end is there still."""
        try:
            return bool(await self._reader.read(65_536))
        except ConnectionError:
            return False

    def has(self, kind: type[Event]) -> bool:
        """Return whether anything of a kind was received."""
        return any(isinstance(event, kind) for event in self.events)

    def headers(self, number: int) -> dict[str, str]:
        """Return what a stream's headers and trailers said."""
        found: dict[str, str] = {}
        for event in self.events:
            if isinstance(event, ResponseReceived | TrailersReceived) and event.stream_id == number:
                found |= {str(name): str(value) for name, value in event.headers or ()}
        return found

    def ended(self, number: int) -> bool:
        """Return whether a stream is over, in whatever way."""
        over = (StreamEnded, StreamReset)
        return any(isinstance(e, over) and e.stream_id == number for e in self.events)

    def body(self, number: int) -> bytes:
        """Return what a stream carried."""
        return b"".join(
            event.data or b""
            for event in self.events
            if isinstance(event, DataReceived) and event.stream_id == number
        )

    @property
    def sent_away(self) -> ConnectionTerminated | None:
        """Return with what the other end said that this connection ends, if it did."""
        found = [each for each in self.events if isinstance(each, ConnectionTerminated)]
        return found[-1] if found else None


@asynccontextmanager
async def frames(port: int, certificate: bytes) -> AsyncIterator[Frames]:
    """Open a connection to a core on this machine."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context(certificate, "h2"), server_hostname="127.0.0.1"
    )
    made = Frames(reader, writer)
    await made.begin()
    try:
        yield made
    finally:
        writer.transport.abort()  # whatever is left is nobody's
