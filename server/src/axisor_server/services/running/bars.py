"""Counts the faults of plugins, and keeps those out that have too many in too short a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

MOST_FAULTS = 3
WITHIN_MS = 600_000
"""Of faults that count together."""


class Bars:
    """Which plugins are kept out, and why; until the core starts again.

    Where the version is known each is kept out by itself: `NAME+HASH`.
    """

    def __init__(self, tell: Callable[[str, str], None] = lambda plugin, reason: None) -> None:
        """Take whom to tell of a plugin that is kept out from now on."""
        self._tell = tell
        self._faults: dict[str, deque[int]] = {}
        self._counts: dict[str, int] = {}
        self._barred: dict[str, str] = {}

    def reason(self, plugin: str) -> str:
        """Return why a plugin is kept out, empty where it is not."""
        return self._barred.get(plugin, "")

    def faults(self, plugin: str) -> int:
        """Return how many faults of a plugin were counted since the core started."""
        return self._counts.get(plugin, 0)

    def fault(self, plugin: str, reason: str, *, now_ms: int) -> bool:
        """Count a fault; return whether the plugin is kept out."""
        faults = self._faults.setdefault(plugin, deque(maxlen=MOST_FAULTS))
        faults.append(now_ms)
        self._counts[plugin] = self._counts.get(plugin, 0) + 1
        if len(faults) < MOST_FAULTS or now_ms - faults[0] > WITHIN_MS:
            return bool(self.reason(plugin))
        if plugin not in self._barred:
            self._barred[plugin] = f"{MOST_FAULTS} faults, the last one: {reason}"
            self._tell(plugin.partition("+")[0], self._barred[plugin])
        return True
