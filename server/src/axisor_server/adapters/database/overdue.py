"""Breaks connections whose server keeps a thread waiting for longer than it may.

A server that is stopped, not dead, still acknowledges every packet, so neither keepalives nor its
own time-outs end the wait for it. Shutting the socket down does: the driver sees the end of the
line, as if the server had gone.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress

IDLE_S = 30.0
"""How long the thread stays when nothing is waited for."""


class Overdue:
    """Watches over exchanges on sockets, from a thread that lives while there are any."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[int, tuple[float, int]] = {}
        self._last = 0
        self._thread: threading.Thread | None = None

    def begin(self, descriptor: int, patience_s: float) -> int:
        """Watch an exchange over a socket; returns what ends the watch.

        Unless it is ended within `patience_s` seconds, the socket is shut down.
        """
        with self._changed:
            self._last += 1
            self._due[self._last] = (time.monotonic() + patience_s, descriptor)
            if self._thread is None:
                name = "axisor-overdue"
                self._thread = threading.Thread(target=self._watch, name=name, daemon=True)
                self._thread.start()
            else:
                self._changed.notify()
            return self._last

    def end(self, exchange: int) -> None:
        """End the watch; afterwards the socket may be closed and its number used again."""
        with self._changed:
            self._due.pop(exchange, None)

    def _watch(self) -> None:
        with self._changed:
            while self._due or self._changed.wait(IDLE_S) or self._due:
                self._break(time.monotonic())
                if self._due:
                    first = min(due for due, _ in self._due.values())
                    self._changed.wait(max(0.0, first - time.monotonic()))
            self._thread = None

    def _break(self, now: float) -> None:
        for exchange, (due, descriptor) in tuple(self._due.items()):
            if now >= due:
                del self._due[exchange]
                _shut(descriptor)


def _shut(descriptor: int) -> None:
    """End the line in both directions and leave closing the descriptor to its owner."""
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)
