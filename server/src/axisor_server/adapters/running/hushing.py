"""Has runners and all that they started stand still for a moment, and lets them go on.

It is a file that is run beside the core, and knows nothing but the standard library. Whoever is
stopped is held by a descriptor, so that no signal ever reaches a stranger to all this who got the
number of one that is gone.
"""

from __future__ import annotations

import os
import runpy
import signal
import time
from pathlib import Path

MOST_S = 1.0
"""How long anybody stands still at once, whatever the core asks for."""

LOOK_EVERY_S = 2.0
"""How often those are looked for that left the group of their runner, while rescues come."""

MOST_HELD = 512
ITSELF, GROUP = 0, 4
"""Flags of `pidfd_send_signal`: the process, and with Linux 6.9 the group that it leads."""

family = runpy.run_path(str(Path(__file__).with_name("family.py")))
descendants, parent = family["descendants"], family["parent"]


class Hush:
    """Those who may be told to stand still, and until when they do."""

    def __init__(self) -> None:
        self._held: dict[int, int] = {}
        self._since = self._until = 0.0
        self._looked = self._ended = 0.0

    @property
    def on(self) -> bool:
        """Return whether they stand still."""
        return self._since > 0

    def left_s(self) -> float | None:
        """Return for how long they still stand, None where they do not."""
        return max(0.0, self._until - time.monotonic()) if self.on else None

    def know(self, runner: int, descriptor: int) -> None:
        """Take a runner up, by a descriptor of its process."""
        self._hold(runner, descriptor)

    def begin(self, ms: int) -> None:
        """Have all of them stand still for so long, or until `end`."""
        now = time.monotonic()
        self._until = now + min(ms / 1_000, MOST_S)
        if not self.on:
            self._since = now
            self._tell_all(signal.SIGSTOP)

    def end(self) -> int:
        """Let them go on; return for how many milliseconds they stood."""
        self._tell_all(signal.SIGCONT)
        self._ended = time.monotonic()
        stood, self._since = self._ended - self._since, 0.0
        return round(stood * 1_000)

    def look(self) -> None:
        """Take up those who left the group of their runner; once in a while, after they stood."""
        if self._looked >= self._ended or self._ended - self._looked < LOOK_EVERY_S:
            return
        self._looked = time.monotonic()
        found = descendants(os.getpid())
        for process, above in found.items():
            if above != os.getpid() and process not in self._held:
                self._take(process, above)

    def _take(self, process: int, above: int) -> None:
        try:
            descriptor = os.pidfd_open(process)
        except OSError:
            return
        try:
            same = parent(process) in (above, *self._held)
        except OSError:
            same = False
        if same:
            self._hold(process, descriptor)
        else:
            os.close(descriptor)

    def _hold(self, process: int, descriptor: int) -> None:
        if process in self._held:
            os.close(self._held.pop(process))
        if len(self._held) >= MOST_HELD:
            os.close(descriptor)
            return
        self._held[process] = descriptor
        if self.on:
            self._tell(process, signal.SIGSTOP)

    def _tell_all(self, number: int) -> None:
        for process in list(self._held):
            self._tell(process, number)

    def _tell(self, process: int, number: int) -> None:
        """Send a signal to a process and the group that it leads; forget it where both are gone."""
        reached = False
        for flags in (ITSELF, GROUP):
            try:
                signal.pidfd_send_signal(self._held[process], number, None, flags)
                reached = True
            except OSError:  # gone, or a kernel that knows no groups
                continue
        if not reached:
            os.close(self._held.pop(process))
