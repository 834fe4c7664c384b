"""Tells who used the processors while something was timed, and whether others wanted them too."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from msgspec import Struct

PRESSURE = Path("/proc/pressure/cpu")


class Load(Struct, frozen=True):
    """Processor seconds since some moment: of this process, and of one that is measured."""

    at: float
    ours: float
    theirs: float
    waited: float
    """Seconds in which somebody on this machine wanted a processor and had none."""

    @classmethod
    def now(cls, pid: int) -> Load:
        """Return what was used until now, with the process of this id as the measured one."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        return cls(time.monotonic(), own.ru_utime + own.ru_stime, _used(pid), _waited())

    def since(self, before: Load) -> str:
        """Return in words what was used since an earlier moment."""
        took = self.at - before.at
        core, own = (self.theirs - before.theirs) / took, (self.ours - before.ours) / took
        return (
            f"Of {os.cpu_count()} processors the core used {core:.2f}, venues and measuring"
            f" {own:.2f}; somebody waited {(self.waited - before.waited) / took:.0%} of the time."
        )


class Turn(Struct, frozen=True):
    """What a process's main thread had of the processors until some moment, in milliseconds."""

    computed: float
    waited: float

    @classmethod
    def now(cls, pid: int) -> Turn:
        """Return it as the kernel counts it, to the nanosecond."""
        computed, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
        return cls(int(computed) / 1e6, int(waited) / 1e6)

    def since(self, before: Turn) -> Turn:
        """Return what it had since an earlier moment."""
        return Turn(self.computed - before.computed, self.waited - before.waited)


def _used(pid: int) -> float:
    # After the name, which may hold anything, user and system time are fields 12 and 13.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _waited() -> float:
    """Return the kernel's count, 0 where it keeps none."""
    if not PRESSURE.exists():
        return 0.0
    some = PRESSURE.read_text().splitlines()[0]
    return int(some.rpartition("total=")[2]) / 1_000_000
