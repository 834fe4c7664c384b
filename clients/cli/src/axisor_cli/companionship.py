"""A command that was started beside a core ends with it, also where the core was killed."""

from __future__ import annotations

import os
import signal
import threading

ENDS_WITH_INPUT = "AXISOR_ENDS_WITH_INPUT"
"""Set by whoever starts a command with a pipe as its standard input, and wants it to end so."""


def end_with_input() -> None:
    """Ask this process to stop, as SIGTERM does, once nobody holds the other end of its input."""
    if os.environ.pop(ENDS_WITH_INPUT, "") != "1":
        return
    threading.Thread(target=_wait, name="axisor-companion", daemon=True).start()


def _wait() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
