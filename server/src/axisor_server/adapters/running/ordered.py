"""A runner that was ordered, as the core has it: the line to the process that minds it."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST_WORD = 4_096
NS_PER_MS = 1_000_000


class Runner:
    """A runner that was ordered: the core's end of the line to the process that minds it."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._process = 0

    async def wait(self) -> str:
        """Wait until it and all that it started are gone; return how it ended, in a few words."""
        loop = asyncio.get_running_loop()
        try:
            while word := await loop.sock_recv(self._line, MOST_WORD):
                told: dict[str, Any] = json.loads(word)
                if "code" in told:
                    said = f": {told['said']}" if told["said"] else ""
                    return f"exit code {told['code']}{said}"
                self._process = told["process"]
        except OSError as error:
            return f"nobody minds it any more: {error.strerror}"
        finally:
            self._process = 0
            self._line.close()
        return "nobody minds it any more"

    def kill(self) -> None:
        """End it and what it started, at once."""
        with suppress(OSError):  # it is over, and the line too
            self._line.shutdown(socket.SHUT_WR)

    def waited_ms(self) -> int:
        """Return how long it has been kept waiting for a processor, as far as this system tells."""
        try:
            found = Path(f"/proc/{self._process}/schedstat").read_text()
        except OSError:
            return 0
        return int(found.split()[1]) // NS_PER_MS
