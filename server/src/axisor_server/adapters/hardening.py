"""Keeps what the process has in memory to itself: no core dumps, no debugger of the same user."""

from __future__ import annotations

import ctypes
import resource
import sys

import structlog

PR_SET_DUMPABLE = 4

log = structlog.get_logger("axisor.hardening")


def harden() -> bool:
    """Forbid core dumps, and others of the same user to look inside; returns whether both hold.

    The superuser can still look. What cannot be forbidden here is said and does not stop the core.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sys.platform.startswith("linux"):
        log.warning("memory can be read by the same user on this system")
        return False
    done = ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if done:
        log.warning("memory can be read by the same user", errno=ctypes.get_errno())
    return not done
