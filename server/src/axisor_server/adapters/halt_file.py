"""The file HALT of a data directory: for whoever can reach nothing of a core but its files."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

NAME = "HALT"
MOST_BYTES = 64
"""More than a level needs; the rest of a longer file is not read."""

log = logging.getLogger(__name__)


class HaltFile:
    """Reads the file. A file that is there and cannot be read counts as empty, never as absent."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME

    async def read(self) -> str | None:
        """Return what it says, None where there is none."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> str | None:
        try:
            with self._path.open("rb") as file:
                return file.read(MOST_BYTES).decode(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            log.error("the file %s cannot be read: %s", self._path, error)
            return ""
