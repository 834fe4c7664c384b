"""The Wakeups port over PostgreSQL's LISTEN and NOTIFY; losing one costs latency, nothing else."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psycopg
import structlog

from axisor.ports import Clock
from axisor_server.adapters.memory.wakeups import Listener
from axisor_server.adapters.wakeups import FIRST_BACKOFF_S, LONGEST_BACKOFF_S, decode, encode

CHANNEL = "axisor_wakeups"
TIMEOUT_S = 1.0
CONNECT_TIMEOUT_S = 5

_FAILURES = (psycopg.Error, OSError, TimeoutError)

log = structlog.get_logger(__name__)


class PostgresWakeups:
    """Hints between replicas that share a database, on two connections of their own."""

    def __init__(self, dsn: str, clock: Clock) -> None:
        self._dsn = dsn
        self._clock = clock
        self._speaker: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._listeners: list[Listener] = []
        self._reader: asyncio.Task[None] | None = None
        self._closed = False
        self._down = False

    async def publish(self, stream: str, sequence: int) -> None:
        """Publish a hint; a lost connection is noted in the log, not raised."""
        if self._closed:
            return
        try:
            async with asyncio.timeout(TIMEOUT_S):
                if self._speaker is None:
                    self._speaker = await self._connect()
                message = encode(stream, sequence).decode()
                await self._speaker.execute("SELECT pg_notify(%s, %s)", (CHANNEL, message))
        except _FAILURES as error:
            self._note(error)
            speaker, self._speaker = self._speaker, None
            await _end(speaker)
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
        await _end(self._speaker)

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
        )

    async def _read(self) -> None:
        backoff = FIRST_BACKOFF_S
        while True:
            connection = None
            try:
                connection = await self._connect()
                await connection.execute(f"LISTEN {CHANNEL}")
                backoff = FIRST_BACKOFF_S
                self._note(None)
                async for message in connection.notifies():
                    hint = decode(message.payload.encode())
                    if hint is not None:
                        self._offer(*hint)
            except _FAILURES as error:
                self._note(error)
            finally:
                await _end(connection)
            await self._clock.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    def _offer(self, stream: str, sequence: int) -> None:
        for listener in self._listeners:
            listener.offer(stream, sequence)

    def _note(self, error: BaseException | None) -> None:
        # One line when it breaks and one when it is back, however often it is tried between.
        if error is not None and not self._down:
            log.warning("notify lost: hints wait for the next poll", error=type(error).__name__)
        elif error is None and self._down:
            log.info("notify is back")
        self._down = error is not None


async def _end(connection: psycopg.AsyncConnection[tuple[object, ...]] | None) -> None:
    if connection is not None:
        with suppress(*_FAILURES):  # a connection that is gone needs no goodbye
            await connection.close()
