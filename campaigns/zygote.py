"""Starts cores by forking a process that has imported the core already.

What runs in a fork is the command `axisor up` itself, in a process of its own that dies like any
other; only the import, the larger part of a start, is not repeated. Orders come over a socket, one
at a time, with the core's standard output and error as descriptors. When the socket closes, every
child that is left is killed.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import sys
from contextlib import suppress

MOST_ORDER = 256 * 1024


def serve(orders: socket.socket) -> None:
    """Carry out orders until the socket closes."""
    children: set[int] = set()
    try:
        while True:
            data, descriptors, _, _ = socket.recv_fds(orders, MOST_ORDER, 2)
            if not data:
                return
            order = json.loads(data)
            if "reap" in order:
                answer = _reap(order["reap"], children)
            else:
                answer = _fork(order, descriptors, orders)
                children.add(answer)
            for descriptor in descriptors:
                os.close(descriptor)
            orders.send(json.dumps(answer).encode())
    finally:
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def _reap(child: int, children: set[int]) -> int:
    _, status = os.waitpid(child, 0)
    children.discard(child)
    return os.waitstatus_to_exitcode(status)


def _fork(order: dict[str, object], descriptors: list[int], orders: socket.socket) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            orders.close()
            for number, descriptor in enumerate(descriptors, 1):
                os.dup2(descriptor, number)
            code = _become(order)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return child


def _become(order: dict[str, object]) -> int:
    from axisor_cli.main import main

    os.environ.clear()
    os.environ.update(dict(order["variables"]))  # type: ignore[call-overload]  # JSON of our own
    words = order["words"]
    assert isinstance(words, list)
    sys.argv = ["axisor", *words]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def preload(changes: str) -> None:
    """Import what a core imports; `changes` names a module that changes the core for a trial."""
    import axisor_server.app  # noqa: F401
    from axisor_server.plugins import Plugins
    from axisor_server.settings import Settings

    Plugins.discover(Settings().plugins)
    importlib.import_module("alembic.command")
    if changes:
        importlib.import_module(changes)


def main() -> None:
    """Preload, say so, and serve."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    preload(sys.argv[2] if len(sys.argv) > 2 else "")
    orders.send(b"ready")
    serve(orders)


if __name__ == "__main__":
    main()
