"""The `axisor` that shells of tests find: it has a nursery fork the command and ends as that does.

It is read as a script, without packages, so that it begins in milliseconds. What it is sent it
sends on; when it is killed, the nursery kills the command.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def main() -> None:
    """Order the command at the socket beside this script, and wait for its end."""
    order = {"words": sys.argv[1:], "variables": dict(os.environ), "folder": str(Path.cwd())}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(str(Path(__file__).with_name("orders")))
        signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
        socket.send_fds(line, [json.dumps(order).encode()], [0, 1, 2])
        pid = int(line.recv(64))
        for number in PASSED_ON:
            signal.signal(number, lambda sent, _: os.kill(pid, sent))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        told = line.recv(64)
    code = int(told or -signal.SIGKILL)
    if code < 0:
        if -code in PASSED_ON:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
