"""A core on the small stage: the production actor, with calls that wait behind all its ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from axisor.errors import VenueRefused
from axisor.intents import Action, AddMargin
from axisor.model import AccountState, Balance, Funding, Mode
from axisor.ports import (
    ClockOffset,
    Lane,
    Leave,
    RateBudget,
    Refused,
    SendResult,
    Unknown,
    free_to_leave,
)
from axisor_server.adapters.memory import SeededIds
from axisor_server.domain.records import AccountRecord, LeaseRecord
from axisor_server.engine.actor import Actor
from axisor_server.engine.allotment import Allotment
from axisor_server.engine.failpoints import Failpoints
from axisor_server.engine.market import Market
from axisor_server.engine.platform import Platform
from axisor_server.engine.rescues import Rescues
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.vitals import Vitals
from axisor_server.engine.world import World
from axisor_server.ports import Reader, Transaction
from tests.simulation.scene import (
    ACCOUNT,
    BACK_DATE_MS,
    START,
    TICK,
    WINDOW_MS,
    Topper,
)

if TYPE_CHECKING:
    from tests.simulation.stage import Stage

T = TypeVar("T")


class Call(msgspec.Struct, eq=False):
    """Something a core wants from outside, and waits for."""

    worker: str
    kind: str
    go: Callable[[str], Any]
    future: asyncio.Future[Any]


class Worker:
    """One life of a core: the production actor, with this stage behind its ports."""

    def __init__(self, stage: Stage, name: str, life: int) -> None:
        self.stage = stage
        self.name = name
        self.life = life
        self.dead = False
        settings = EngineSettings(
            owner=f"{name}.{life}",
            max_mode=Mode.LIVE,
            back_date_ms=BACK_DATE_MS,
            poll_near_ms=10**9,
            poll_far_ms=10**9,
            stale_ms=10**9,
        )
        world = World(
            store=self,
            clock=self,
            strategies={"topper": Topper},
            reviewers=(),
            publish=lambda _: None,
            settings=settings,
            failpoints=Failpoints(),
            platform=Platform(self, self, mode=Mode.LIVE, publish=lambda _: None, every_ms=10**9),
            vitals=Vitals(self),
            rescues=Rescues(self),
            may_renew=lambda: True,
            new_id=SeededIds(self, life * 2 + (name == "B")).new,
        )
        feed: Any = self  # its clock is all that is ever asked of it here
        market = Market(
            feed, venue="stage", network="signet", url="", clock=self, settings=settings
        )
        market.take(TICK)
        allotment = Allotment(world, Seat(self, market, world))
        allotment.hint()
        self.tasks = [
            stage.loop.create_task(market.timekeeper.measure()),
            stage.loop.create_task(allotment.run()),
        ]

    def die(self) -> None:
        """Become inert, and let the code that was running end without touching anything."""
        self.dead = True
        for task in self.tasks:
            task.cancel()
        for call in [call for call in self.stage.calls if call.worker == self.name]:
            call.future.cancel()
        self.stage.loop.settle()
        assert all(task.done() for task in self.tasks)

    async def ask(self, kind: str, go: Callable[[str], Any]) -> Any:
        """Wait until the explorer lets a call through."""
        if self.dead:
            raise asyncio.CancelledError
        call = Call(self.name, kind, go, self.stage.loop.create_future())
        self.stage.calls.append(call)
        try:
            return await call.future
        finally:
            with suppress(ValueError):
                self.stage.calls.remove(call)

    # The Clock, Store and MarketFeed ports.

    def now(self) -> datetime:
        """Return the time."""
        return START + timedelta(milliseconds=self.stage.now_ms)

    def monotonic_ms(self) -> int:
        """Return milliseconds."""
        return self.stage.now_ms

    async def sleep(self, seconds: float) -> None:
        """Wait until enough time was let pass."""
        if self.dead:
            raise asyncio.CancelledError
        future: asyncio.Future[None] = self.stage.loop.create_future()
        self.stage.timers.append((self.stage.now_ms + round(seconds * 1000), self.name, future))
        await future

    async def open(self) -> None:
        """Do nothing: the tables are there."""

    async def close(self) -> None:
        """Do nothing: the other core goes on."""

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit, once it is let through."""
        kind = "beat" if unit.__qualname__.startswith("Allotment._beat.") else "write"
        result: T = await self.ask(kind, lambda _: self.stage.write(unit))
        return result

    async def read(self, unit: Callable[[Reader], T]) -> T:
        """Run a reading unit, once it is let through."""
        result: T = await self.ask("load", lambda _: self.stage.write(unit))
        return result

    async def clock_offset(self) -> ClockOffset:
        """Return that both clocks agree."""
        return ClockOffset(offset_ms=0, uncertainty_ms=1)


