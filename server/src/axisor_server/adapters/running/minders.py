"""The core's end of the process beside it that starts runners and has them stand still."""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axisor_server.adapters.running.limits import Confines, clean
from axisor_server.adapters.running.ordered import MOST_WORD, Runner
from axisor_server.choices import Priority

MINDING = Path(__file__).with_name("minding.py")
LATE_MS = 1_000
"""How much later than told they may have gone on, before nobody is excused by it any more."""


class Minders:
    """The process that starts runners and minds them; another is started where it is gone.

    A core that serves starts none itself: it would stand still until the new process has a
    processor and a program, and the interpreter with it.
    """

    def __init__(self, priority: Priority) -> None:
        self._words = [sys.executable, "-I", "-S", str(MINDING), priority.value]
        self._process = 0
        self._orders: socket.socket | None = None
        self._stood_ms = 0
        self._hushed: tuple[float, int] | None = None
        self._start()

    def launch(
        self, words: Sequence[str], confines: Confines, *, told: bytes = b"", out: int | None = None
    ) -> Runner:
        """Have a program started within limits. Raises OSError where that cannot be done.

        It reads what it is `told`, of which there are at most some hundred bytes, and writes to the
        file `out`, or nowhere.
        """
        order = {
            "words": list(words),
            "variables": clean(Path("/")),
            "folder": tempfile.gettempdir(),
            "confines": confines.plain(),
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        reading, writing = os.pipe()
        try:
            os.write(writing, told)  # a pipe holds more than that
            self._order(order, [reading, theirs.fileno(), *([] if out is None else [out])])
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(reading)
            os.close(writing)
        ours.setblocking(False)
        return Runner(ours)

    def _order(self, order: dict[str, Any], descriptors: list[int]) -> None:
        packet = json.dumps(order).encode()
        try:
            self._send(packet, descriptors)
        except (BrokenPipeError, ConnectionError):
            self.close()
            self._start()
            self._send(packet, descriptors)

    def hush(self, ms: int) -> bool:
        """Have all runners stand still for so long at most; return whether they were told.

        They are not while it is not known that they went on after the last time.
        """
        self._hear()
        if self._hushed is not None or not self._tell({"hush": ms}):
            return False
        self._hushed = (time.monotonic(), ms)
        return True

    def go_on(self) -> None:
        """Let them go on, at once."""
        self._tell({"go_on": True})

    def stood_ms(self) -> int:
        """Return for how long they have stood still in all."""
        self._hear()
        return self._stood_ms + self._standing_ms()

    def _standing_ms(self) -> int:
        """Return for how long they have stood by now, as far as that can be believed."""
        if self._hushed is None:
            return 0
        since, most_ms = self._hushed
        return min(most_ms + LATE_MS, round((time.monotonic() - since) * 1_000))

    def _hear(self) -> None:
        """Take in that they went on: it says for how long they stood."""
        if self._orders is None or self._hushed is None:
            return
        try:
            word = self._orders.recv(MOST_WORD)
        except BlockingIOError:
            return
        except OSError:
            word = b""
        # Without a word the process is gone, and whoever minds a runner has let it go on.
        self._stood_ms += json.loads(word)["stood"] if word else self._standing_ms()
        self._hushed = None

    def _tell(self, word: dict[str, Any]) -> bool:
        """Send a word; False where nobody takes it, and then nobody stands still."""
        try:
            return self._orders is not None and bool(self._orders.send(json.dumps(word).encode()))
        except OSError:
            return False

    def close(self) -> None:
        """Let it go; each runner ends with its own line."""
        if self._orders is not None:
            self._orders.close()
            os.waitpid(self._process, 0)
            self._orders = None

    def _send(self, packet: bytes, descriptors: list[int]) -> None:
        if self._orders is None:
            raise OSError("The process that starts runners is gone.")
        socket.send_fds(self._orders, [packet], descriptors)

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # Not a fork: its handlers in gRPC write into the connections that are open here.
            self._process = os.posix_spawn(
                sys.executable,
                self._words,
                clean(Path("/")),
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                ],
            )
        ours.setblocking(False)
        self._orders = ours
