"""Guards as they are commonly built, in the same worlds under the same faults, for comparison.

Each replica reads the account every other second, adds what is missing where a position lies below
its trigger, and forgets what it asked for as soon as the call is over. They differ in how often the
client repeats a call by itself. Their only record is what the venue has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from axisor import maths
from axisor.errors import VenueError, VenueRateLimited, VenueUnavailable
from axisor.intents import AddMargin, Why
from axisor.model import AccountState, Position, Price
from axisor.ports import Confirmed, Credentials, Lane, Refused, Secret, SendResult, Unknown
from tests.simulation import chaos
from tests.simulation.exchange import Request, effects_of
from tests.simulation.line import SimLine
from tests.simulation.process import Armed, Process
from tests.simulation.risk import TARGET, TRIGGER
from tests.simulation.run import HORIZON_S
from tests.simulation.venue import SimFeed
from tests.simulation.world import World

EVERY_S = 2.0
BACK_OFF_S = 0.5

Again = Callable[[SendResult], bool]


class Decision(Struct, frozen=True):
    """What a replica knew of a position when it decided to add margin."""

    seen: Position
    at: float


class Design(Struct, frozen=True, kw_only=True):
    """A common way to build a guard: its replicas, and after which answers its client repeats."""

    name: str
    replicas: int
    repeats: int = 0
    again: Again = lambda result: False

    def live(self, seed: int, horizon_s: float = HORIZON_S) -> Lived:
        """Live through a seed and count what went wrong."""
        world = World(seed)
        world.plan = replace(world.plan, replicas=self.replicas)
        decisions: dict[str, Decision] = {}
        world.make = lambda *known: Naive(*known, design=self, decisions=decisions)
        try:
            world.loop.run_until_complete(_live(world, horizon_s))
            ends = [ending.end for ending in world.exchange.endings]
            return Lived(
                seed=seed,
                doubles=doubles(world, decisions),
                positions=sum(len(plan.positions) for plan in world.plan.accounts),
                effects=len(effects_of(world.exchange.requests)),
                kills=world.kills,
                liquidated=ends.count("liquidated"),
                stopped=ends.count("stopped"),
                dwell=world.risk.dwell,
            )
        finally:
            world.close()


class Lived(Struct, kw_only=True):
    """What became of one seed."""

    seed: int
    bad: bool = False
    doubles: int = 0
    positions: int = 0
    effects: int = 0
    kills: int = 0
    liquidated: int = 0
    stopped: int = 0
    dwell: list[float] = []


async def _live(world: World, horizon_s: float) -> None:
    world.setup()
    for number in range(world.plan.replicas):
        world.boot(f"core-{number + 1}")
    await asyncio.sleep(2)
    chaos.begin(world)
    await asyncio.sleep(horizon_s - 2)
    chaos.heal(world)
    await asyncio.sleep(60)


def doubles(world: World, decisions: dict[str, Decision]) -> int:
    """Return how many effects followed another one that their decision did not know of."""
    found = 0
    last: dict[str, Request] = {}
    for request in effects_of(world.exchange.requests):
        assert isinstance(request.action, AddMargin)
        decision = decisions[_number(request.action)]
        before = last.get(request.action.position)
        last[request.action.position] = request
        if before is not None and not _knew(world, request.account, decision, before.effect or 0.0):
            found += 1
    return found


def _number(action: AddMargin) -> str:
    assert action.why is not None
    return action.why.inputs["decision"]


def _knew(world: World, account: str, decision: Decision, effect: float) -> bool:
    """Return whether the figures of a decision were ever true after an effect."""
    if decision.at < effect:
        return False
    times, states = world.exchange.history[account]
    for at, state in zip(times, states, strict=True):
        position = state.position(decision.seen.id)
        if at >= effect and position is not None and position.margin == decision.seen.margin:
            return True
    return False


class Naive(Process):
    """A replica that decides anew every other second and keeps no record."""

    def __init__(
        self,
        world: World,
        name: str,
        life: int,
        *,
        design: Design,
        decisions: dict[str, Decision],
    ) -> None:
        super().__init__(world, name, life)
        self._design = design
        self._decisions = decisions
        self._pass = Armed(self)
        self._price: Price | None = None

    async def _boot(self) -> None:
        feed = self.venue.market(network="signet", url=None, clock=self.clock)
        self.run(self._follow(feed))
        for plan in self.world.plan.accounts:
            key = Credentials(Secret(plan.id), Secret("secret"), Secret("passphrase"))
            line = self.venue.account(network="signet", url=None, credentials=key, clock=self.clock)
            self.run(self._guard(line))

    async def _follow(self, feed: SimFeed) -> None:
        async for tick in feed.ticks():
            self._price = tick.last

    async def _guard(self, line: SimLine) -> None:
        while True:
            await self.clock.sleep(EVERY_S)
            try:
                state = await line.read(lane=Lane.RECONCILE)
            except VenueError:
                continue
            await self._rescue(line, state)

    async def _rescue(self, line: SimLine, state: AccountState) -> None:
        at = self.loop.time()
        for position in state.positions:
            missing = 0 if self._price is None else _missing(position, self._price)
            if 0 < missing <= state.balance.free:
                number = str(len(self._decisions) + 1)
                self._decisions[number] = Decision(position, at)
                why = Why(rule="naive", inputs={"decision": number})
                await self._send(line, AddMargin(position=position.id, amount=missing, why=why))

    async def _send(self, line: SimLine, action: AddMargin) -> None:
        for attempt in range(1 + self._design.repeats):
            await self._pass("in-flight")
            result = await self._once(line, action)
            await self._pass("response-received")
            if isinstance(result, Confirmed) or not self._design.again(result):
                return
            await self.clock.sleep(BACK_OFF_S * 2**attempt)

    async def _once(self, line: SimLine, action: AddMargin) -> SendResult:
        signed_at_ms = int(self.clock.now().timestamp() * 1000)
        try:
            return await line.send(action, signed_at_ms=signed_at_ms, lane=Lane.GUARD)
        except ConnectionError as error:
            return Unknown(f"The line broke: {error}.")


def _missing(position: Position, price: Price) -> int:
    if not maths.is_nearer(position.side, price, position.liquidation, TRIGGER):
        return 0
    wanted = maths.liquidation_at_distance(position.side, price, TARGET)
    least = maths.margin_for_liquidation(position.side, position.quantity, position.entry, wanted)
    most = maths.most_margin(position.quantity, position.entry)
    return max(0, min(least, most) - position.margin)


def _told_to_retry(result: SendResult) -> bool:
    """Return whether a client repeats by its manners: 429, 502, 503, 504, or no connection."""
    if isinstance(result, Refused):
        return isinstance(result.error, VenueRateLimited | VenueUnavailable)
    return isinstance(result, Unknown) and result.detail.startswith("HTTP 50")


def _anything(result: SendResult) -> bool:
    """Return whether a client repeats that repeats whatever was not confirmed."""
    return not isinstance(result, Confirmed)


DESIGNS: tuple[Design, ...] = (
    Design(name="no log, decides anew, 3 replicas", replicas=3),
    Design(
        name="client repeats 429/502/503/504 and no connection, 3 times, 2 replicas",
        replicas=2,
        repeats=3,
        again=_told_to_retry,
    ),
    Design(
        name="client repeats everything, 4 times, 2 replicas",
        replicas=2,
        repeats=4,
        again=_anything,
    ),
    Design(name="no log, decides anew, 1 replica", replicas=1),
    Design(
        name="client repeats 429/502/503/504 and no connection, 3 times, 1 replica",
        replicas=1,
        repeats=3,
        again=_told_to_retry,
    ),
    Design(
        name="client repeats everything, 4 times, 1 replica", replicas=1, repeats=4, again=_anything
    ),
)
