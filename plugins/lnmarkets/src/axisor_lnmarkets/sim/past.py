"""Remembers how the account stood, for faults that make reads show an older truth."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from axisor.exchange import Account, Quote, seeded_ids
from axisor_lnmarkets.sim.faults import FaultBook
from axisor_lnmarkets.sim.world import World

_MOST = 5000


class _Moment(Struct, frozen=True):
    at_ms: int
    snapshot: bytes
    quote: Quote


class Past:
    """What was true at recent moments of transport time.

    Nothing is kept while no stale fault is in force: such a fault looks back no further than to the
    moment it was put in force.
    """

    def __init__(self, world: World, faults: FaultBook) -> None:
        self._world = world
        self._faults = faults
        self._moments: deque[_Moment] = deque(maxlen=_MOST)

    def note(self) -> None:
        """Remember the present, if a stale fault is in force."""
        longest = self._faults.longest_stale
        if not longest:
            self._moments.clear()
            return
        now_ms = self._world.transport.monotonic_ms()
        self._moments.append(_Moment(now_ms, self._world.account.snapshot(), self._world.quote))
        oldest = now_ms - int(longest.total_seconds() * 1000)
        while len(self._moments) > 1 and self._moments[1].at_ms <= oldest:
            self._moments.popleft()

    def at(self, back_ms: int) -> tuple[Account, Quote]:
        """Return the account and the quote as they were that long ago, or as long as is known."""
        wanted = self._world.transport.monotonic_ms() - back_ms
        found: _Moment | None = None
        for moment in self._moments:
            if found is not None and moment.at_ms > wanted:
                break
            found = moment
        if found is None:
            return self._world.account, self._world.quote
        return Account.restore(found.snapshot, seeded_ids(0)), found.quote
