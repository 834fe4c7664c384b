"""Takes away from this process what a runner may not have, then becomes the runner.

It is a file that the core's own interpreter runs or loads, knows nothing but the standard library,
and is done before a byte of the plugin: its environment may hold code that runs at start.
Usage: confine.py CONFINES PROGRAM [WORD...], CONFINES as JSON: `limits` by the names of `resource`,
`uid` (0: the same user) and `priority`.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from typing import Any

PDEATHSIG, CAPBSET_DROP, NO_NEW_PRIVS = 1, 24, 38
MOST_CAPABILITIES = 64
MOST_FILES = 65_536
LEAST_NICE = 19


def confine(confines: Mapping[str, Any]) -> None:
    """Confine this process, for good: what it starts and what it becomes are confined too."""
    give_way(confines["priority"])
    os.closerange(3, MOST_FILES)
    os.chdir(os.environ["HOME"])
    # What it starts is ended with it. No session of its own: Linux would share time by sessions.
    os.setpgid(0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    for name, most in confines["limits"].items():
        resource.setrlimit(getattr(resource, name), (most, most))
    for capability in range(MOST_CAPABILITIES):  # root without them cannot lift its limits
        libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    uid = confines["uid"]
    if uid:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    # Kept over exec: no set-uid program gives rights back, and nobody outlives who started it.
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.umask(0o077)


def give_way(priority: str) -> None:
    """Compute after others from now on; `idle` is when nobody else would, `normal` like anybody.

    A process that is idle is put aside in the moment another wakes; one that is merely last may
    finish its turn, which is milliseconds for each of a rescue's dozen steps.
    """
    if priority == "normal":
        return
    # Set, not added: the core may have been put ahead of others.
    os.setpriority(os.PRIO_PROCESS, 0, LEAST_NICE)
    policy = os.SCHED_IDLE if priority == "idle" else os.SCHED_BATCH
    os.sched_setscheduler(0, policy, os.sched_param(0))


def main(words: list[str]) -> None:
    """Confine this process and run the program in its place."""
    confines, program, *rest = words
    confine(json.loads(confines))
    os.execv(program, [program, *rest])  # noqa: S606 - a shell has no business here


if __name__ == "__main__":
    main(sys.argv[1:])
