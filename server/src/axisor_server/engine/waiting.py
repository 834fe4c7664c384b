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


async def poked(clock: Clock, seconds: float, event: asyncio.Event) -> bool:
    """Wait for an event or for a time; return whether it was the event, and clear it.

    The time passing sets the event as well: only one may wait for it.
    """

    def ring(_: object) -> None:
        event.set()

    timer = asyncio.ensure_future(clock.sleep(seconds))
    timer.add_done_callback(ring)
    try:
        await event.wait()
        was = not timer.done()
    finally:
        timer.remove_done_callback(ring)
        timer.cancel()
    event.clear()
    return was
