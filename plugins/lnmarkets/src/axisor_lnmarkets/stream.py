"""Speaks the venue's stream: JSON-RPC requests and the pushes of topics, over one WebSocket.

It does everything in the caller's own task: while a request waits for its answer, pushes that come
in between are kept for the next `push`. It reconnects nothing by itself.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, TypeVar

import msgspec
import websockets
from msgspec import UNSET, Struct, UnsetType
from websockets.asyncio.client import ClientConnection, connect

from axisor.errors import (
    VenueAnswerInvalid,
    VenueAuth,
    VenueClockSkew,
    VenueError,
    VenueRefused,
    VenueUnavailable,
)
from axisor.ports import Clock, Lane
from axisor_lnmarkets.limiter import Limiter, Rate
from axisor_lnmarkets.models.stream import (
    Authenticated,
    Hello,
    StreamTime,
    Subscribed,
    Unsubscribed,
    WhoAmI,
)
from axisor_lnmarkets.outcome import is_about_time, tame
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.wire import parse, shape

T = TypeVar("T")

REQUEST_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5.0
MESSAGE_RATE = Rate(requests=10, reserve=0)
"""The venue's limit on our messages, for each connection."""
MOST_KEPT = 1_000
"""Pushes kept while a request waits; more means that nobody reads, and the oldest go."""
MOST_BYTES = 1024 * 1024

CLIENT_NAME = "axisor"
CLIENT_VERSION = "0.1.0"


class _RpcError(Struct, frozen=True):
    code: int
    message: str = ""
    data: Any = None  # holds a code of the venue's where it is an object


class Message(Struct, frozen=True):
    """A frame of the stream: an answer to the request `id`, or a push of `method`."""

    id: str | None = None
    method: str | None = None
    params: Any = None  # shaped by topic
    result: Any = UNSET  # shaped by method; null is a result
    error: _RpcError | UnsetType = UNSET


class Push(Struct, frozen=True):
    """What a topic brought; `data` is JSON yet to be shaped."""

    topic: str
    data: Any  # shaped by whoever knows the topic


