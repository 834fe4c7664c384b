"""The serial heart of one account: an inbox, the present, and the one way to change it.

A message becomes a draft, the draft one unit in the store; only then is it published, and only then
do its effects begin. Whatever breaks the unit leaves the account as it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from axisor.errors import (
    JournalCorrupt,
    LeaseLost,
    RateLimited,
    ShuttingDown,
    StoreUnavailable,
)
from axisor.events import Cause, Coverage, FeedChanged, RunState, Stimulus, Woken
from axisor.model import FeedQuality
from axisor_server.domain.account import AccountBook
from axisor_server.domain.hosting import Hosted
from axisor_server.domain.journal import Entry, to_us
from axisor_server.domain.records import AccountRecord, CommandRecord, IntentRecord
from axisor_server.domain.run import ACTING
from axisor_server.domain.spending import DAY_US
from axisor_server.domain.told import Told
from axisor_server.engine.coverage import guards
from axisor_server.engine.desk import Desk
from axisor_server.engine.draft import Draft, LiveRun
from axisor_server.engine.hosting import Hosting
from axisor_server.engine.ledger import Ledger
from axisor_server.engine.market import Market
from axisor_server.engine.rescues import GIVE_WAY_MS
from axisor_server.engine.upgrading import Upgrades
from axisor_server.engine.waiting import within
from axisor_server.engine.world import World
from axisor_server.ports import Conflict

T = TypeVar("T")
log = logging.getLogger(__name__)

FATAL = (Conflict, LeaseLost, JournalCorrupt)
"""Errors after which this core must not go on writing the account."""

PRUNE_US = 60_000_000
"""How often what is too old to count is dropped: it takes a look at everything."""

Turn = tuple[Callable[[], Awaitable[Any]], "asyncio.Future[Any]"]


class Core:
    """What is true of one account now. Everything that changes it happens in turn."""

    def __init__(self, account: AccountRecord, market: Market, world: World) -> None:
        self.account = account
        self.market = market
        self.clock = world.clock
        self.store = world.store
        self.strategies = world.strategies
        self.settings = world.settings
        self.new_id = world.new_id
        self.platform = world.platform
        self.desk = Desk(
            account,
            market=market,
            clock=world.clock,
            reviewers=world.reviewers,
            bounds=world.settings.attempts,
        )
        self.book = AccountBook(account=account.id, mode=account.mode, halt=account.halt)
        self.runs: dict[str, LiveRun] = {}
        self.coverage: Mapping[str, Coverage] = {}
        self.asked: dict[str, CommandRecord] = {}
        self.told = Told()
        self.ledger: Ledger | None = None
        self.reached = self.lease_until_ms = self._patient_ms = self._pruned_us = 0
        self.restored_us: int | None = None
        self.reconciling = False
        self.failpoint = world.failpoints
        self.stopping = self.acting = False
        self.start_effect: Callable[[IntentRecord], None] | None = None
        self.spawn: Callable[[Coroutine[Any, Any, None]], None] = _close
        self.upgrades = Upgrades(self, world.editions)
        self.hosting = Hosting(self, world.host)
        self.causes: Callable[[], tuple[Cause, ...]] = tuple
        self.look: Callable[[], None] = lambda: None
        self.in_outage: Callable[[], Awaitable[None]] = _nothing
        self.unsure: Callable[[], None] = lambda: None
        self.after_reading: Callable[[Draft], None] = lambda draft: None
        self._rescues = world.rescues
        self._answered = world.answered
        self._publish = world.publish
        self._first: deque[Turn] = deque()
        self._urgent: deque[Turn] = deque()
        self._normal: deque[Turn] = deque()
        self._calls: dict[tuple[str, str], tuple[str, Stimulus]] = {}
        self._patient: dict[tuple[str, str], tuple[str, Stimulus]] = {}
        self._owed = False
        self._trust: FeedChanged | None = None
        self._arrived = asyncio.Event()

    def wake(self, calls: list[tuple[str, Stimulus]]) -> None:
        """Have runs called in this order; a run not yet called for an older tick sees the newer.

        Guards are called before all others, and what they decide is written by itself.
        """
        if self.stopping or not self.acting:
            return
        for run, cause in calls:
            live = self.runs.get(run)
            if not self._patient:
                self._patient_ms = self.clock.monotonic_ms()
            first = live is not None and guards(live)
            waiting = self._calls if first else self._patient
            waiting[(run, type(cause).__name__)] = (run, cause)
            if first and live is not None and _here(live, cause):
                self._rescues.woken(self.account.id)
        self._arrived.set()

    def trust(self, quality: FeedQuality, reason: str) -> None:
        """Learn that the price became more or less trustworthy."""
        self._trust = FeedChanged(quality=quality, reason=reason)
        self._arrived.set()
        self.look()

    async def in_turn(
        self,
        work: Callable[[], Awaitable[T]],
        *,
        urgent: bool = False,
        first: bool = False,
        begun: bool = False,
    ) -> T:
        """Do something when it is its turn; what it raises is raised here.

        Urgent work (outcomes and readings) goes before everything else, and what is `first` (a
        rescue's stamp) before other urgent work, each in the order it came: a plan asks for what is
        nearest to liquidation first. What is neither waits for guards that were woken.
        Raises RateLimited when too much waits and this was not `begun` before, ShuttingDown when
        the account is not served.
        """
        if self.ledger is None:
            raise ShuttingDown("This core does not act for the account at the moment.")
        if not (urgent or first or begun) and len(self._normal) >= self.settings.inbox:
            raise RateLimited("Too many requests wait for this account.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        queue = self._first if first else self._urgent if urgent else self._normal
        queue.append((work, future))
        self._arrived.set()
        return await future

    async def serve(self) -> None:
        """Work the inbox off for ever. Raises what forbids going on."""
        while True:
            if self._first:
                await self._take(*self._first.popleft())
            elif self._urgent:
                await self._take(*self._urgent.popleft())
            elif self._trust is not None and self.acting:
                change, self._trust = self._trust, None
                await self._routine(self._trusted(change))
            elif self._calls:
                await self._guarded()
            elif self._patient and not (self._owed and self._normal) and not self._give_way_ms():
                self._owed = bool(self._normal)
                await self._routine(self._woken(self._patient))
            elif self._normal:
                self._owed = False
                await self._take(*self._normal.popleft())
            elif self._patient:
                self._arrived.clear()
                await within(self.clock, self._give_way_ms() / 1_000, self._arrived.wait())
            else:
                self._arrived.clear()
                await self._arrived.wait()

    async def _guarded(self) -> None:
        try:
            await self._routine(self._woken(self._calls))
        finally:
            if not self._calls:
                self._rescues.decided(self.account.id)

    def _give_way_ms(self) -> int:
        """Return how long a plugin's computing still waits for rescues, of whatever account."""
        waited_ms = self.clock.monotonic_ms() - self._patient_ms
        return max(0, min(self._rescues.wait_ms(), GIVE_WAY_MS - waited_ms))

    async def _take(self, work: Callable[[], Awaitable[Any]], future: asyncio.Future[Any]) -> None:
        try:
            result = await work()
        except asyncio.CancelledError:
            future.cancel()
            raise
        except FATAL as error:
            if not future.done():
                future.set_exception(LeaseLost(str(error)))
                future.exception()  # its caller may be gone; the error is raised here as well
            raise
        except Exception as error:  # handed to whoever asked, who answers for it
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(result)

    async def _routine(self, work: Awaitable[None]) -> None:
        try:
            await work
        except StoreUnavailable as error:
            # Nothing was decided: bounds stay where they were and the next tick asks again.
            log.error("account %s: %s", self.account.id, error.message)
            await self.in_outage()

    async def _woken(self, calls: dict[tuple[str, str], tuple[str, Stimulus]]) -> None:
        draft = self.draft()
        for run, cause in calls.values():
            draft.call(run, cause)
        calls.clear()
        await self.commit(draft)

    async def _trusted(self, change: FeedChanged) -> None:
        draft = self.draft()
        draft.say(change)
        draft.touched = True
        self.desk.tell_all(draft, [change])
        await self.commit(draft)

    def draft(self) -> Draft:
        """Return an empty draft from the present."""
        epoch = 0 if self.ledger is None else self.ledger.epoch
        return Draft(
            book=replace(self.book, platform=self.platform.level, causes=self.causes()),
            runs=self.runs,
            coverage=self.coverage,
            now=self.clock.now(),
            epoch=epoch,
            told=self.told,
            held=self.upgrades.held,
        )

    async def commit(self, draft: Draft) -> tuple[Entry, ...]:
        """Work a draft off, write it, publish it, and begin its effects. Only in turn."""
        assert self.ledger is not None
        self.desk.work_off(draft)
        entries: tuple[Entry, ...] = ()
        if not draft.empty:
            if draft.versioned:
                await self.failpoint("version-planned")
            self._rescues.begin(draft.planned)
            begun_ms = self.clock.monotonic_ms()
            try:
                entries = await self.ledger.commit(draft.now, draft.payloads, draft.rows)
            except BaseException as error:
                self._rescues.end(draft.planned)
                if isinstance(error, StoreUnavailable):
                    self.unsure()
                raise
            self._rescues.end(draft.settled)
            self._believe(begun_ms, draft.held_us)
            await self.failpoint("unit-committed")
            if draft.versioned:
                await self.failpoint("version-committed")
        self._adopt(draft)
        if entries:
            self._publish(entries)
        for record in draft.planned:
            if self.start_effect is not None:
                self.start_effect(record)
        for request_id in draft.answered:
            self.asked.pop(request_id, None)
            self._answered(request_id)
        return entries

    def _believe(self, begun_ms: int, held_us: int | None) -> None:
        """Take the database's word on how long the lease lasts, where it was asked.

        A machine that stood still with all its clocks believes its lease to end later than it does.
        """
        if held_us is not None:
            self.lease_until_ms = min(self.lease_until_ms, begun_ms + held_us // 1_000)

    def _adopt(self, draft: Draft) -> None:
        now_us = to_us(draft.now)
        market_us = to_us(self.desk.market_now())
        self.book = draft.book
        if now_us - self._pruned_us >= PRUNE_US:
            self._pruned_us = now_us
            self.book = draft.book.without_old(
                before_us=now_us - 2 * DAY_US, market_before_us=market_us - 2 * DAY_US
            )
        self.runs = draft.runs
        self.coverage = draft.coverage
        self.told = draft.told
        for run in draft.rewoken:
            self.rewake(run)
        self.upgrades.follow(draft)
        self.hosting.follow(draft)

    def rewake(self, run: str) -> None:
        """Tell the market what a run waits for."""
        live = self.runs[run]
        if live.record.state in ACTING and live.record.state is not RunState.STOPPING:
            self.market.expect(run, self, live.wake, every_tick=live.strategy.every_tick)
        else:
            self.market.forget(run)

    def holds(self) -> bool:
        """Return whether the lease is held with some time to spare, or none is needed.

        The spare is a second, or a fifth of a short lease.
        """
        if not self.settings.shared:
            return True
        spare_ms = min(1_000, self.settings.lease_ms // 5)
        return self.lease_left_ms() > spare_ms

    def lease_left_ms(self) -> int:
        """Return how long nobody else can have the account for certain.

        That is no time at all where our clocks were found to have stood since it was last renewed.
        """
        stood_ms = self.market.timekeeper.stood_ms
        if stood_ms is not None and stood_ms >= self.lease_until_ms - self.settings.lease_ms:
            return 0
        return self.lease_until_ms - self.clock.monotonic_ms()

    @property
    def stream(self) -> str:
        """Return the name of the account's journal."""
        return f"accounts/{self.account.id}"

    @property
    def sequence(self) -> int:
        """Return the last durable sequence of the journal, as far as it was read."""
        return self.reached if self.ledger is None else self.ledger.sequence

    def let_go(self, error: Exception) -> None:
        """Forget the lease and fail everything that waits."""
        self.ledger = None
        self.acting = False
        self.hosting.close()
        self._calls.clear()
        self._rescues.decided(self.account.id)
        self._patient.clear()
        for turns in (self._first, self._urgent, self._normal):
            while turns:
                _, future = turns.popleft()
                if not future.done():
                    future.set_exception(error)
                    future.exception()


def _here(live: LiveRun, cause: Stimulus) -> bool:
    """Return whether a price woke a run that decides in this process, and needs it to itself."""
    return isinstance(cause, Woken) and not issubclass(live.strategy, Hosted)


def _close(work: Coroutine[Any, Any, None]) -> None:
    """Leave undone what comes before the account is served."""
    work.close()


async def _nothing() -> None:
    """Do nothing where nothing may be done without the store."""
