"""A command on a terminal of its own, as a person at it would see it."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE_S = 40
AXISOR = (sys.executable, "-m", "axisor_cli")
ESCAPES = re.compile(r"\x1b(\[[0-9;?<>$]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>])")
BEGUN = re.compile(r"\x1b(\[[0-9;?<>$]*|\][^\x07\x1b]*\x1b?|[()])?\Z")
"""One that is not whole yet: the rest of it comes with what is read next."""


SIZE = ("COLUMNS", "LINES")
"""These would count before the terminal's own size, and workers of tests have them."""


class Terminal:
    """Runs `axisor`, or another command, on a terminal of 120 columns and 40 rows."""

    def __init__(
        self,
        *words: str,
        command: Sequence[str] = AXISOR,
        folder: Path | None = None,
        columns: int = 120,
    ) -> None:
        self._parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._process = subprocess.Popen(
            [*command, *words],
            cwd=folder,
            stdin=child,
            stdout=child,
            stderr=child,
            env=_variables(),
            start_new_session=True,
        )
        os.close(child)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""
        self.text = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE_S)
        os.close(self._parent)

    def until(self, *texts: str, patience_s: float = PATIENCE_S) -> None:
        """Read until all these were written, in any order."""
        deadline = time.monotonic() + patience_s
        while missing := [text for text in texts if text not in self.text]:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self._parent], [], [], left)[0]
            assert ready, f"{missing} never came: {self.text[-4000:]}"
            try:
                found = os.read(self._parent, 65_536)
            except OSError:
                found = b""
            assert found, f"it ended before {texts} came: {self.text[-2000:]}"
            self.text += self._readable(found)

    def _readable(self, found: bytes) -> str:
        """Return what stands there without escapes."""
        text = ESCAPES.sub("", self._begun + self._decoder.decode(found))
        begun = BEGUN.search(text)
        self._begun = "" if begun is None else begun[0]
        return text[: len(text) - len(self._begun)]

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._parent, keys.encode())

    def end(self) -> int:
        """Read what is left, and return the exit code."""
        while self._process.poll() is None:
            ready, _, _ = select.select([self._parent], [], [], 0.1)
            if ready:
                try:
                    os.read(self._parent, 65_536)
                except OSError:
                    break
        return self._process.wait(PATIENCE_S)


def _variables() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in SIZE}
    return kept | {"TERM": "xterm-256color"}
