"""Starts runners for a core, minds each until its end, and ends all that it started with it.

It is a file that the core's own interpreter runs, and knows nothing but the standard library: small
enough that a fork of it costs nobody anything, which one of a core that serves does. Orders come
over the socket that is its standard input, each one packet of JSON with descriptors: what the
runner reads, the line to whoever ordered it, and where it writes if anywhere. On that line it says
the runner's process, then how it ended; the end of that line ends the runner.

Between the core and each runner stands one process. All that a runner leaves behind becomes its
child, wherever it hid, and it goes once it has none.

While a rescue is on its way the core has all of them stand still (`hush`, `go_on`). Each such word
says for how long at most, and where the process that carried it out is gone, who minds a runner
lets it go on.
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
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

CHILD_SUBREAPER = 36
MOST_ORDER = 64 * 1024
MOST_FILES = 65_536
MOST_GIVEN = 3
LOG = "stderr"
MOST_TOLD = 300
NO_PROGRAM = 127
SESSION_NICE = 10


def beside(name: str) -> dict[str, Any]:
    """Return what a file beside this one defines."""
    return runpy.run_path(str(Path(__file__).with_name(name)))


confine = beside("confine.py")["confine"]
family = beside("family.py")
Hush = beside("hushing.py")["Hush"]


def main(priority: str) -> None:
    """Carry out orders until the core is gone."""
    os.closerange(3, MOST_FILES)
    os.setsid()  # an interrupt at the terminal is for the core alone
    if priority != "normal":
        stand_back()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who minds a runner is nobody's to wait for
    Desk(socket.socket(fileno=0)).work()


class Desk:
    """Takes orders, and has runners stand still in between."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._hush = Hush()
        self._waiting: deque[tuple[dict[str, Any], list[int]]] = deque()
        # Who minds a runner tells of it on one, and learns on the other that this process is gone.
        self._told, self._tell = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._leash, self._hand = os.pipe()

    def work(self) -> None:
        """Work until the core is gone."""
        sources = [self._orders, self._told]
        while True:
            ready, _, _ = select.select(sources, [], [], self._hush.left_s())
            if self._told in ready:
                data, descriptors, _, _ = socket.recv_fds(self._told, MOST_ORDER, 1)
                self._hush.know(int(data), *descriptors)
            if self._orders in ready:
                data, given = self._next()
                if not data:
                    return
                self._take(json.loads(data), given)
            if self._hush.left_s() == 0:
                self._go_on()
            while self._waiting and not self._hush.on:
                self._start(*self._waiting.popleft())

    def _next(self) -> tuple[bytes, list[int]]:
        try:
            data, given, _, _ = socket.recv_fds(self._orders, MOST_ORDER, MOST_GIVEN)
        except ConnectionResetError:  # the core ended before it read what it was told last
            return b"", []
        return data, given

    def _take(self, order: dict[str, Any], given: list[int]) -> None:
        if "hush" in order:
            self._hush.begin(order["hush"])
        elif "go_on" in order:
            self._go_on()
        else:
            self._waiting.append((order, given))  # to start one is work too

    def _go_on(self) -> None:
        if not self._hush.on:
            return
        stood = json.dumps({"stood": self._hush.end()}).encode()
        with suppress(OSError):  # a core that is gone or does not read needs no word
            self._orders.send(stood, socket.MSG_DONTWAIT)
        self._hush.look()

    def _start(self, order: dict[str, Any], given: list[int]) -> None:
        if os.fork() == 0:
            os.close(self._hand)
            self._orders.close()
            self._told.close()
            for _, others in self._waiting:
                for descriptor in others:
                    os.close(descriptor)
            alone(order, given, self._tell, self._leash)
        for descriptor in given:
            os.close(descriptor)


def stand_back() -> None:
    """Let this session have a tenth of another's share, where Linux shares time by sessions.

    In the core's own session whatever runners compute would be held against the core as soon as
    anybody else wants a processor, however idle they are.
    """
    with suppress(OSError):  # it does not, and there is nothing to set
        Path("/proc/self/autogroup").write_text(str(SESSION_NICE))


def alone(order: dict[str, Any], given: list[int], tell: socket.socket, leash: int) -> NoReturn:
    """Mind one runner in this process, which does nothing else and then ends."""
    try:
        mind(order, given, tell, leash)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def mind(order: dict[str, Any], given: list[int], tell: socket.socket, leash: int) -> None:
    """Start one runner, and see it and its own to their end."""
    reading, line, *writing = given
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
            become(order, home, reading, *writing)
        for descriptor in (reading, *writing):
            os.close(descriptor)
        over = introduce(runner, tell)
        with suppress(OSError):  # a core that is gone ends the runner below
            core.send(json.dumps({"process": runner}).encode())
        wait(runner, over, core, leash)
        code = end(runner)
        said = last_words(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    with suppress(OSError):
        core.send(json.dumps({"code": code, "said": said}).encode())


def become(order: dict[str, Any], home: Path, reading: int, *writing: int) -> NoReturn:
    """Become the runner."""
    try:
        for number in (signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        log = os.open(home / LOG, os.O_WRONLY | os.O_CREAT, 0o600)
        for descriptor, place in ((reading, 0), ((*writing, nowhere)[0], 1), (log, 2)):
            os.dup2(descriptor, place)
        os.environ.clear()
        os.environ.update(order["variables"], HOME=str(home), TMPDIR=str(home))
        confine(order["confines"])
        os.execve(order["words"][0], order["words"], dict(os.environ))  # noqa: S606 - no shell
    except (OSError, ValueError) as error:
        os.write(2, f"It cannot be started: {error}".encode())
    finally:
        os._exit(NO_PROGRAM)


def introduce(runner: int, tell: socket.socket) -> int:
    """Tell who starts runners of this one; return a descriptor of its process."""
    with suppress(OSError):  # it did so itself, and is another program by now
        os.setpgid(runner, runner)
    over = os.pidfd_open(runner)
    with suppress(OSError), tell:  # where nobody starts any more, nobody has any stand still
        socket.send_fds(tell, [str(runner).encode()], [over])
    return over


def wait(runner: int, over: int, core: socket.socket, leash: int) -> None:
    """Wait until the runner has ended or the core wants it to."""
    sources = [over, core.fileno(), leash]
    while select.select(sources, [], [])[0] == [leash]:
        sources.remove(leash)
        let_go(runner)
    os.close(over)


def let_go(runner: int) -> None:
    """Let a runner and its own go on: whoever had them stand still is gone."""
    with suppress(ProcessLookupError):
        os.killpg(runner, signal.SIGCONT)
    for process in family["descendants"](os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)


def end(runner: int) -> int:
    """End the runner and whatever is left of it; return its exit code."""
    code = 0
    while True:
        # Whoever dies leaves its children to this process, so that each turn finds the next.
        for child in family["children"](os.getpid()):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            child, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return code
        if child == runner:
            code = os.waitstatus_to_exitcode(status)


def last_words(home: Path) -> str:
    """Return the end of what a runner wrote on its standard error."""
    with suppress(OSError), (home / LOG).open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - MOST_TOLD))
        return " ".join(file.read().decode(errors="replace").split())
    return ""


if __name__ == "__main__":
    main(sys.argv[1])
