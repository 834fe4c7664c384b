"""Keeps an account's reading young: soon after anything happened, often when danger is near."""

from __future__ import annotations

import asyncio
from typing import Protocol

from axisor.errors import StoreUnavailable, VenueError
from axisor.model import AccountState, OrderState
from axisor.ports import Clock, ClosedPosition, Lane, VenueAccount
from axisor_server.domain.account import gone, orders_gone
from axisor_server.domain.counters import Fundings
from axisor_server.engine.failpoints import Failpoints
from axisor_server.engine.glances import Glances
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.waiting import Poke

LEAST_PAUSE_S = 0.2
"""Least time between two readings, so that hints cannot use up the venue's request budget."""


class Reading(Protocol):
    """The actor, as the observer sees it."""

    def last_state(self) -> AccountState | None:
        """Return the reading that counts now."""
        ...

    def in_danger(self) -> bool:
        """Return whether a trigger or a liquidation is near, or an outcome is unknown."""
        ...

    def wait_ms(self) -> int | None:
        """Return how long to leave the venue alone; None where the last reading worked."""
        ...

    async def observed(
        self,
        state: AccountState,
        *,
        started_ms: int,
        closed: dict[str, ClosedPosition],
        done: dict[str, OrderState],
        fundings: Fundings,
    ) -> bool:
        """Take a reading over; False when it was too old to count."""
        ...

    def unwritable(self, error: StoreUnavailable) -> None:
        """Learn that a reading could not be written down."""
        ...

    def behind(self, state: AccountState) -> tuple[str, ...]:
        """Return ids of positions of which a reading seems to show less than is known."""
        ...

    async def unreadable(self, error: VenueError) -> None:
        """Learn that the account could not be read."""
        ...


class Observer:
    """Reads one account for as long as its actor lives."""

    def __init__(
        self,
        line: VenueAccount,
        actor: Reading,
        *,
        clock: Clock,
        settings: EngineSettings,
        failpoints: Failpoints,
        glances: Glances,
    ) -> None:
        self._line = line
        self._glances = glances
        self._actor = actor
        self._clock = clock
        self._settings = settings
        self._failpoint = failpoints
        self._hint = Poke()

    def hint(self) -> None:
        """Ask for a reading soon."""
        self._hint.set()

    async def run(self) -> None:
        """Read again and again, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            while True:
                settings = self._settings
                near = self._actor.in_danger()
                pause = settings.poll_near_ms if near else settings.poll_far_ms
                wait = self._actor.wait_ms()
                if wait is None:
                    await self._hint.wait(self._clock, pause / 1000)
                else:
                    await self._clock.sleep(wait / 1000)  # no hint makes a refused key better
                # Never the guard's lane: a reading must not use up what a rescue would need.
                await self.read(Lane.RECONCILE if near else Lane.READ)
                await self._clock.sleep(LEAST_PAUSE_S)

    async def _listen(self) -> None:
        while True:
            try:
                async for _ in self._line.changes():
                    self._hint.set()
            except VenueError:
                self._hint.set()  # hints may have been lost with the line
            wait = max(self._actor.wait_ms() or 0, self._settings.poll_near_ms)
            await self._clock.sleep(wait / 1000)

    async def read(self, lane: Lane) -> bool:
        """Read once; returns whether the reading counted, and was written down where it had to."""
        try:
            return await self._read(lane)
        except StoreUnavailable as error:
            # What was read still serves those who may act without the store.
            self._actor.unwritable(error)
            return False

    async def _read(self, lane: Lane) -> bool:
        started = self._clock.monotonic_ms()
        try:
            shared = lane is Lane.RECONCILE
            state = await (self._glances.state() if shared else self._line.read(lane=lane))
            before = self._actor.last_state()
            closed = await self._endings(before, state)
            done = await self._orders(before, state)
            # Where payments of both signs were settled meanwhile, only their list tells.
            seeming = self._actor.behind(state)
            fundings = {id: await self._line.funding_paid(id) for id in seeming}
        except VenueError as error:
            await self._actor.unreadable(error)
            return False
        await self._failpoint("account-read")
        counted = await self._actor.observed(
            state, started_ms=started, closed=closed, done=done, fundings=fundings
        )
        if not counted:
            self._hint.set()
        return counted

    async def _endings(
        self, before: AccountState | None, after: AccountState
    ) -> dict[str, ClosedPosition]:
        found: dict[str, ClosedPosition] = {}
        for position in gone(before, after):
            record = await self._line.closed_position(position.id)
            if record is not None:
                found[position.id] = record
        return found

    async def _orders(
        self, before: AccountState | None, after: AccountState
    ) -> dict[str, OrderState]:
        """Tell an order that was filled and closed at once from one that was canceled."""
        found: dict[str, OrderState] = {}
        for order in orders_gone(before, after):
            became = after.position(order.id) is not None
            if became or await self._line.closed_position(order.id) is not None:
                found[order.id] = OrderState.FILLED
        return found
