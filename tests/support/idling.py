"""Tells whether a loop has anything left to do, which asyncio itself tells nobody."""

from __future__ import annotations

import asyncio


def nothing_is_ready() -> bool:
    """Return whether nothing on this loop is ready to run but whoever asks.

    What is on its way from a thread or a socket is not seen. A loop that keeps its list under
    another name is never idle.
    """
    ready = getattr(asyncio.get_running_loop(), "_ready", None)
    return ready is not None and not ready
