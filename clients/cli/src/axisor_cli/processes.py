"""Other `axisor` commands as processes, which end with whoever started them."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from axisor.wire.failures import CoreUnreachable

PATIENCE_S = 15.0
"""How long a process may take to end after it was asked to."""


class Process:
    """One `axisor` command as a process; use it as an async context manager.

    `inputs` are lines for its standard input, `log` a file for what it says. A process
    `on_terminal` has the terminal for itself.
    """

    def __init__(
        self,
        *words: str,
        options: tuple[str, ...] = (),
        inputs: tuple[str, ...] = (),
        log: Path | None = None,
        on_terminal: bool = False,
    ) -> None:
        self._words = (sys.executable, "-m", "axisor_cli", *options, *words)
        self._inputs, self._log, self._on_terminal = inputs, log, on_terminal
        self._file: IO[bytes] | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        if self._on_terminal:
            self._process = await asyncio.create_subprocess_exec(*self._words)
            return self
        out: int | IO[bytes] = PIPE
        if self._log is not None:
            self._file = out = self._log.open("wb")
        self._process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=PIPE if self._inputs else DEVNULL,
            stdout=out,
            stderr=STDOUT if self._log is not None else DEVNULL,
        )
        if self._process.stdin is not None:
            self._process.stdin.write("".join(f"{line}\n" for line in self._inputs).encode())
            await self._process.stdin.drain()
            self._process.stdin.close()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process = self._started
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._file is not None:
            self._file.close()

    @property
    def _started(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "a process is used inside its context"
        return self._process

    @property
    def ended(self) -> bool:
        """Return whether it has ended."""
        return self._started.returncode is not None

    def last_words(self) -> str:
        """Return the last line of its log."""
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log else []
        return lines[-1] if lines else "it said nothing"

    async def first_line(self, timeout_s: float) -> str:
        """Return the first line it writes. Raises CoreUnreachable where there is none in time."""
        assert self._started.stdout is not None, "its output is not read from a log"
        try:
            async with asyncio.timeout(timeout_s):
                line = await self._started.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise CoreUnreachable(f"`axisor {' '.join(self._words[3:5])}` did not start.")
        return line.decode()

    async def output(self) -> str:
        """Return all it writes until it ends."""
        assert self._started.stdout is not None, "its output is not read from a log"
        text = await self._started.stdout.read()
        await self._started.wait()
        return text.decode()

    async def finished(self) -> int:
        """Wait until it ends and return its exit code."""
        return await self._started.wait()
