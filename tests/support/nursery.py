"""Processes that start quickly: forked by one that has imported what they run.

A worker has one nursery, which starts when it is first needed and ends with the worker. A trial
that changes the core has one of its own.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

READY_S = 100.0
"""How long the first process may take, which waits for the import, on a very busy machine."""

ROOT = Path(__file__).resolve().parents[2]


class Output(asyncio.StreamReaderProtocol):
    """What a process writes, and when nobody can write there any more."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()
        self.closed = asyncio.Event()
        super().__init__(self.reader)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is over."""
        super().connection_lost(exc)
        self.closed.set()


class Forked:
    """A forked process, with what is asked of one that was started the usual way."""

    def __init__(self, pid: int, line: socket.socket, outputs: tuple[Output, ...]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._outputs = outputs
        self._line = line
        self._ending: asyncio.Task[int] | None = None

    @property
    def stdout(self) -> asyncio.StreamReader | None:
        """Return its standard output, where that is read."""
        return self._outputs[0].reader if self._outputs else None

    def send_signal(self, signal: int) -> None:
        """Send it a signal; its id is its own until its end was told here."""
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

    async def communicate(self) -> tuple[bytes, ...]:
        """Return all that it writes, when it has ended."""
        said = await asyncio.gather(*(output.reader.read() for output in self._outputs))
        await self.wait()
        return tuple(said)

    async def _ended(self) -> int:
        told = await asyncio.get_running_loop().sock_recv(self._line, 64)
        if not told:
            raise RuntimeError("The process that forks others has died.")
        for output in self._outputs:
            await output.closed.wait()
        self.returncode = int(told)
        self._line.close()
        return self.returncode


class Nursery:
    """Forks `axisor` commands; `changes` names a module that changes the core for a trial.

    The file `command` is an `axisor` for shells, which is forked too.
    """

    def __init__(self, changes: str = "") -> None:
        self._folder = tempfile.mkdtemp(prefix="axisor-")
        self._place = str(Path(self._folder, "orders"))
        self.command = Path(self._folder, "axisor")
        relay = Path(__file__).with_name("relay.py").read_text(encoding="utf-8")
        self.command.write_text(f"#!{sys.executable} -IS\n{relay}", encoding="utf-8")
        self.command.chmod(0o700)
        self._life, life = socket.socketpair()
        orders = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with life, orders:
            orders.bind(self._place)
            orders.listen(256)
            ends = (life.fileno(), orders.fileno())
            kept = {n: value for n, value in os.environ.items() if not n.startswith("AXISOR_")}
            path = os.pathsep.join(filter(None, sys.path))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.zygote", *map(str, ends), changes],
                cwd=ROOT,
                env={**kept, "PYTHONPATH": path, "GRPC_ENABLE_FORK_SUPPORT": "0"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=ends,
            )

    async def fork(
        self,
        words: tuple[str, ...],
        variables: Mapping[str, str],
        *,
        stdin: bytes = b"",
        stderr: int | None = None,
    ) -> Forked:
        """Start a command that is given some input; its standard output is read here.

        So is its standard error, unless a descriptor is given for it.
        """
        order = {"words": words, "variables": dict(variables), "folder": str(Path.cwd())}
        line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        line.setblocking(False)
        piped = 1 if stderr is not None else 2
        given = [] if stderr is None else [stderr]
        pipes = [os.pipe() for _ in range(1 + piped)]
        theirs = [pipes[0][0], *(write for _, write in pipes[1:])]
        try:
            os.write(pipes[0][1], stdin)  # a few lines, which a pipe holds
            pid = await self._ordered(line, json.dumps(order).encode(), theirs + given)
        except BaseException:
            line.close()
            for read, _ in pipes[1:]:
                os.close(read)
            raise
        finally:
            for descriptor in (pipes[0][1], *theirs):
                os.close(descriptor)
        outputs = tuple([await _reading(read) for read, _ in pipes[1:]])
        return Forked(pid, line, outputs)

    async def _ordered(self, line: socket.socket, order: bytes, descriptors: list[int]) -> int:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(READY_S):
            await loop.sock_connect(line, self._place)
            socket.send_fds(line, [order], descriptors)
            told = await loop.sock_recv(line, 64)
        if not told:
            raise RuntimeError("The process that forks others has died.")
        return int(told)

    def close(self) -> None:
        """End it, and with it every process that it started."""
        self._life.close()
        try:
            self._process.wait(READY_S / 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


async def _reading(descriptor: int) -> Output:
    output = Output()
    file = os.fdopen(descriptor, "rb", 0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: output, file)
    return output


@cache
def ours() -> Nursery:
    """Return the nursery of this worker."""
    nursery = Nursery()
    atexit.register(nursery.close)
    return nursery


def may_fork(variables: Mapping[str, str]) -> bool:
    """Tell whether a fork sees what a process with these variables would import."""
    return all(
        variables.get(name) == os.environ.get(name)
        for name in {*variables, *os.environ}
        if name.startswith("PYTHON")
    )


@asynccontextmanager
async def nursery(changes: str = "") -> AsyncIterator[Nursery]:
    """Lend the nursery of this worker, or run one of its own for a trial that changes the core."""
    if not changes:
        yield ours()
        return
    own = Nursery(changes)
    try:
        yield own
    finally:
        await asyncio.to_thread(own.close)
