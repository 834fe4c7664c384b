"""Starts runners for a core, minds each until its end, and ends all that it started with it.

It is a file that the core's own interpreter runs, and knows nothing but the standard library: small
enough that a fork of it costs nobody anything, which one of a core that serves does. Orders come
over the socket that is its standard input, each one packet of JSON with two descriptors: what the
runner reads, and the line to whoever ordered it. On that line it says the runner's process, then
how it ended; the end of that line ends the runner.

Between the core and each runner stands one process. All that a runner leaves behind becomes its
child, wherever it hid, and it goes once it has none.
"""

from __future__ import annotations

import ctypes
import json
import os
import runpy
import select
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

CHILD_SUBREAPER = 36
MOST_ORDER = 64 * 1024
MOST_FILES = 65_536
LOG = "stderr"
MOST_TOLD = 300
NO_PROGRAM = 127
SESSION_NICE = 10

confine = runpy.run_path(str(Path(__file__).with_name("confine.py")))["confine"]


def main(priority: str) -> None:
    """Carry out orders until the core is gone."""
    os.closerange(3, MOST_FILES)
    os.setsid()  # an interrupt at the terminal is for the core alone
    if priority != "normal":
        stand_back()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who minds a runner is nobody's to wait for
    orders = socket.socket(fileno=0)
    while True:
        data, descriptors, _, _ = socket.recv_fds(orders, MOST_ORDER, 2)
        if not data:
            return
        if os.fork() == 0:
            orders.close()
            alone(json.loads(data), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def stand_back() -> None:
    """Let this session have a tenth of another's share, where Linux shares time by sessions.

    In the core's own session whatever runners compute would be held against the core as soon as
    anybody else wants a processor, however idle they are.
    """
    with suppress(OSError):  # it does not, and there is nothing to set
        Path("/proc/self/autogroup").write_text(str(SESSION_NICE))


def alone(order: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Mind one runner in this process, which does nothing else and then ends."""
    try:
        mind(order, *descriptors)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def mind(order: dict[str, Any], reading: int, line: int) -> None:
    """Start one runner, and see it and its own to their end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None, use_errno=True).prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    core = socket.socket(fileno=line)
    home = Path(tempfile.mkdtemp(prefix="axisor-run-", dir=order["folder"]))
    try:
        uid = order["confines"]["uid"]
        if uid:
            os.chown(home, uid, uid)
        runner = os.fork()
        if runner == 0:
            become(order, home, reading)
        os.close(reading)
        with suppress(OSError):  # a core that is gone ends the runner below
            core.send(json.dumps({"process": runner}).encode())
        wait(runner, core)
        code = end(runner)
        said = last_words(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    with suppress(OSError):
        core.send(json.dumps({"code": code, "said": said}).encode())


def become(order: dict[str, Any], home: Path, reading: int) -> NoReturn:
    """Become the runner."""
    try:
        for number in (signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        log = os.open(home / LOG, os.O_WRONLY | os.O_CREAT, 0o600)
        for descriptor, place in ((reading, 0), (nowhere, 1), (log, 2)):
            os.dup2(descriptor, place)
        os.environ.clear()
        os.environ.update(order["variables"], HOME=str(home), TMPDIR=str(home))
        confine(order["confines"])
        os.execve(order["words"][0], order["words"], dict(os.environ))  # noqa: S606 - no shell
    except (OSError, ValueError) as error:
        os.write(2, f"It cannot be started: {error}".encode())
    finally:
        os._exit(NO_PROGRAM)


def wait(runner: int, core: socket.socket) -> None:
    """Wait until the runner has ended or the core wants it to."""
    over = os.pidfd_open(runner)
    select.select([over, core.fileno()], [], [])
    os.close(over)


def end(runner: int) -> int:
    """End the runner and whatever is left of it; return its exit code."""
    code = 0
    while True:
        # Whoever dies leaves its children to this process, so that each turn finds the next.
        for child in children():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            child, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return code
        if child == runner:
            code = os.waitstatus_to_exitcode(status)


def children() -> Iterator[int]:
    """Yield the processes whose parent this is."""
    own = os.getpid()
    try:
        found = Path(f"/proc/self/task/{own}/children").read_text()
    except FileNotFoundError:  # not every kernel is built to tell
        yield from (number for number, parent in processes() if parent == own)
        return
    yield from map(int, found.split())


def processes() -> Iterator[tuple[int, int]]:
    """Yield every process and its parent."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # After the name, which may hold anything, come state and parent.
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            yield int(place.name), int(fields[1])


def last_words(home: Path) -> str:
    """Return the end of what a runner wrote on its standard error."""
    with suppress(OSError), (home / LOG).open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - MOST_TOLD))
        return " ".join(file.read().decode(errors="replace").split())
    return ""


if __name__ == "__main__":
    main(sys.argv[1])
