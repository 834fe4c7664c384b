"""Waits that end by a clock that may be virtual."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from axisor.ports import Clock

T = TypeVar("T")


async def within(clock: Clock, seconds: float, work: Awaitable[T]) -> T | None:
    """Return what `work` gives, or None when the time passes first; then `work` is cancelled."""
    task = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for one in (task, timer):
            one.cancel()
        await asyncio.gather(task, timer, return_exceptions=True)


class Poke:
    """Ends one task's wait early. A poke that nobody waits for is kept for the next wait.

    The waiting task sleeps itself, and a poke interrupts it as `asyncio.timeout` does: most waits
    end by their time, and cost no task and no callback more than a sleep.
    """

    __slots__ = ("_came", "_sleeper")

    def __init__(self) -> None:
        self._came = False
        self._sleeper: asyncio.Task[object] | None = None

    def set(self) -> None:
        """Poke; on the loop of who waits."""
        if self._came:
            return
        self._came = True
        if self._sleeper is not None:
            self._sleeper.cancel()

    def clear(self) -> None:
        """Forget a poke."""
        self._came = False

    async def wait(self, clock: Clock, seconds: float) -> bool:
        """Wait for a poke or for a time; return whether it was the poke, and forget it.

        Only one may wait. Whoever cancels the waiting task cancels it, poked or not.
        """
        if self._came:
            self._came = False
            return True
        task = asyncio.current_task()
        assert task is not None
        assert self._sleeper is None, "one task waits"
        asked = task.cancelling()
        self._sleeper = task
        try:
            await clock.sleep(seconds)
        except asyncio.CancelledError:
            if not self._is_poked() or task.uncancel() > asked:
                raise
        finally:
            self._sleeper = None
        came, self._came = self._came, False
        return came

    def _is_poked(self) -> bool:
        return self._came