class Seat:
    """The one account, as a core's allotment sees it: led by the production actor, or not."""

    def __init__(self, worker: Worker, market: Market, world: World) -> None:
        self._worker = worker
        self._market = market
        self._world = world
        self._led = False

    def led(self) -> Sequence[str]:
        """Return the account while it is led here."""
        return (ACCOUNT,) if self._led else ()

    def unfit(self) -> Sequence[str]:
        """Return nothing: the account can be opened anywhere."""
        return ()

    def calm(self) -> Sequence[str]:
        """Return nothing: no account changes hands in calm here."""
        return ()

    async def settle_in(
        self, accounts: Sequence[AccountRecord], leases: Mapping[str, LeaseRecord]
    ) -> None:
        """Do nothing: nobody asks about an account that is led elsewhere."""

    async def lead(self, account: str, epoch: int, *, claimed_ms: int) -> None:
        """Begin to act for the account under a lease just taken."""
        worker = self._worker
        record = worker.stage.store._tables.accounts.get(account)
        assert record is not None
        line: Any = Line(worker)  # it lacks what nobody asks of it here
        actor = Actor(record, line, self._market, self._world, epoch=epoch, claimed_ms=claimed_ms)
        self._led = True
        worker.tasks.append(worker.stage.loop.create_task(self._live(actor)))

    async def _live(self, actor: Actor) -> None:
        await actor.serve()
        self._led = False
        await actor.give_back()

    async def give_up(self, account: str) -> None:
        """Do nothing: with one account and two cores nobody has too much."""


class Line:
    """The VenueAccount port of a core."""

    signature_window_ms = WINDOW_MS

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._stage = worker.stage

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read the account as it is when that is let through."""
        stage = self._stage
        state: AccountState = await self._worker.ask(
            "look",
            lambda _: AccountState(balance=Balance(free=10**8), positions=(stage.position,)),
        )
        return state

    async def send(
        self,
        action: Action,
        *,
        signed_at_ms: int,
        lane: Lane = Lane.COMMAND,
        leave: Leave = free_to_leave,
    ) -> SendResult:
        """Send once; the explorer says what becomes of it, and when: the last look is before that.

        So a core may be stopped between its last look at the lease and the first byte.
        """
        assert isinstance(action, AddMargin)
        leave()
        stage, worker = self._stage, self._worker

        def go(fate: str) -> SendResult:
            signature = stage.signature(signed_at_ms)
            match fate:
                case "lost":
                    return Unknown("No answer came in time.")
                case "refused":
                    return Refused(VenueRefused("The venue refuses."))
                case "late":
                    stage.flying.append((worker.name, action, signed_at_ms, signature))
                    return Unknown("No answer came in time.")
            result = stage.take(worker.name, action, signed_at_ms, signature)
            return Unknown("No answer came in time.") if fate == "deaf" else result

        result: SendResult = await worker.ask("send", go)
        return result

    async def funding_paid(self, position: str) -> tuple[Funding, ...]:
        """Return that nothing was paid: no funding falls into a scope."""
        return ()

    async def aclose(self) -> None:
        """Nothing is open."""

    async def changes(self) -> AsyncIterator[str]:
        """Hint at nothing."""
        await self._stage.loop.create_future()
        yield ""

    def budget(self) -> RateBudget:
        """Return a full budget."""
        return RateBudget(limit=Decimal(5), available=Decimal(5), waiting=0)
