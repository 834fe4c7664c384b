"""A small stage for two cores and one position, on which nothing happens until it is called up.

Each core is the production actor with its executor and observer. Whatever it wants from the store,
the venue or the clock waits as a call; the explorer decides which call goes on, and how it ends.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from axisor.errors import VenueAuth, VenueRefused
from axisor.events import AccountOpened, BalanceChanged, IntentState, PositionChanged, RunState
from axisor.intents import Action, AddMargin, Intent, Why
from axisor.model import AccountState, Balance, Leash, Mode, Permission, Position, Side, Tick
from axisor.ports import ClockOffset, Confirmed, Lane, RateBudget, Refused, SendResult, Unknown
from axisor.strategy import Config, Memory, Strategy, View
from axisor_server.adapters.memory import MemoryStore, SeededIds
from axisor_server.adapters.memory.store import MemoryTransaction
from axisor_server.domain.intent import encode_action
from axisor_server.domain.journal import Head, extend, to_us
from axisor_server.domain.records import AccountRecord, RunRecord
from axisor_server.engine.actor import Actor
from axisor_server.engine.failpoints import Failpoints
from axisor_server.engine.market import Market
from axisor_server.engine.platform import Platform
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.vitals import Vitals
from axisor_server.engine.world import World
from axisor_server.ports import Reader, Transaction

T = TypeVar("T")

START = datetime(2026, 1, 1, tzinfo=UTC)
START_US = to_us(START)
ACCOUNT = "0190f5a0-0000-7000-8000-000000000001"
RUN = "0190f5a0-0000-7000-9000-000000000001"
STREAM = f"accounts/{ACCOUNT}"
WINDOW_MS = 30_000
BACK_DATE_MS = 25_000
SHORT, ENOUGH = 50_000, 80_000
"""The margin at first, and the margin that one rescue brings it to."""

POSITION = Position(
    id="p1",
    side=Side.BUY,
    quantity=1_000,
    entry=Decimal(100_000),
    margin=SHORT,
    leverage=Decimal(20),
    liquidation=Decimal(95_000),
    entry_price=Decimal(100_000),
    entry_margin=SHORT,
)
LAST = Decimal(96_000)
TICK = Tick(time=START, received=START, last=LAST, bid=LAST, ask=LAST)
FATES = ("ok", "lost", "deaf", "late", "refused")
"""What may become of a request: done and answered, lost, done and the answer lost, done later and
never answered, refused by the venue."""


class NoConfig(Config, frozen=True):
    """Nothing can be set."""


class Asked(Memory):
    """How often margin was asked for."""

    times: int = 0


class Topper(Strategy[NoConfig, Asked]):
    """Brings the margin to what is enough, whenever it is short and nothing is under way."""

    name = "topper"
    permissions = Permission.GUARD

    def _act(self, view: View) -> list[Intent]:
        found: list[Intent] = []
        for position in view.positions:
            if position.margin < ENOUGH and position.id not in view.pending:
                self.memory.times += 1
                why = Why(rule="short", inputs={"number": str(self.memory.times)})
                missing = ENOUGH - position.margin
                found.append(AddMargin(position=position.id, amount=missing, why=why))
        return found

    def on_start(self, view: View) -> list[Intent]:
        """Look once."""
        return self._act(view)

    def on_position(self, change: Any, view: View) -> list[Intent]:
        """Look again."""
        return self._act(view)

    def on_outcome(self, outcome: Any, view: View) -> list[Intent]:
        """Look again once something is settled."""
        return self._act(view)


class StepLoop(asyncio.BaseEventLoop):
    """Runs what is ready, in the order in which it became so, and knows no time."""

    def settle(self) -> None:
        """Run until everybody waits for something that is not ours to give."""
        asyncio._set_running_loop(self)
        try:
            ready: deque[asyncio.Handle] = self._ready  # type: ignore[attr-defined]
            while ready:
                handle = ready.popleft()
                if not handle._cancelled:
                    handle._run()
        finally:
            asyncio._set_running_loop(None)

    def time(self) -> float:
        """Return that no time passes."""
        return 0.0

    def call_at(  # type: ignore[override]
        self, *args: Any, **more: Any
    ) -> asyncio.TimerHandle:
        """Refuse: time is a port."""
        raise RuntimeError("On this stage time is a port.")


class Call(msgspec.Struct, eq=False):
    """Something a core wants from outside, and waits for."""

    worker: str
    kind: str
    go: Callable[[str], Any]
    future: asyncio.Future[Any]


class Effect(msgspec.Struct, frozen=True):
    """Margin that was added at the venue: by which request, and how much there was before."""

    worker: str
    signed_at_ms: int
    action: bytes
    margin_before: int


class Stage:
    """The store, the venue, the time, and two cores."""

    def __init__(self) -> None:
        self.loop = StepLoop()
        self.now_ms = 0
        self.store = MemoryStore(lambda: START_US + self.now_ms * 1_000)
        self.margin = SHORT
        self.effects: list[Effect] = []
        self.calls: list[Call] = []
        self.flying: list[tuple[str, AddMargin, int, int]] = []
        self.timers: list[tuple[int, str, asyncio.Future[None]]] = []
        self.broken: list[str] = []
        self.loop.set_exception_handler(lambda _, context: self.broken.append(str(context)))
        self.write(_furnish)
        self.workers = {name: Worker(self, name, 1) for name in ("A", "B")}
        self.loop.settle()

    def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit on the store at once."""
        tables = self.store._tables
        try:
            result = unit(MemoryTransaction(tables))
        except BaseException:
            tables.undo()
            raise
        tables.keep()
        return result

    # ---------------------------------------------------------------- what may happen next

    def proceed(self, call: Call, fate: str) -> None:
        """Let a call end in some way, and everybody react."""
        self.calls.remove(call)
        try:
            result = call.go(fate)
        except Exception as error:  # a unit raises what it likes; its core gets it
            call.future.set_exception(error)
        else:
            call.future.set_result(result)
        self.loop.settle()

    def arrive(self, worker: str) -> None:
        """Let a late request of a core's come in."""
        flying = next(one for one in self.flying if one[0] == worker)
        self.flying.remove(flying)
        self.take(*flying)

    def signature(self, signed_at_ms: int) -> int:
        """Return the time in the signature of a request that leaves now."""
        return signed_at_ms

    def take(
        self, worker: str, action: AddMargin, signed_at_ms: int, signature_ms: int
    ) -> SendResult:
        """Do at the venue what a request asks, if its signature is still good."""
        if self.wall_ms - signature_ms > WINDOW_MS:
            return Refused(VenueAuth("The timestamp is outside the window."))
        self.effects.append(Effect(worker, signed_at_ms, encode_action(action), self.margin))
        self.margin += action.amount
        return Confirmed(venue_id=action.position, position=self.position)

    def pass_time(self, ms: int) -> None:
        """Let time pass, for everybody."""
        self.now_ms += ms
        due = [timer for timer in self.timers if timer[0] <= self.now_ms]
        self.timers = [timer for timer in self.timers if timer[0] > self.now_ms]
        for _, _, future in due:
            if not future.done():
                future.set_result(None)
        self.loop.settle()

    def kill(self, name: str) -> None:
        """End a core as SIGKILL does, and begin another life of it."""
        worker = self.workers[name]
        worker.die()
        self.calls = [call for call in self.calls if call.worker != name]
        self.timers = [timer for timer in self.timers if timer[1] != name]
        self.workers[name] = Worker(self, name, worker.life + 1)
        self.loop.settle()

    # ---------------------------------------------------------------- how things stand

    @property
    def wall_ms(self) -> int:
        """Return the true time in milliseconds since 1970."""
        return START_US // 1000 + self.now_ms

    @property
    def position(self) -> Position:
        """Return the position as it is at the venue."""
        return replace(POSITION, margin=self.margin)

    @property
    def settled(self) -> bool:
        """Return whether the position is safe and nothing is open or under way."""
        open_ = any(r.state.is_open for r in self.store._tables.intents.rows.values())
        return self.margin >= ENOUGH and not open_ and not self.flying

    def wrong(self) -> str:
        """Return which promise was broken, empty if none was."""
        if self.broken:
            return f"broke: {self.broken[0]}"
        for effect in self.effects:
            if effect.margin_before >= ENOUGH:
                return f"double: {effect.worker} added to a position that was safe already"
        done = Counter((effect.signed_at_ms * 1000, effect.action) for effect in self.effects)
        for record in self.store._tables.intents.rows.values():
            happened = done.pop((record.signed_us or 0, record.action), 0)
            if record.state is IntentState.CONFIRMED and not happened:
                return f"misclassified: {record.id} is confirmed and never happened"
            nothing = record.state in {
                IntentState.NOT_APPLIED,
                IntentState.REFUSED,
                IntentState.CANCELED,
            }
            if nothing and happened:
                return f"misclassified: {record.id} is {record.state.value} and happened"
        return f"unlogged: {done}" if done else ""

    def close(self) -> None:
        """End both cores."""
        for worker in self.workers.values():
            worker.die()
        self.loop.close()