def _silent_logger() -> logging.Logger:
    """Return a logger that no setting makes write frames: one of them holds the key."""
    logger = logging.Logger("axisor_lnmarkets.stream.frames", level=logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    return logger


class _Connect(connect):
    """A connection that goes where it was told: the key must not follow a redirect."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@asynccontextmanager
async def open_stream(
    url: str,
    *,
    clock: Clock,
    rng: Random,
    tls: ssl.SSLContext | None = None,
    proxy: str = "",
) -> AsyncIterator[Stream]:
    """Connect, through a proxy where one is named, and say hello; it is closed on leaving.

    `rng` makes ids and nonces, which need not be secret. `tls` says which certificates are trusted,
    by default those of this machine. Raises VenueUnavailable.
    """
    trusted: dict[str, Any] = {} if tls is None else {"ssl": tls}  # a plain line takes none at all
    try:
        connection = await _Connect(
            url,
            open_timeout=CONNECT_TIMEOUT_S,
            close_timeout=1.0,
            ping_interval=15.0,
            ping_timeout=10.0,
            max_size=MOST_BYTES,
            logger=_silent_logger(),
            proxy=proxy or None,
            **trusted,
        )
    except (OSError, TimeoutError, websockets.WebSocketException) as error:
        raise VenueUnavailable(
            f"No stream of LN Markets could be opened ({type(error).__name__}).",
            kind=type(error).__name__,
        ) from error
    try:
        stream = Stream(connection, clock=clock, rng=rng)
        await stream.hello()
        yield stream
    finally:
        await connection.close()


class Stream:
    """One open connection. Every method raises VenueUnavailable when it is or goes down."""

    def __init__(self, connection: ClientConnection, *, clock: Clock, rng: Random) -> None:
        self._connection = connection
        self._limiter = Limiter(clock, MESSAGE_RATE)
        self._rng = rng
        self._kept: deque[Push] = deque(maxlen=MOST_KEPT)

    async def hello(self) -> Hello:
        """Introduce this client."""
        return await self.request(
            Hello, "hello", {"clientName": CLIENT_NAME, "clientVersion": CLIENT_VERSION}
        )

    async def ping(self) -> str:
        """Return `pong`."""
        return await self.request(str, "ping")

    async def time(self) -> StreamTime:
        """Return the venue's clock, unix milliseconds."""
        return await self.request(StreamTime, "time")

    async def authenticate(self, signer: Signer, *, timestamp_ms: int) -> Authenticated:
        """Log in at venue time `timestamp_ms` and return what the key may do. Raises VenueAuth."""
        nonce = f"{self._rng.getrandbits(64):016x}"
        params = signer.stream_params(timestamp_ms=timestamp_ms, nonce=nonce)
        answer = await self.request(Authenticated, "authenticate", params)
        if not answer.authenticated:
            raise VenueAuth("LN Markets did not accept the key on its stream.")
        return answer

    async def whoami(self) -> WhoAmI:
        """Return whose key this is."""
        return await self.request(WhoAmI, "whoami")

    async def subscribe(self, topics: Sequence[str]) -> Subscribed:
        """Ask for pushes. Raises VenueRefused or VenueAuth for a topic that may not be had."""
        return await self.request(Subscribed, "subscribe", {"topics": list(topics)})

    async def unsubscribe(self, topics: Sequence[str]) -> Unsubscribed:
        """End pushes of some topics."""
        return await self.request(Unsubscribed, "unsubscribe", {"topics": list(topics)})

    async def unsubscribe_all(self) -> Unsubscribed:
        """End all pushes."""
        return await self.request(Unsubscribed, "unsubscribeAll")

    async def push(self, *, timeout_s: float) -> Push | None:
        """Return the next push, or None where none comes in time."""
        if self._kept:
            return self._kept.popleft()
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    message = await self._receive()
                    if message.method is not None:
                        return _push_of(message)
        except TimeoutError:
            return None

    async def request(self, kind: type[T], method: str, params: dict[str, Any] | None = None) -> T:
        """Send a request and return its result as a `kind`. Raises VenueError."""
        id = f"{self._rng.getrandbits(64):016x}"
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": id, "method": method}
        if params is not None:
            message["params"] = params
        await self._limiter.acquire(Lane.COMMAND)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                await self._send(message)
                answer = await self._answer_to(id)
        except TimeoutError:
            answer = None
        if answer is None:
            raise VenueUnavailable(f"The stream did not answer {method} in {REQUEST_TIMEOUT_S} s.")
        if isinstance(answer.error, _RpcError):
            raise _refusal(method, answer.error)
        return shape(kind, answer.result, what=f"stream {method}")

    async def _answer_to(self, id: str) -> Message:
        while True:
            message = await self._receive()
            if message.method is not None:
                self._kept.append(_push_of(message))
            elif message.id == id:
                return message

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self._connection.send(msgspec.json.encode(message).decode())
        except websockets.ConnectionClosed as error:
            raise _gone(error) from None

    async def _receive(self) -> Message:
        try:
            text = await self._connection.recv()
        except websockets.ConnectionClosed as error:
            raise _gone(error) from None
        return read_message(text)


def read_message(text: bytes | str) -> Message:
    """Return a frame as an answer or a push. Raises VenueAnswerInvalid for one that is neither."""
    message = shape(Message, parse(text), what="stream")
    if message.method is None and message.result is UNSET and message.error is UNSET:
        raise VenueAnswerInvalid("A message of the stream is neither an answer nor a push.")
    return message


def _push_of(message: Message) -> Push:
    return shape(Push, message.params, what=f"stream {message.method}")


def _gone(error: websockets.ConnectionClosed) -> VenueUnavailable:
    code = "" if error.rcvd is None else f" (code {error.rcvd.code})"
    return VenueUnavailable(f"The stream of LN Markets was closed{code}.")


def _refusal(method: str, error: _RpcError) -> VenueError:
    code = error.data.get("code") if isinstance(error.data, dict) else None
    words = tame(error.message)
    kind: type[VenueError] = VenueRefused
    if method == "authenticate" and is_about_time("", words):
        kind = VenueClockSkew
    elif code in ("UNAUTHORIZED", "FORBIDDEN"):
        kind = VenueAuth
    return kind(
        f"LN Markets refused {method} on its stream: {words}.", code=tame(str(code or error.code))
    )
