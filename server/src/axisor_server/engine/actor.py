"""One account's life under one lease: settle what is open, act, give the lease back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from axisor.errors import (
    AxisorError,
    JournalCorrupt,
    LeaseLost,
    RestoreReconciling,
    ShuttingDown,
    StoreUnavailable,
    VenueUnavailable,
)
from axisor.events import (
    CoverageState,
    IntentState,
    NoticeGiven,
)
from axisor.model import Tick
from axisor.ports import KeyRights, Lane, VenueAccount
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import AccountRecord, IntentRecord
from axisor_server.domain.standing import stand
from axisor_server.domain.told import Told
from axisor_server.engine import reconciling
from axisor_server.engine.answers import AccountSummary
from axisor_server.engine.beginning import Later, begin_runs, settle_former
from axisor_server.engine.breakglass import BreakGlass
from axisor_server.engine.commands import Commands
from axisor_server.engine.core import Core
from axisor_server.engine.effects import Effects
from axisor_server.engine.executor import Executor
from axisor_server.engine.glances import Glances
from axisor_server.engine.halting import Halting
from axisor_server.engine.health import Health
from axisor_server.engine.ledger import Ledger
from axisor_server.engine.letters import Letters
from axisor_server.engine.market import Market
from axisor_server.engine.observer import Observer
from axisor_server.engine.recovery import Boot, load
from axisor_server.engine.unsure import Unsure
from axisor_server.engine.verbs import Verbs
from axisor_server.engine.waiting import within
from axisor_server.engine.world import World
from axisor_server.ports import Conflict, EmergencyLog, Reader

log = logging.getLogger(__name__)

READS = 3
"""How often an account is read for whoever asks, until a reading counts."""

READ_PAUSE_S = 0.5

CLOCK_WAIT_S = 2.0
"""How long a first look waits for the venue's time, which the market measures meanwhile."""

FIRST_AGAIN_S, MOST_AGAIN_S = 0.1, 0.8
"""How soon a first reading that failed is tried again, twice as late each time up to the second:
until one works the account is not guarded."""


class Over(Exception):
    """A life has come to its end in good order."""


