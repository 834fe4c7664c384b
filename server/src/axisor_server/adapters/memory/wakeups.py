"""The Wakeups port within one process, and the listener that every adapter uses."""

from __future__ import annotations

import asyncio


class Listener:
    """Hints for one reader; those of one journal are merged, so it holds at most one for each."""

    def __init__(self) -> None:
        self._pending: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._closed = False

    def offer(self, stream: str, sequence: int) -> None:
        """Keep the largest sequence of a journal until it is fetched."""
        self._pending[stream] = max(sequence, self._pending.get(stream, 0))
        self._changed.set()

    def close(self) -> None:
        """End the iteration once what is pending was fetched."""
        self._closed = True
        self._changed.set()

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> tuple[str, int]:
        while not self._pending:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        stream = next(iter(self._pending))
        return stream, self._pending.pop(stream)


class MemoryWakeups:
    """Hints between the parts of one process. A listener hears what is published after its call."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._closed = False

    async def publish(self, stream: str, sequence: int) -> None:
        """Tell every listener."""
        for listener in self._listeners:
            listener.offer(stream, sequence)

    def listen(self) -> Listener:
        """Return a new listener."""
        listener = Listener()
        if self._closed:
            listener.close()
        self._listeners.append(listener)
        return listener

    async def close(self) -> None:
        """End every listener."""
        self._closed = True
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
