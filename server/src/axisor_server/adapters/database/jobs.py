"""The bounded queue between the event loop and a database thread, answered in batches."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from axisor.errors import StoreUnavailable

T = TypeVar("T")
X = TypeVar("X")


class Job(Generic[X]):
    """A unit that waits for its turn, and the future its caller awaits.

    The result is `Any` inside the queue only: `Jobs.submit` ties it to what the unit returns.
    """

    __slots__ = ("future", "loop", "unit")

    def __init__(
        self,
        unit: Callable[[X], Any],  # Any: units of many result types share one queue
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
    ) -> None:
        self.unit = unit
        self.loop = loop
        self.future = future


Outcome = tuple[Job[X], Any, BaseException | None]
"""A job with its result (Any, as in Job) or its error."""


class Jobs(Generic[X]):
    """A bounded queue of jobs. `submit` waits while it is full; `take` waits while it is empty."""

    def __init__(self, limit: int) -> None:
        self._slots = asyncio.Semaphore(limit)
        self._waiting: deque[Job[X]] = deque()
        self._changed = threading.Condition()
        self._closed = False

    async def submit(self, unit: Callable[[X], T]) -> T:
        """Queue a unit and return its result. A caller cancelled before its turn leaves nothing."""
        await self._slots.acquire()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._changed:
            closed = self._closed
            if not closed:
                self._waiting.append(Job(unit, loop, future))
                self._changed.notify()
        if closed:
            self._slots.release()
            raise StoreUnavailable("The database is closed.")
        return await future

    def take(self, limit: int) -> list[Job[X]] | None:
        """Return up to `limit` jobs in order, waiting for the first; None once closed and empty."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if not self._waiting:
                return None
            return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def deliver(self, outcomes: Sequence[Outcome[X]]) -> None:
        """Hand results to the loop that waits for them, one call for all."""
        if not outcomes:
            return
        try:
            outcomes[0][0].loop.call_soon_threadsafe(self._resolve, outcomes)
        except RuntimeError:
            # The loop was closed while we worked: nobody is left to hear it, and what was
            # committed is in the database for whoever starts next.
            return

    def _resolve(self, outcomes: Sequence[Outcome[X]]) -> None:
        for job, result, error in outcomes:
            self._slots.release()
            if job.future.done():
                continue  # the caller was cancelled
            if error is None:
                job.future.set_result(result)
            elif isinstance(error, StopIteration):
                wrapped = RuntimeError("A unit raised StopIteration.")
                wrapped.__cause__ = error
                job.future.set_exception(wrapped)
            else:
                job.future.set_exception(error)

    def close(self) -> None:
        """Take no more jobs; those that wait are still carried out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
