"""A core in this process on a virtual clock: its engine, its store, and the venue it speaks to."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from axisor.errors import AxisorError
from axisor.events import Coverage, CoverageState, Event, IntentSettled, Outcome, PositionChanged
from axisor.intents import Action, AddMargin, Intent, Notice, OpenPosition, Wake, Why
from axisor.model import Leash, Mode, Permission, Severity, Side, Tick
from axisor.ports import Credentials, Secret, Venue
from axisor.simulated import carry_out
from axisor.strategy import Config, Floor, Memory, PlanRow, Strategy, View, WhatIfRow
from axisor_server.adapters.memory import (
    MemoryEmergencyLog,
    MemoryStore,
    MemoryVault,
    SeededIds,
    VirtualClock,
)
from axisor_server.adapters.memory.clock import START
from axisor_server.domain.journal import Entry, Head, to_event, to_us, verify
from axisor_server.domain.records import AccountRecord
from axisor_server.engine import Engine, EngineSettings, Failpoints
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.editions import ONE_EACH, Editions
from axisor_server.engine.failpoints import Trigger
from axisor_server.engine.hosts import NOWHERE, RunHost
from axisor_server.engine.keys import seal_key
from axisor_server.plugins import Plugins
from tests.support.idling import nothing_is_ready
from tests.support.mirror import Mirror
from tests.support.venue import SimVenue, SimVenueDoor

P = TypeVar("P")

ACCOUNT = "0190f5a0-0000-7000-8000-000000000001"
STREAM = f"accounts/{ACCOUNT}"


class RescueConfig(Config, frozen=True):
    """Where the rescuer acts and with how much."""

    trigger: Decimal = Decimal("98116")
    amount: int = 82_541


class RescueMemory(Memory):
    """What was refused last."""

    refused: str = ""
    asked: int = 0


class Rescuer(Strategy[RescueConfig, RescueMemory]):
    """Adds margin to every long that is below its trigger, once an answer is known."""

    name = "rescuer"
    permissions = Permission.GUARD

    def _act(self, view: View) -> list[Intent]:
        found: list[Intent] = [Wake(below=self.config.trigger)]
        tick = view.tick
        if tick is None or tick.low > self.config.trigger:
            return found
        for position in view.positions:
            near = position.liquidation > tick.low * Decimal("0.98")
            if near and position.id not in view.pending:
                self.memory.asked += 1
                found.append(AddMargin(position=position.id, amount=self.config.amount))
        return found

    def on_start(self, view: View) -> list[Intent]:
        """Look once."""
        return self._act(view)

    def on_wake(self, tick: Tick, view: View) -> list[Intent]:
        """Act below the trigger."""
        return self._act(view)

    def on_position(self, change: Any, view: View) -> list[Intent]:
        """Look again when a position changed."""
        return self._act(view)

    def on_outcome(self, outcome: Outcome, view: View) -> list[Intent]:
        """Remember refusals; act again when nothing came of it."""
        self.memory.refused = outcome.reason
        return self._act(view) if outcome.state.value == "not_applied" else []


class Greedy(Strategy[Config, Memory]):
    """Asks for margin at each tick, whatever comes of it."""

    name = "greedy"
    permissions = Permission.ADJUST_MARGIN

    def on_tick(self, tick: Tick, view: View) -> list[Intent]:
        """Ask for 10,000 sats for every position."""
        return [AddMargin(position=p.id, amount=10_000) for p in view.positions]


class Broken(Strategy[Config, Memory]):
    """Raises at each tick."""

    name = "broken"

    def on_tick(self, tick: Tick, view: View) -> list[Intent]:
        """Break."""
        raise RuntimeError("this strategy is broken")


class Stubborn(Strategy[Config, Memory]):
    """Asks again whenever it is refused."""

    name = "stubborn"
    permissions = Permission.ADJUST_MARGIN

    def on_start(self, view: View) -> list[Intent]:
        """Ask for what is not there."""
        return [AddMargin(position="nothing", amount=1)]

    def on_outcome(self, outcome: Outcome, view: View) -> list[Intent]:
        """Ask again."""
        return [AddMargin(position="nothing", amount=1)]


class GarbageConfig(Config, frozen=True):
    """Which nonsense to ask for."""

    kind: str = "float"


class Garbage(Strategy[GarbageConfig, Memory]):
    """Asks for what no strategy may ask for."""

    name = "garbage"
    permissions = Permission.ADJUST_MARGIN | Permission.TRADE

    def on_tick(self, tick: Tick, view: View) -> list[Any]:
        """Ask for nonsense."""
        id = view.positions[0].id
        nan = Decimal("NaN")
        kinds: dict[str, Any] = {
            "float": AddMargin(position=id, amount=1.5),  # type: ignore[arg-type]
            "text": "give me everything",
            "nan": OpenPosition(side=Side.BUY, leverage=nan, quantity=5),
            "huge": OpenPosition(side=Side.BUY, leverage=Decimal("1e-999999"), margin=5),
            "wake": Wake(below="low"),  # type: ignore[arg-type]
            "wake-nan": Wake(below=nan),
        }
        if self.config.kind == "exit":
            raise SystemExit(1)
        return [kinds[self.config.kind]]


class Teller(Strategy[Config, Memory]):
    """Gives a notice at every changed position."""

    name = "teller"

    def on_position(self, change: Any, view: View) -> list[Intent]:
        """Tell."""
        if isinstance(change, PositionChanged):
            return [Notice(severity=Severity.OK, code="SEEN", text="A position changed.")]
        return []


class Watcher(Strategy[Config, Memory]):
    """Says of every position that it protects it, and does nothing."""

    name = "watcher"
    permissions = Permission.GUARD

    def coverage(self, view: View) -> tuple[Coverage, ...]:
        """Say that all is well."""
        return tuple(Coverage(p.id, CoverageState.PROTECTED) for p in view.positions)

    def plan(self, view: View) -> tuple[PlanRow, ...]:
        """Plan nothing."""
        return ()

    def floors(self, view: View) -> tuple[Floor, ...]:
        """Know no floor."""
        return ()

    def whatif(self, view: View, price: Decimal, added: int) -> tuple[WhatIfRow, ...]:
        """Reckon nothing."""
        return ()

    def explain(self, view: View, position: str) -> Why:
        """Have nothing to explain."""
        return Why(rule="none")


STRATEGIES: dict[str, type[Strategy[Any, Any]]] = {
    s.name: s for s in (Rescuer, Greedy, Broken, Stubborn, Garbage, Teller, Mirror, Watcher)
}


class Bench:
    """One store, one venue, one clock, and as many cores as a test wants."""

    def __init__(
        self,
        *,
        price: str = "100000",
        balance: int = 1_000_000,
        start: datetime = START,
        strategies: Mapping[str, type[Strategy[Any, Any]]] = STRATEGIES,
    ) -> None:
        self.clock = VirtualClock(start, is_idle=nothing_is_ready)
        self._start_us = to_us(start)
        self.strategies = strategies
        self.database_ahead_us = self.stood = 0
        self.store = MemoryStore(self.database_us)
        self.emergency = MemoryEmergencyLog()
        self.vault = MemoryVault()
        self.venue = SimVenue(self.clock, price=price, balance=balance)
        self.published: list[Entry] = []
        self.engines: list[Engine] = []
        self.ids = SeededIds(self.clock, 7)

    def database_us(self) -> int:
        """Return the database's time, which no step of a core's clock moves."""
        return self._start_us + self.clock.monotonic_ms() * 1_000 + self.database_ahead_us

    def engine(
        self,
        *,
        owner: str = "core-1",
        failpoint: str = "",
        reviewers: Sequence[Any] = (),
        blind: bool = False,
        may_renew: Callable[[], bool] = lambda: True,
        strategies: Sequence[type[Strategy[Any, Any]]] = (),
        plugins: Plugins | None = None,
        host: RunHost = NOWHERE,
        editions: Editions = ONE_EACH,
        **settings: Any,
    ) -> Engine:
        """Return a core that is not started yet; a blind one lacks the venue's plugin.

        With `plugins` it has what those offer, and nothing else.
        """
        venues: Mapping[str, Venue] = {} if blind else {"simx": SimVenueDoor(self.venue)}
        offered: Mapping[str, type[Strategy[Any, Any]]] = {
            **self.strategies,
            **{each.name: each for each in strategies},
        }
        if plugins is not None:
            venues, offered = plugins.venues, plugins.strategies
        trigger = Trigger(failpoint, "pause", 1e9) if failpoint else None
        made = Engine(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            vault=self.vault,
            venues=venues,
            strategies=offered,
            reviewers=reviewers,
            publish=self.published.extend,
            settings=EngineSettings(owner=owner, **settings),
            failpoints=Failpoints(trigger, pause=self._stand),
            may_renew=may_renew,
            emergency=self.emergency,
            host=host,
            editions=editions,
        )
        self.engines.append(made)
        return made

    async def _stand(self, seconds: float) -> None:
        """Stand still at a failpoint."""
        self.stood += 1
        await self.clock.sleep(seconds)

    async def add_account(self, *, mode: Mode = Mode.SIM, network: str = "sim") -> AccountRecord:
        """Store an account with its sealed key."""
        now_us = to_us(self.clock.now())
        record = AccountRecord(
            id=ACCOUNT,
            venue="simx",
            network=network,
            mode=mode,
            label="test",
            created_us=now_us,
            updated_us=now_us,
        )
        key = Credentials(Secret("key"), Secret("secret"), Secret("passphrase"))
        sealed = seal_key(self.vault, key, account=ACCOUNT, network=network)

        def unit(tx: Any) -> None:
            tx.put_account(record, revision=None)
            tx.put_sealed(ACCOUNT, sealed)

        await self.store.open()
        await self.store.write(unit)
        return record

    def long(self, *, quantity: int = 2_500, leverage: int = 25) -> str:
        """Open a long at the venue, outside the core; returns its id."""
        action = OpenPosition(side=Side.BUY, leverage=leverage, quantity=quantity)
        answer = carry_out(self.venue.account, action, self.venue.exchange.quote)
        self.venue.changed.set()
        return answer.venue_id

    async def up(self, engine: Engine) -> None:
        """Start a core and let it settle."""
        starting = asyncio.ensure_future(engine.start())
        for _ in range(40):
            await self.clock.advance(0.25)
            if starting.done():
                break
        await starting
        await self.clock.advance(0.5)

    async def crash(self, engine: Engine) -> None:
        """End a core as SIGKILL would."""
        await engine.abandon()

    async def run(self, engine: Engine, strategy: str, config: bytes = b"{}", **leash: Any) -> str:
        """Create and start a run; returns its id."""
        record = await engine.create_run(
            ACCOUNT,
            strategy=strategy,
            config=config,
            leash=Leash(**leash),
            label=strategy,
            principal="owner",
        )
        await engine.run_verb(record.id, "start", principal="owner")
        await self.clock.advance(0.1)
        return record.id

    async def move(self, price: str, seconds: float = 0.5) -> None:
        """Move the price and let everybody react."""
        await self.clock.advance(0.01)
        self.venue.move(price)
        await self.clock.advance(seconds)

    async def command(
        self,
        engine: Engine,
        action: Action,
        *,
        request_id: str | None = None,
        body: str = "",
        seconds: float = 15.0,
        **more: Any,
    ) -> CommandResult | AxisorError:
        """Send a command and drive the clock until it is answered."""
        digest = hashlib.sha256((body or repr(action)).encode()).digest()
        id = request_id or str(uuid.UUID(self.ids.new()))
        call = asyncio.ensure_future(
            engine.command(
                ACCOUNT,
                action,
                principal="owner",
                request_id=id,
                method="Test",
                digest=digest,
                **more,
            )
        )
        waited = 0.0
        while not call.done() and waited < seconds:
            await self.clock.advance(0.25)
            waited += 0.25
        try:
            return await call
        except AxisorError as error:
            return error

    async def events(self) -> list[Event]:
        """Return the whole journal, its chain verified."""
        entries = await self.store.read(lambda r: r.entries(STREAM, after=0, limit=100_000))
        verify(Head(), entries)
        return [to_event(entry) for entry in entries]

    async def payloads(self, kind: type[P]) -> list[P]:
        """Return every payload of a kind in order."""
        return [e.payload for e in await self.events() if isinstance(e.payload, kind)]

    async def settled(self) -> list[IntentSettled]:
        """Return every settlement in order."""
        return await self.payloads(IntentSettled)

    async def kinds(self) -> list[str]:
        """Return the kinds of all events in order."""
        return [e.kind for e in await self.events()]
