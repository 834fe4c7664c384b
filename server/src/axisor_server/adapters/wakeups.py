"""The Wakeups port over Redis publish and subscribe; losing Redis costs latency, nothing else."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from axisor.ports import Clock
from axisor_server.adapters.memory.wakeups import Listener

CHANNEL = "axisor:wakeups"
PUBLISH_TIMEOUT_S = 1.0
POLL_S = 5.0
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 5.0

_FAILURES = (RedisError, OSError, TimeoutError)

log = structlog.get_logger(__name__)


def encode(stream: str, sequence: int) -> bytes:
    """Return a hint's message."""
    return f"{sequence} {stream}".encode()


def decode(message: object) -> tuple[str, int] | None:
    """Return the hint of a message, or None where it is none: anyone may write into a channel."""
    if not isinstance(message, bytes):
        return None
    number, _, stream = message.decode(errors="replace").partition(" ")
    if not (number.isascii() and number.isdecimal() and stream) or len(number) > 19:
        return None
    return stream, int(number)


class RedisWakeups:
    """Hints between replicas. One task reads the channel for all listeners of this process."""

    def __init__(self, url: str, clock: Clock, *, channel: str = CHANNEL) -> None:
        self._redis: Redis = Redis.from_url(url, socket_connect_timeout=PUBLISH_TIMEOUT_S)
        self._clock = clock
        self._channel = channel
        self._listeners: list[Listener] = []
        self._reader: asyncio.Task[None] | None = None
        self._closed = False
        self._down = False

    async def publish(self, stream: str, sequence: int) -> None:
        """Publish a hint; a lost connection is noted in the log, not raised."""
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self._redis.publish(self._channel, encode(stream, sequence))
        except _FAILURES as error:
            self._note(error)
        else:
            self._note(None)

    def listen(self) -> Listener:
        """Return a new listener; the first one starts the reading of the channel."""
        listener = Listener()
        if self._closed:
            listener.close()
            return listener
        self._listeners.append(listener)
        if self._reader is None:
            self._reader = asyncio.get_running_loop().create_task(self._read())
        return listener

    async def close(self) -> None:
        """Stop reading, end the listeners, close the connections."""
        self._closed = True
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        with suppress(*_FAILURES):  # a connection that is gone needs no goodbye
            await self._redis.aclose()

    async def _read(self) -> None:
        backoff = FIRST_BACKOFF_S
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(self._channel)
                    while True:
                        message = await channel.get_message(timeout=POLL_S)
                        backoff = FIRST_BACKOFF_S
                        self._note(None)
                        self._offer(message)
            except _FAILURES as error:
                self._note(error)
            await self._clock.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    def _offer(self, message: dict[str, object] | None) -> None:
        if message is None or message.get("type") != "message":
            return
        hint = decode(message.get("data"))
        if hint is not None:
            for listener in self._listeners:
                listener.offer(*hint)

    def _note(self, error: BaseException | None) -> None:
        # One line when it breaks and one when it is back, however often it is tried between.
        if error is not None and not self._down:
            log.warning("redis lost: hints wait for the next poll", error=type(error).__name__)
        elif error is None and self._down:
            log.info("redis is back")
        self._down = error is not None
