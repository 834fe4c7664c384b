"""Clients that `axisor up --with` keeps beside the core, each a process of its own.

They are clients like any other: they speak to the core over gRPC, and the core does not need them.
One that ends is started again after a pause that grows. They end with the core, also with one that
was killed: each reads a pipe whose other end the core holds.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

WORDS: Mapping[str, tuple[str, ...]] = {
    "sim": ("sim", "beside"),
    "telegram": ("bot", "telegram", "run"),
    "web": ("web",),
}
"""By which words of `axisor` each is started."""

ENDS_WITH_INPUT = "AXISOR_ENDS_WITH_INPUT"
"""The variable that has a command of `axisor` end when its standard input does."""

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
LONG_ENOUGH_S = 60.0
"""One that ran so long is started again after the first pause."""

PATIENCE_S = 10.0

log = logging.getLogger(__name__)


class Companions:
    """Processes beside the core; use it as an async context manager around the core's work."""

    def __init__(self, names: Sequence[str], data_dir: Path, *, out: int | None = None) -> None:
        """Keep these, by their names in WORDS. `out` is where they write; the core's otherwise."""
        self._names = tuple(dict.fromkeys(names))
        self._data_dir = data_dir
        self._out = out
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self) -> None:
        """Start them: the core serves. Called in its loop."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._keep(name)) for name in self._names]

    async def _keep(self, name: str) -> None:
        pause, loop = FIRST_PAUSE_S, asyncio.get_running_loop()
        while True:
            began = loop.time()
            code = await self._live(name)
            if loop.time() - began >= LONG_ENOUGH_S:
                pause = FIRST_PAUSE_S
            log.warning("%s ended with %d and starts again in %g s", name, code, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _live(self, name: str) -> int:
        """Run one until it ends, and return its exit code."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "axisor_cli", "--data-dir", str(self._data_dir)),
            *WORDS[name],
            stdin=PIPE,
            stdout=self._out,
            env=os.environ | {ENDS_WITH_INPUT: "1"},
            start_new_session=True,  # Ctrl-C is for the core, which ends them last
        )
        try:
            return await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise


async def _end(process: Process) -> None:
    """Ask a process to end, and end it where it does not."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
