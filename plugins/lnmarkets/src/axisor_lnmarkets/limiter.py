"""Keeps requests within the venue's rate, serves urgent lanes first, reserves a share for guards.

The rate holds in *every* window, not only on average: the limiter remembers when it let requests
go, as a token bucket would let twice the rate through across a boundary.
"""

from __future__ import annotations

import asyncio
from collections import deque
from decimal import Decimal

from msgspec import Struct

from axisor.errors import RateLimited, VenueRateLimited
from axisor.ports import Clock, Lane, RateBudget


class Rate(Struct, frozen=True):
    """At most `requests` in any `per_ms` milliseconds, the last `reserve` of them for guards only.

    `per_ms` is a little over a second, since two requests can arrive closer than they left.
    """

    requests: int = 5
    reserve: int = 2
    per_ms: int = 1_020

    def __post_init__(self) -> None:
        if self.requests < 1 or self.per_ms < 1 or not 0 <= self.reserve < self.requests:
            raise ValueError("a rate needs one request at least, and a reserve below it")


AUTHENTICATED = Rate(requests=5, reserve=2)
"""The venue's published limit for signed requests; whether by key or by address is not known."""

PUBLIC = Rate(requests=1, reserve=0)
"""The venue's published limit for unsigned requests, by address."""

MOST_WAITING = 1_000
"""Requests that may wait at once; one more is refused rather than queued for minutes."""

GUARDS_HELD_MS = 2_000
"""The longest that guards keep still when the venue wants a pause: twice the window it counts in.

A request too many is refused without effect; a rescue that waits for an hour costs a position.
"""

_SHORTEST_WAIT_MS = 1

LONGEST_LOOK_MS = 1_000
"""How late somebody who waits behind another may learn that it is too late."""


class _Waiter:
    __slots__ = ("end", "late", "turn")

    def __init__(self, end: int | None) -> None:
        self.turn = asyncio.Event()
        self.end = end
        self.late = False

    def look(self, now: int) -> None:
        """Give up where the time has passed."""
        if self.end is not None and now > self.end:
            self.late = True
            self.turn.set()


class Limiter:
    """Lets requests go one by one, by lane and then by age. For one event loop.

    Only the first of each lane looks at the clock, for the others too; they sleep until it is their
    turn or too late, so that a thousand of them cost little.
    """

    def __init__(self, clock: Clock, rate: Rate = AUTHENTICATED) -> None:
        self._clock = clock
        self._rate = rate
        self._gone: deque[tuple[int, bool]] = deque()  # (when, whether a guard's), oldest first
        self._waiting: dict[Lane, deque[_Waiter]] = {lane: deque() for lane in Lane}
        self._held_until_ms = clock.monotonic_ms()
        self._guards_held_until_ms = self._held_until_ms

    async def acquire(self, lane: Lane, *, patience_ms: int | None = None) -> None:
        """Wait for leave to send one request.

        Raises RateLimited where too many wait already, VenueRateLimited where leave would come
        later than `patience_ms` from now; in both cases nothing was sent.
        """
        if self._count_waiting() >= MOST_WAITING:
            raise RateLimited("Too many requests are waiting for the venue's rate limit.")
        end = None if patience_ms is None else self._clock.monotonic_ms() + patience_ms
        queue, me = self._waiting[lane], _Waiter(end)
        queue.append(me)
        try:
            if queue[0] is not me:
                await me.turn.wait()
                if me.late:
                    raise _no_room()
            while (wait := self._wait_ms(lane, me)) > 0:
                now = self._clock.monotonic_ms()
                if end is not None and now + wait > end:
                    raise _no_room()
                for other in queue:
                    other.look(now)
                await self._clock.sleep(min(wait, LONGEST_LOOK_MS) / 1000)
            self._gone.append((self._clock.monotonic_ms(), lane is Lane.GUARD))
        finally:
            queue.remove(me)
            if queue:
                queue[0].turn.set()

    def hold(self, seconds: Decimal) -> None:
        """Let nothing go for so long, guards for a moment: the venue said it had too many."""
        now, pause = self._clock.monotonic_ms(), int(seconds * 1000)
        self._held_until_ms = max(self._held_until_ms, now + pause)
        guards = now + min(pause, GUARDS_HELD_MS)
        self._guards_held_until_ms = max(self._guards_held_until_ms, guards)

    def budget(self) -> RateBudget:
        """Return the limit, what of it is left in this window, and how many wait."""
        now = self._clock.monotonic_ms()
        self._forget(now)
        left = 0 if now < self._held_until_ms else self._rate.requests - len(self._gone)
        per_second = Decimal(1000) / self._rate.per_ms
        return RateBudget(
            limit=(self._rate.requests * per_second).quantize(Decimal("0.01")),
            available=(left * per_second).quantize(Decimal("0.01")),
            waiting=self._count_waiting(),
        )

    def _wait_ms(self, lane: Lane, me: _Waiter) -> int:
        """Return 0 where this request may go now, else how long it cannot go for certain."""
        now = self._clock.monotonic_ms()
        self._forget(now)
        held = self._guards_held_until_ms if lane is Lane.GUARD else self._held_until_ms
        free_at = max(now, held, self._window_free_at(lane))
        if free_at > now:
            return free_at - now
        first = next(queue[0] for queue in self._waiting.values() if queue)
        return 0 if first is me else _SHORTEST_WAIT_MS

    def _window_free_at(self, lane: Lane) -> int:
        rate = self._rate
        times = [at for at, _ in self._gone]
        free_at = _when_below(times, rate.requests, rate.per_ms)
        if lane is not Lane.GUARD:
            others = [at for at, guard in self._gone if not guard]
            free_at = max(free_at, _when_below(others, rate.requests - rate.reserve, rate.per_ms))
        return free_at

    def _forget(self, now: int) -> None:
        while self._gone and self._gone[0][0] + self._rate.per_ms <= now:
            self._gone.popleft()

    def _count_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))


def _no_room() -> VenueRateLimited:
    return VenueRateLimited(
        "The venue's rate limit leaves no room for this request in time.",
        money="Nothing was sent to the venue.",
    )


def _when_below(times: list[int], limit: int, per_ms: int) -> int:
    """Return when fewer than `limit` of these lie within the window; 0 where it is so already."""
    return 0 if len(times) < limit else times[len(times) - limit] + per_ms
