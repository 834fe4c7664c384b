"""Watches the event loop from a thread of its own, and the disk from the loop.

A loop that does not come round in time is stalled: by a plugin that computes without end, by a
library that waits for a disk, by a machine that was paused. While it is, nothing in it can say so;
the thread writes down where the loop's thread stands, and the loop tells afterwards how long.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

BEAT_S = 0.05
"""How often the loop says that it is alive."""

LAG_S = 0.25
"""A loop that is silent for so long is written about."""

STALL_S = 2.0
"""A loop that was silent for so long does not renew its leases for a while."""

DEEPEST = 40
"""Most frames of a stack that are written down."""

log = logging.getLogger(__name__)


class Watchdog:
    """Measures how late the loop comes round. `lagged` is called in the loop, in milliseconds."""

    def __init__(self, lagged: Callable[[int], None], *, shun_s: float) -> None:
        self._lagged = lagged
        self._shun_s = shun_s
        self._beat = time.monotonic()
        self._stalled_until = 0.0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop_thread = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, in the thread of the running loop."""
        self._loop_thread = threading.get_ident()
        self._beat = time.monotonic()
        self._next(asyncio.get_running_loop())
        self._thread = threading.Thread(target=self._watch, name="axisor-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and the beats."""
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._thread is not None:
            self._thread.join()

    def may_renew(self) -> bool:
        """Return whether leases may be renewed: not while stalled, nor soon after a long stall.

        Another core then takes the accounts over, and this one takes them again when they are free.
        """
        now = time.monotonic()
        if now - self._beat > STALL_S:
            self._stalled_until = now + self._shun_s
        return now >= self._stalled_until

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(BEAT_S, self._come_round, loop)

    def _come_round(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.monotonic()
        late = max(0.0, now - self._beat - BEAT_S)
        if late > STALL_S:
            self._stalled_until = now + self._shun_s
        self._beat = now
        self._next(loop)
        self._lagged(int(late * 1000))

    def _watch(self) -> None:
        told = 0.0
        while not self._over.wait(BEAT_S):
            beat = self._beat
            silent = time.monotonic() - beat - BEAT_S
            if silent > LAG_S and beat != told:
                told = beat
                log.warning("the loop stands still for %.2f s:\n%s", silent, self._stack())

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._loop_thread)
        if frame is None:
            return "its thread is gone"
        return "".join(traceback.format_stack(frame)[-DEEPEST:])


async def free_space(directory: Path) -> tuple[int, int] | None:
    """Return how many bytes of a directory's disk are free and how many it has, None unknown."""
    try:
        usage = await asyncio.to_thread(shutil.disk_usage, directory)
    except OSError as error:
        log.error("how full the disk of %s is cannot be told: %s", directory, error)
        return None
    return usage.free, usage.total
