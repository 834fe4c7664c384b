"""Runs a function at a low priority: what only computes lets those go first who keep to a clock.

A priority cannot be raised again by everybody, and on Linux it belongs to a thread; so the function
has a thread of its own. Processes that it starts are as patient as it is.
"""

from __future__ import annotations

import contextvars
import os
import sys
import threading
from collections.abc import Callable

NICENESS = 5


def run(function: Callable[[], object]) -> None:
    """Call a function, and raise what it raises."""
    raised: list[BaseException] = []
    context = contextvars.copy_context()

    def patiently() -> None:
        try:
            if sys.platform == "linux":
                _yield_to_others()
            context.run(function)
        except BaseException as error:  # it is raised again where it is waited for
            raised.append(error)

    thread = threading.Thread(target=patiently, name="unhurried", daemon=True)
    thread.start()
    thread.join()
    if raised:
        raise raised.pop()


def _yield_to_others() -> None:
    thread = threading.get_native_id()
    given = os.getpriority(os.PRIO_PROCESS, thread)
    os.setpriority(os.PRIO_PROCESS, thread, max(given, NICENESS))
