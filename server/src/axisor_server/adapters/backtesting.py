"""Makes back-tests in processes of their own, which end with whoever waits for them."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Mapping

import msgspec

from axisor_server.domain.backtesting import Broken, Line, Told, Wish

WORKER = "axisor_server.adapters.backtest_worker"
MOST_LINE = 1 << 20
MOST_WAITING = 64
"""Lines that wait for a slow reader; beyond it the process waits too."""

KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
"""What of the core's environment a worker gets: nothing that names a place or a secret."""

USED_UP = (
    "The back-test was ended: it took more than ten minutes of computing or two gigabytes, "
    "or its strategy broke the process."
)


class ProcessBacktests:
    """A Backtester that starts one Python for each back-test.

    Each is minded by a task of its own, which ends the process also when whoever waited for it is
    torn away.
    """

    def __init__(self) -> None:
        self._minding: set[asyncio.Task[None]] = set()

    async def run(self, wish: Wish) -> AsyncGenerator[Told, None]:
        """Yield what the process tells, until it ends. Closing this kills it."""
        told: asyncio.Queue[Line] = asyncio.Queue(MOST_WAITING)
        minding = asyncio.create_task(_mind(wish, told))
        self._minding.add(minding)
        minding.add_done_callback(self._minding.discard)
        try:
            while (line := await told.get()).told is not None:
                yield line.told
        finally:
            _end(minding)

    async def aclose(self) -> None:
        """End every back-test and wait until its process is gone."""
        for task in self._minding:
            _end(task)
        await asyncio.gather(*self._minding, return_exceptions=True)


def _end(minding: asyncio.Task[None]) -> None:
    if not minding.cancelling():  # a second time would tear it away from ending its process
        minding.cancel()


async def _mind(wish: Wish, told: asyncio.Queue[Line]) -> None:
    """Start a process, pass on its lines, and see to its end."""
    starting = asyncio.ensure_future(_start())
    try:
        # A start that is torn off halfway leaves a process that nobody ends.
        process = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _finish(await starting)
        raise
    try:
        whole = await _pass_on(process, wish, told)
        if not whole:
            await told.put(Line(Broken(USED_UP)))
            await told.put(Line(None))
    finally:
        # It may be torn away while it ends: what waited has heard all, or the core stops.
        finishing = asyncio.ensure_future(_finish(process))
        try:
            await asyncio.shield(finishing)
        except asyncio.CancelledError:
            await finishing
            raise


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        WORKER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MOST_LINE,
        env=surroundings(os.environ),
    )


async def _pass_on(process: Process, wish: Wish, told: asyncio.Queue[Line]) -> bool:
    """Hand a process its wish and pass on its lines; return whether it told everything."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(wish) + b"\n")
    process.stdin.close()
    while line := await process.stdout.readline():
        read = msgspec.json.decode(line, type=Line)
        await told.put(read)
        if read.told is None:
            return True
    return False


async def _finish(process: Process) -> None:
    assert process.stdout is not None
    if process.returncode is None:
        process.kill()
    while await process.stdout.read(MOST_LINE):
        continue  # until its end, or the pipe is left open
    await process.wait()


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a worker: it finds the same modules, and no settings."""
    kept = {name: environment[name] for name in KEPT if name in environment}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
