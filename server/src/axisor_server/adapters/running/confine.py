"""Takes away from this process what a runner may not have, then becomes the runner.

It is started as a file by the core's own interpreter, knows nothing but the standard library, and
runs before a byte of the plugin: its environment may hold code that runs at start.
Usage: confine.py LIMITS UID PROGRAM [WORD...], LIMITS as JSON by the names of `resource`.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys

PDEATHSIG, CAPBSET_DROP, NO_NEW_PRIVS = 1, 24, 38
MOST_CAPABILITIES = 64
MOST_FILES = 65_536


def main(words: list[str]) -> None:
    """Confine this process and run the program in its place."""
    limits, uid, program, *rest = words
    os.closerange(3, MOST_FILES)
    os.chdir(os.environ["HOME"])
    # What it starts is ended with it. No session of its own: Linux would share time by sessions.
    os.setpgid(0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    for name, most in json.loads(limits).items():
        resource.setrlimit(getattr(resource, name), (most, most))
    for capability in range(MOST_CAPABILITIES):  # root without them cannot lift its limits
        libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    if int(uid):
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    # Kept over exec: no set-uid program gives rights back, and nobody outlives the core.
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.umask(0o077)
    os.nice(19)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # never before who waits for a tick
    os.execv(program, [program, *rest])  # noqa: S606 - a shell has no business here


if __name__ == "__main__":
    main(sys.argv[1:])
