"""Cores that start quickly: forked by a process that has imported them, steered over a socket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.support.processes import Core, Running, environment

READY_S = 60.0


class Forked:
    """A forked process, with what is asked of one that was started the usual way."""

    def __init__(self, nursery: Nursery, pid: int, stdout: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout: asyncio.StreamReader | None = stdout
        self.returncode: int | None = None
        self._nursery = nursery
        self._end = os.pidfd_open(pid)
        self._ending: asyncio.Task[int] | None = None

    def send_signal(self, signal: int) -> None:
        """Send it a signal; its id is its own until it is reaped here."""
        if self.returncode is None:
            os.kill(self.pid, signal)

    def kill(self) -> None:
        """Send it SIGKILL."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end and return its exit code, however many wait and give up waiting."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._ended())
        return await asyncio.shield(self._ending)

    async def _ended(self) -> int:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._end, _end, ended)
        try:
            await ended
        finally:
            loop.remove_reader(self._end)
        # Once, and to its end: an order without its answer puts all others out of step.
        self.returncode = await self._nursery.order({"reap": self.pid})
        os.close(self._end)
        return self.returncode


def _end(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


class Nursery:
    """Forks `axisor` commands, one order at a time."""

    def __init__(self, ours: socket.socket) -> None:
        self._ours = ours
        self._turn = asyncio.Lock()

    async def order(self, order: dict[str, Any], descriptors: tuple[int, ...] = ()) -> int:
        """Give one order and return its answer."""
        async with self._turn:
            # A fork takes milliseconds and an order waits for nothing else.
            socket.send_fds(self._ours, [json.dumps(order).encode()], descriptors)
            loop = asyncio.get_running_loop()
            answer = await asyncio.wait_for(loop.sock_recv(self._ours, 64), READY_S)
        if not answer:
            raise RuntimeError("The process that forks cores has died.")
        return int(json.loads(answer))

    async def fork(self, words: tuple[str, ...], variables: dict[str, str], log: int) -> Forked:
        """Start an `axisor` command that logs to a descriptor."""
        read, write = os.pipe()
        try:
            pid = await self.order({"words": words, "variables": variables}, (write, log))
        finally:
            os.close(write)
        stdout = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(stdout)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: protocol, os.fdopen(read, "rb", 0))
        return Forked(self, pid, stdout)


@asynccontextmanager
async def nursery(changes: str = "") -> AsyncIterator[Nursery]:
    """Run one until the block ends; `changes` names a module that changes the core for a trial."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process: Process | None = None
    try:
        words = ("-m", "campaigns.zygote", str(theirs.fileno()), changes)
        variables = environment(
            PYTHONPATH=os.pathsep.join(filter(None, sys.path)), GRPC_ENABLE_FORK_SUPPORT="0"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=DEVNULL, env=variables, pass_fds=(theirs.fileno(),)
        )
        theirs.close()
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        ready = await asyncio.wait_for(loop.sock_recv(ours, 16), READY_S)
        if not ready:
            raise RuntimeError("The process that forks cores did not start.")
        yield Nursery(ours)
    finally:
        ours.close()
        theirs.close()
        if process is not None:
            try:
                await asyncio.wait_for(process.wait(), READY_S / 6)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


class QuickCore(Core):
    """A core that is forked where a nursery is given, and else starts as an operator starts it."""

    nursery: Nursery | None = None

    async def launch(self, words: tuple[str, ...], variables: dict[str, str]) -> Running:
        """Begin a process, by fork where that was asked for."""
        if self.nursery is None:
            return await super().launch(words, variables)
        with self.log.open("ab") as log:
            return await self.nursery.fork(words, variables, log.fileno())
