"""How little a runner gets: memory, files, processes, time, and an environment without secrets."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from msgspec import Struct

from axisor_server.choices import Priority

MIB = 1024 * 1024
CONFINE = Path(__file__).with_name("confine.py")


class Confines(Struct, frozen=True, kw_only=True):
    """The limits of one runner. `uid` is the user it becomes where the core is root; 0 is nobody
    else. `processes` counts threads too, and holds only for a user of its own.
    """

    memory_mib: int = 256
    files: int = 64
    processes: int = 64
    cpu_s: int = 3_600
    written_mib: int = 1
    uid: int = 0
    priority: Priority = Priority.IDLE

    def plain(self) -> dict[str, Any]:
        """Return them as `confine.py` has them."""
        own = self.uid if os.getuid() == 0 else 0
        limits = {
            "RLIMIT_AS": self.memory_mib * MIB,
            "RLIMIT_CORE": 0,
            "RLIMIT_CPU": self.cpu_s,
            "RLIMIT_FSIZE": self.written_mib * MIB,
            "RLIMIT_NICE": 0,  # with more it could leave its place behind all others
            "RLIMIT_NOFILE": self.files,
            "RLIMIT_RTPRIO": 0,
            "RLIMIT_STACK": MIB,
        }
        if own:
            limits["RLIMIT_NPROC"] = self.processes
        return {"limits": limits, "uid": own, "priority": self.priority.value}

    def command(self, program: str, *words: str) -> list[str]:
        """Return the command that runs a program within these limits."""
        confined = [sys.executable, "-I", "-S", str(CONFINE), json.dumps(self.plain())]
        return [*confined, program, *words]


def clean(home: Path) -> dict[str, str]:
    """Return the whole environment of a runner whose folder this is."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "MALLOC_ARENA_MAX": "1",  # each arena reserves 64 MiB of the memory that it may have
        "PYTHONDONTWRITEBYTECODE": "1",
    }
