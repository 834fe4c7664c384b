"""Stops asking a part of the venue that does not answer, until one question is answered again.

A breaker spares whoever can wait a row of time-outs, and the venue a crowd at its door when it
comes back. What protects a position is never held up by one: changes, guards, and the reading about
an unknown outcome always go, and what such a reading brings counts.
"""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from axisor.errors import VenueUnavailable
from axisor.ports import Circuit, Clock, Lane

UNGATED = frozenset({Lane.GUARD, Lane.RECONCILE})
"""Lanes of what protects a position, or reads about an outcome that is not known."""

HISTORY = frozenset(
    {
        "/v3/account/deposits/lightning",
        "/v3/account/deposits/on-chain",
        "/v3/account/notifications",
        "/v3/account/withdrawals/lightning",
        "/v3/account/withdrawals/on-chain",
        "/v3/futures/cross/funding-fees",
        "/v3/futures/cross/orders/filled",
        "/v3/futures/cross/transfers",
        "/v3/futures/isolated/funding-fees",
        "/v3/futures/isolated/trades/canceled",
        "/v3/futures/isolated/trades/closed",
        "/v3/synthetic-usd/swaps",
    }
)
"""Signed reads about what is over."""


class State(enum.StrEnum):
    """Closed lets everything through, open nothing that can wait, half open one question."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Rule(Struct, frozen=True, kw_only=True):
    """Open after `failures` within `window_ms`; ask again after `pause_ms`."""

    failures: int = 5
    window_ms: int = 30_000
    pause_ms: int = 5_000


class Call:
    """One question. `alive` says whether the venue answered it; None is no evidence."""

    def __init__(self) -> None:
        self.alive: bool | None = None


class Breaker:
    """The breaker of one class of endpoints. For one event loop."""

    def __init__(self, name: str, clock: Clock, rule: Rule | None = None) -> None:
        self.name = name
        self.state = State.CLOSED
        self._clock = clock
        self._rule = Rule() if rule is None else rule
        self._failed: deque[int] = deque(maxlen=self._rule.failures)
        self._until_ms = 0
        self._opened = 0
        self._probe: asyncio.Event | None = None

    @asynccontextmanager
    async def asking(self, lane: Lane) -> AsyncIterator[Call]:
        """Let a question go, and learn from `Call.alive` what came of it.

        While half open, others wait for what the one that went ahead brings. Raises
        VenueUnavailable where this one may not go; nothing was sent then.
        """
        probe = None if lane in UNGATED else await self._admit()
        call = Call()
        try:
            yield call
        finally:
            self._learn(call.alive)
            if probe is not None and self._probe is probe:
                self._probe = None
                probe.set()

    def check(self, lane: Lane) -> None:
        """Refuse what had leave but waited so long that the breaker opened. Raises as `asking`."""
        if self.state is State.OPEN and lane not in UNGATED:
            raise self._refusal()

    def circuit(self) -> Circuit:
        """Return the state of this breaker."""
        return Circuit(self.name, self.state.value, self._opened)

    async def _admit(self) -> asyncio.Event | None:
        while self.state is not State.CLOSED:
            if self.state is State.OPEN and self._clock.monotonic_ms() < self._until_ms:
                raise self._refusal()
            self.state = State.HALF_OPEN
            if self._probe is None:
                self._probe = asyncio.Event()
                return self._probe
            await self._probe.wait()
        return None

    def _learn(self, alive: bool | None) -> None:
        now = self._clock.monotonic_ms()
        if alive is None:
            return
        if alive:
            if self.state is not State.CLOSED:
                self.state = State.CLOSED
                self._failed.clear()
        elif self.state is State.HALF_OPEN:
            self._open(now)
        elif self.state is State.CLOSED:
            self._failed.append(now)
            full = len(self._failed) == self._rule.failures
            if full and now - self._failed[0] < self._rule.window_ms:
                self._open(now)

    def _open(self, now: int) -> None:
        self.state = State.OPEN
        self._until_ms = now + self._rule.pause_ms
        self._opened += 1

    def _refusal(self) -> VenueUnavailable:
        return VenueUnavailable(
            f"LN Markets does not answer its {self.name} reads; it is asked again soon.",
            money="Nothing was sent. Guards and changes are not held up.",
            circuit=self.name,
        )


class Breakers:
    """The breakers of one client; that of unsigned reads is shared by all clients of a host."""

    def __init__(self, clock: Clock, public: Breaker | None = None) -> None:
        self.public = Breaker("public", clock) if public is None else public
        self.account = Breaker("account", clock)
        self.history = Breaker("history", clock)

    def of(self, path: str, *, signed: bool) -> Breaker:
        """Return the breaker of a read."""
        if not signed:
            return self.public
        return self.history if path in HISTORY else self.account

    def circuits(self) -> tuple[Circuit, ...]:
        """Return the state of each."""
        return (self.public.circuit(), self.account.circuit(), self.history.circuit())
