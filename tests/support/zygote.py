"""Starts `axisor` commands by forking a process that has imported them already.

What runs in a fork is the command itself, in a process of its own that dies like any other; only
the import, the larger part of a start, is not repeated. Whoever wants a process connects, sends one
order with its standard input, output and error as descriptors, and is told its id, and its exit
code when it ends. It is killed when that connection closes, and all are when the first socket does.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from importlib.metadata import entry_points

from msgspec import Struct

MOST_ORDER = 256 * 1024
OFFERED = ("axisor.commands", "axisor")
"""The groups of entry points whose modules any command may come to import."""

LATE = (
    "alembic.command",
    "axisor.backtest",
    "axisor.client",
    "axisor_cli.main",
    "axisor_cli.signed",
    "axisor_server.app",
    "h2.connection",
    "numpy",
    "psycopg_pool",
    "redis.asyncio",
    "uvloop",
)
"""What commands import only when they run, or a library does only when it is used."""


class Child(Struct):
    """A process that was asked for: its id, what shows its end, and who asked."""

    pid: int
    end: int
    asker: socket.socket


class Zygote:
    """Forks on order until the socket that it lives by closes."""

    def __init__(self, life: socket.socket, orders: socket.socket) -> None:
        self._life, self._orders = life, orders
        self._ready = selectors.DefaultSelector()
        self._children: dict[int, Child] = {}

    def serve(self) -> None:
        """Carry out orders; kill every child that is left at the end."""
        self._ready.register(self._life, selectors.EVENT_READ)
        self._ready.register(self._orders, selectors.EVENT_READ)
        try:
            while self._once():
                pass
        finally:
            for child in self._children.values():
                os.kill(child.pid, signal.SIGKILL)

    def _once(self) -> bool:
        for key, _ in self._ready.select():
            if key.fileobj is self._life:
                return False
            if key.fileobj is self._orders:
                asker, _ = self._orders.accept()
                self._ready.register(asker, selectors.EVENT_READ)
            elif isinstance(key.fileobj, socket.socket):
                self._hear(key.fileobj)
            else:
                self._tell_end(self._children[key.fd])
        return True

    def _hear(self, asker: socket.socket) -> None:
        """Take an order; who says nothing more has closed."""
        data, descriptors, _, _ = socket.recv_fds(asker, MOST_ORDER, 3)
        if not data:
            self._forget(asker)
            return
        pid = os.fork()
        if pid == 0:
            _become(json.loads(data), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        end = os.pidfd_open(pid)
        self._children[end] = Child(pid, end, asker)
        self._ready.register(end, selectors.EVENT_READ)
        self._say(asker, pid)

    def _tell_end(self, child: Child) -> None:
        """Tell how a child ended. Its id stays its own until whoever asked has closed."""
        self._ready.unregister(child.end)
        ended = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        exited = ended.si_code == os.CLD_EXITED
        self._say(child.asker, ended.si_status if exited else -ended.si_status)

    def _forget(self, asker: socket.socket) -> None:
        for child in [child for child in self._children.values() if child.asker is asker]:
            del self._children[child.end]
            with suppress(KeyError):
                self._ready.unregister(child.end)
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
            os.close(child.end)
        self._ready.unregister(asker)
        asker.close()

    def _say(self, asker: socket.socket, number: int) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # its close is heard next
            asker.send(str(number).encode())


def _become(order: dict[str, object], descriptors: list[int]) -> None:
    """Be the command that was ordered, and end as it does."""
    code = 1
    try:
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        code = _run(order)
    except BaseException:  # an interpreter's own end: it says what broke, and ends
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(BrokenPipeError):  # nobody reads any more
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _run(order: dict[str, object]) -> int:
    from axisor_cli.main import main

    words, folder = order["words"], order["folder"]
    assert isinstance(words, list)
    assert isinstance(folder, str)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(dict(order["variables"]))  # type: ignore[call-overload]  # JSON of our own
    sys.argv = ["axisor", *words]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def preload(changes: str) -> None:
    """Import what commands import; `changes` names a module that changes the core for a trial."""
    modules = [entry.module for group in OFFERED for entry in entry_points(group=group)]
    for name in (*modules, *LATE, *filter(None, [changes])):
        importlib.import_module(name)


def main() -> None:
    """Preload, then serve."""
    life, orders = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    gc.disable()  # nothing of what is imported is garbage
    preload(sys.argv[3])
    gc.freeze()
    gc.enable()
    Zygote(life, orders).serve()


if __name__ == "__main__":
    main()