class Actor:
    """Serves one account under an epoch of its lease, from the taking to the end of it."""

    def __init__(
        self,
        account: AccountRecord,
        line: VenueAccount,
        market: Market,
        world: World,
        *,
        epoch: int,
        claimed_ms: int,
        on_tick: Callable[[Tick], None] | None = None,
    ) -> None:
        clock, settings = world.clock, world.settings
        self.core = Core(account, market, world)
        self.core.lease_until_ms = claimed_ms + settings.lease_ms
        self.core.unsure = Unsure(self.core, end=Over).begin
        self.line = line
        self.effects = Effects(self.core, line)
        self.verbs = Verbs(self.core)
        self.halting = Halting(self.core)
        self.health = Health(self.core, self.effects.access, world.vitals)
        glances = Glances(line)
        self.executor = Executor(
            line,
            self.effects,
            clock=clock,
            settings=settings,
            failpoints=world.failpoints,
            glances=glances,
            spawn=self.spawn,
        )
        self.letters = Letters(self.core, self.executor)
        self.commands = Commands(self.core, self.verbs, self.halting, self.letters, self)
        self.glass = self._glass(world.emergency)
        self.observer = Observer(
            line,
            self.effects,
            clock=clock,
            settings=settings,
            failpoints=world.failpoints,
            glances=glances,
        )
        self.error = "It has not been started."
        self.loaded = asyncio.Event()
        self._clock = clock
        self._failpoint = world.failpoints
        self._settings = settings
        self._on_tick = on_tick
        self._may_renew = world.may_renew
        self._group: asyncio.TaskGroup | None = None
        self._epoch = epoch
        self.corrupt = False
        self.over = False
        self._later = Later()

    def _glass(self, emergency: EmergencyLog | None) -> BreakGlass | None:
        if emergency is None:
            return None
        glass = BreakGlass(
            self.core,
            emergency,
            reading=self.effects.newest,
            stamp=self.effects.stamp,
            send=self.executor.once,
            spawn=self.spawn,
        )
        self.core.in_outage = glass.consider
        return glass

    def spawn(self, work: Any) -> None:
        if self._group is not None:
            self._group.create_task(work)

    async def serve(self) -> None:
        """Live until this life ends, whatever ends it; `error` says what did."""
        try:
            await self._life()
        except* (Conflict, LeaseLost) as lost:
            self.error = f"Another core took the account over: {lost.exceptions[0]}"
        except* JournalCorrupt as corrupt:
            self.error = str(corrupt.exceptions[0])
            self.corrupt = True
        except* Over:
            self.error = "It begins anew."
            self.over = True
        except* StoreUnavailable as gone:
            self.error = str(gone.exceptions[0])
        except* Exception as bug:
            # A mistake of ours: what is in memory is not trusted any more, the store is.
            log.exception("account %s starts anew", self.core.account.id, exc_info=bug)
            self.error = "It failed within itself and starts anew; see the log."
        self._leave()

    def _leave(self) -> None:
        self._group = None
        self.core.market.leave(self.core, first=self._on_tick)
        self.core.let_go(LeaseLost(self.error))
        self.loaded.set()

    async def _life(self) -> None:
        core = self.core
        await self._failpoint("lease-claimed")
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._renew(self._epoch))
            boot = await self._read_back()
            await self._failpoint("journal-loaded")
            self._take_over(boot, self._epoch)
            restoring = await reconciling.needed(core, self.line, self.observer.read)
            if restoring is not None:
                self.health.hold(restoring.cause)
            group.create_task(core.serve())
            group.create_task(self.commands.run())
            self._later = await settle_former(core, self.glass, boot)
            await self.halting.begin(core.platform.halt)
            await self.health.begin()
            group.create_task(self.health.run())
            core.market.join(core, first=self._on_tick)
            if restoring is not None:
                self.error = restoring.why
                self.loaded.set()
                await restoring.doubt_plans()
            await self._first_look()
            if restoring is not None:
                self.error = restoring.why
                await restoring.run()
            self.health.release(reconciling.CAUSE)
            await begin_runs(core, self.verbs, self._later)
            self.error = ""
            self.loaded.set()
            self.commands.poke()
            group.create_task(self.observer.run())

    async def _read_back(self) -> Boot:
        id, now_us = self.core.account.id, to_us(self._clock.now())

        def unit(reader: Reader) -> Boot:
            account = reader.account(id)
            if account is None:
                raise Over
            return load(
                reader,
                account,
                strategies=self.core.strategies,
                now_us=now_us,
                verify_tail=self._settings.verify_tail,
            )

        return await self.core.store.read(unit)

    def _take_over(self, boot: Boot, epoch: int) -> None:
        core = self.core
        core.account = boot.account
        core.desk.account = boot.account
        core.book = boot.book
        core.runs = dict(boot.runs)
        core.upgrades.take_over(boot.held)
        core.coverage = boot.coverage
        core.told = Told(boot.book.state)
        core.spawn = self.spawn
        core.start_effect = lambda record: self.spawn(self.executor.carry_out(record))
        core.ledger = Ledger(
            core.store,
            stream=core.stream,
            mode=core.account.mode,
            head=boot.head,
            epoch=epoch,
        )

    async def _claim(self) -> int | None:
        """Renew the lease; None or another epoch when it is lost."""
        owner, id = self._settings.owner, self.core.account.id
        ttl_us = self._settings.lease_ms * 1_000
        return await self.core.store.write(
            lambda tx: tx.claim_lease(id, owner=owner, ttl_us=ttl_us)
        )

    async def _renew(self, epoch: int) -> None:
        while True:
            await self._clock.sleep(self._settings.renew_ms / 1000)
            if not self._may_renew():
                # The loop stood still: another core may be the better one.
                if self._clock.monotonic_ms() >= self.core.lease_until_ms:
                    raise LeaseLost("This core stood still and let its leases run out.")
                continue
            started = self._clock.monotonic_ms()
            try:
                got = await self._claim()
            except StoreUnavailable:
                continue  # sending stops by itself a second before the lease ends
            if got != epoch:
                raise LeaseLost(f"The lease of {self.core.account.id} is another's.")
            self.core.lease_until_ms = started + self._settings.lease_ms
            await self._failpoint("lease-renewed")

    async def _first_reading(self) -> None:
        """Read the account until that works; nothing is decided on an old reading."""
        pause_s = FIRST_AGAIN_S
        while not await self.observer.read(Lane.RECONCILE):
            self.error = f"The account cannot be read: {self.effects.read_error}"
            self.loaded.set()
            access = self.effects.access
            refused_s = (access.wait_ms or 0) / 1000 if access.is_refused else 0
            await self._clock.sleep(refused_s or pause_s)
            pause_s = min(2 * pause_s, MOST_AGAIN_S)

    async def _first_look(self) -> None:
        """Read the account, and find out by the same reading what a former life left unknown."""
        open_now = self.core.book.open.values()
        unknown = [record for record in open_now if record.state is IntentState.UNKNOWN]
        if unknown:  # a fence says nothing before the venue's time is known
            await within(self._clock, CLOCK_WAIT_S, self.effects.clock_known())
        looking = asyncio.gather(*map(self.executor.look, unknown))
        looking.add_done_callback(_heard)
        try:
            await self._first_reading()
            looks = await looking
        finally:
            looking.cancel()
        for record, look in zip(unknown, looks, strict=True):
            if look is not None and look.verdict.state is not None:
                await self.effects.resolve(record.id, look.verdict)
            else:
                self.spawn(self.executor.find_out(record.id))

    def why_not(self) -> AxisorError | None:
        """Return why the account does not act, None where it does or is about to."""
        if self.core.reconciling:
            return RestoreReconciling(account=self.core.account.id)
        if self.core.acting or not self.effects.read_error:
            return None
        return VenueUnavailable(
            f"The account has not been read since this core took it over: {self.effects.read_error}"
        )

    async def rights(self) -> KeyRights:
        """Ask the venue what the account's key may do. Raises VenueError leaves."""
        return await self.line.rights()

    async def begin_anew(self) -> None:
        """End this life once what was sent is settled; the next one reads everything again."""
        await self.drain(self._settings.command_wait_ms / 1000)
        raise Over

    def is_calm(self) -> bool:
        """Return whether the account may change hands: nothing is open and no danger is near."""
        return self.core.acting and not self.core.book.open and not self.effects.in_danger()

    @property
    def opened(self) -> bool:
        """Return whether the account is served and acts."""
        return self.core.acting

    async def drain(self, seconds: float) -> None:
        """Take no new work, and wait until what was sent is settled, at most that long."""
        self.core.stopping = True
        waited = 0.0
        while self.executor.busy and waited < seconds:
            await self._clock.sleep(0.05)
            waited += 0.05

    async def give_back(self) -> None:
        """Release the lease; call it when the actor is served no more."""
        epoch, id, owner = self._epoch, self.core.account.id, self._settings.owner
        try:
            await self.core.store.write(lambda tx: tx.release_lease(id, owner=owner, epoch=epoch))
        finally:
            await self.line.aclose()

    async def read_now(self) -> int:
        """Read the account at once; returns the journal's sequence. Raises VenueUnavailable."""
        if self.core.ledger is None:
            raise ShuttingDown(self.error)
        for _ in range(READS):
            if await self.observer.read(Lane.RECONCILE):
                return self.core.sequence
            await self._clock.sleep(READ_PAUSE_S)
        raise VenueUnavailable(self.effects.read_error or "The venue showed an old reading only.")

    async def say(self, notice: NoticeGiven) -> None:
        """Write a notice into the journal. Raises ShuttingDown where the account is not served."""

        async def work() -> None:
            draft = self.core.draft()
            draft.say(notice)
            await self.core.commit(draft)

        await self.core.in_turn(work)

    def summary(self) -> AccountSummary:
        """Return how this account is doing."""
        core = self.core
        causes = self.health.causes if core.ledger is not None else self.health.idle(self.error)
        return AccountSummary(
            account=core.account.id,
            mode=core.account.mode,
            halt=core.book.halt,
            acting=core.acting,
            error=self.error or self.effects.read_error,
            sequence=core.sequence,
            open_intents=len(core.book.open),
            read_age_ms=self.effects.read_age_ms,
            runs=tuple((id, live.record.state) for id, live in core.runs.items()),
            budget=self.line.budget(),
            standing=stand(causes),
            causes=causes,
            positions=0 if core.book.state is None else len(core.book.state.positions),
            protected=sum(each.state is CoverageState.PROTECTED for each in core.coverage.values()),
        )

    def open_intents(self) -> tuple[IntentRecord, ...]:
        """Return the actions without a final outcome."""
        return tuple(self.core.book.open.values())


def _heard(looking: asyncio.Future[Any]) -> None:
    """Take note of how a look ended that nobody waits for any more."""
    if not looking.cancelled():
        looking.exception()
