"""Whether the venue's prices agree: what it streams, what it answers, and its index."""

from __future__ import annotations

from collections import deque

from axisor.model import Price, Tick

WINDOW_MS = 10_000
"""How far back the stream's prices are compared with an answer, which may be that much older."""

CONFIRMED = 2
"""So many readings in a row must disagree before a dispute counts, and agree before it ends."""

LASTING_MS = 2_000
"""How long the last price must be away from the index before that is a dispute."""

MOST = 4_096
"""Most prices remembered; of more, the oldest are forgotten."""


class Agreement:
    """Compares prices of one market. Percentages of 0 compare nothing."""

    def __init__(self, *, percent: int, index_percent: int) -> None:
        self._percent = percent
        self._index_percent = index_percent
        self._seen: deque[tuple[int, Price]] = deque(maxlen=MOST)
        self._disagreed = 0
        self._agreed = CONFIRMED
        self._answer = ""
        self._away_since: int | None = None
        self._index = ""

    @property
    def is_doubtful(self) -> bool:
        """Return whether another reading should come soon: to confirm a dispute, or to end it."""
        return bool(self._answer) or self._disagreed > 0

    def streamed(self, tick: Tick, now_ms: int) -> None:
        """Take a tick of the stream."""
        self._seen.append((now_ms, tick.last))
        self._forget(now_ms)
        index = tick.index
        if not self._index_percent or index is None or index <= 0:
            self._away_since, self._index = None, ""
            return
        if abs(tick.last - index) * 100 <= index * self._index_percent:
            self._away_since, self._index = None, ""
            return
        if self._away_since is None:
            self._away_since = now_ms
        if now_ms - self._away_since >= LASTING_MS:
            self._index = (
                f"The last price {tick.last:f} is more than {self._index_percent} % from the "
                f"index {index:f}."
            )

    def answered(self, tick: Tick, now_ms: int) -> None:
        """Take what the venue answered when it was asked for its price."""
        self._forget(now_ms)
        if not self._percent or not self._seen:
            return
        low = min(price for _, price in self._seen)
        high = max(price for _, price in self._seen)
        below = tick.last * 100 < low * (100 - self._percent)
        above = tick.last * 100 > high * (100 + self._percent)
        if below or above:
            self._disagreed, self._agreed = self._disagreed + 1, 0
        else:
            self._disagreed, self._agreed = 0, self._agreed + 1
        if self._disagreed >= CONFIRMED:
            self._answer = (
                f"The venue streams {self._seen[-1][1]:f} and answers {tick.last:f}, more than "
                f"{self._percent} % apart."
            )
        elif self._agreed >= CONFIRMED:
            self._answer = ""

    def dispute(self) -> str:
        """Return how the prices contradict each other, empty where they agree."""
        return self._answer or self._index

    def _forget(self, now_ms: int) -> None:
        # The newest stays whatever its age: a stream that stands still is compared as it is.
        seen = self._seen
        while seen and now_ms - seen[0][0] > WINDOW_MS and len(seen) > 1:
            seen.popleft()
