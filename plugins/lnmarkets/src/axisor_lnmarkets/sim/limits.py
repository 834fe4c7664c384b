"""The venue's rate limits, counted on the transport clock."""

from __future__ import annotations

from collections import deque

from axisor_lnmarkets.sim.errors import too_many_requests

_MOST_CALLERS = 10_000


class SlidingWindow:
    """Allows at most `limit` events in any window of `window_ms`, separately for each caller.

    A refused event does not count. Callers that were silent for a window are forgotten.
    """

    def __init__(self, limit: int, window_ms: int = 1000) -> None:
        self.limit = limit
        self._window_ms = window_ms
        self._seen: dict[str, deque[int]] = {}

    def wait_ms(self, caller: str, now_ms: int) -> int:
        """Count an event and return 0, or return how long the caller must wait."""
        times = self._recent(caller, now_ms)
        if len(times) >= self.limit:
            return times[0] + self._window_ms - now_ms
        times.append(now_ms)
        return 0

    def remaining(self, caller: str, now_ms: int) -> int:
        """Return how many events the caller has left in this window."""
        return self.limit - len(self._recent(caller, now_ms))

    def forget(self, caller: str) -> None:
        """Drop what is known of a caller."""
        self._seen.pop(caller, None)

    def _recent(self, caller: str, now_ms: int) -> deque[int]:
        times = self._seen.get(caller)
        if times is None:
            if len(self._seen) >= _MOST_CALLERS:
                self._drop_silent(now_ms)
            times = self._seen[caller] = deque()
        while times and times[0] <= now_ms - self._window_ms:
            times.popleft()
        return times

    def _drop_silent(self, now_ms: int) -> None:
        oldest = now_ms - self._window_ms
        silent = [name for name, times in self._seen.items() if not times or times[-1] <= oldest]
        for name in silent:
            del self._seen[name]


class RequestLimits:
    """REST's two limits: by address without credentials, by key with them."""

    def __init__(self, *, anonymous_per_s: int, keyed_per_s: int, enabled: bool) -> None:
        self._anonymous = SlidingWindow(anonymous_per_s)
        self._keyed = SlidingWindow(keyed_per_s)
        self.enabled = enabled

    def count(self, *, key: str | None, address: str, now_ms: int) -> None:
        """Count a request. Raises ApiError 429 with the whole seconds to wait."""
        if not self.enabled:
            return
        if key is None:
            wait = self._anonymous.wait_ms(address, now_ms)
        else:
            wait = self._keyed.wait_ms(key, now_ms)
        if wait > 0:
            raise too_many_requests(-(-wait // 1000))