def _furnish(tx: Transaction) -> None:
    account = AccountRecord(
        id=ACCOUNT,
        venue="stage",
        network="signet",
        mode=Mode.LIVE,
        label="stage",
        created_us=START_US,
        updated_us=START_US,
    )
    run = RunRecord(
        id=RUN,
        account=ACCOUNT,
        strategy="topper",
        label="",
        config=b"{}",
        leash=msgspec.json.encode(Leash()),
        state=RunState.RUNNING,
        created_us=START_US,
        updated_us=START_US,
    )
    known = (
        AccountOpened(venue="stage", network="signet", mode=Mode.LIVE, label="stage"),
        BalanceChanged(balance=Balance(free=10**8)),
        PositionChanged(position=POSITION),
    )
    tx.put_account(account, revision=None)
    tx.put_run(run, revision=None)
    entries = extend(Head(), stream=STREAM, mode=Mode.LIVE, time=START, payloads=known)
    tx.append(Head(), entries, epoch=None)


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
            may_renew=lambda: True,
            new_id=SeededIds(self, life * 2 + (name == "B")).new,
        )
        market = Market(
            self,  # type: ignore[arg-type]  # of a feed it has what is used here
            venue="stage",
            network="signet",
            url="",
            clock=self,
            settings=settings,
        )
        market.take(TICK)
        self.tasks = [
            stage.loop.create_task(market.timekeeper.measure()),
            stage.loop.create_task(self._lead(market, world)),
        ]

    async def _lead(self, market: Market, world: World) -> None:
        """Lead the account whenever its lease can be had, as a core's roster does."""
        settings = world.settings
        account = self.stage.store._tables.accounts.get(ACCOUNT)
        assert account is not None
        while True:
            claimed_ms = self.monotonic_ms()
            got = await self.write(
                lambda tx: tx.claim_next(
                    [ACCOUNT], owner=settings.owner, ttl_us=settings.lease_ms * 1_000
                )
            )
            if got is not None:
                line, epoch = Line(self), got[1]
                actor = Actor(account, line, market, world, epoch=epoch, claimed_ms=claimed_ms)  # type: ignore[arg-type]
                await actor.serve()
            await self.sleep(settings.renew_ms / 1000)

    def die(self) -> None:
        """Become inert, and let the code that was running end without touching anything."""
        self.dead = True
        for task in self.tasks:
            task.cancel()
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
        result: T = await self.ask("write", lambda _: self.stage.write(unit))
        return result

    async def read(self, unit: Callable[[Reader], T]) -> T:
        """Run a reading unit, once it is let through."""
        result: T = await self.ask("load", lambda _: self.stage.write(unit))
        return result

    async def clock_offset(self) -> ClockOffset:
        """Return that both clocks agree."""
        return ClockOffset(offset_ms=0, uncertainty_ms=1)


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
        self, action: Action, *, signed_at_ms: int, lane: Lane = Lane.COMMAND
    ) -> SendResult:
        """Send once; the explorer says what becomes of it."""
        assert isinstance(action, AddMargin)
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

    async def changes(self) -> AsyncIterator[str]:
        """Hint at nothing."""
        await self._stage.loop.create_future()
        yield ""

    def budget(self) -> RateBudget:
        """Return a full budget."""
        return RateBudget(limit=Decimal(5), available=Decimal(5), waiting=0)
