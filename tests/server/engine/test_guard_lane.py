"""Rescues leave at once, however the venue's request budget is fought over."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from axisor.errors import RateLimited
from axisor.events import IntentPlanned, IntentReviewRefused
from axisor.intents import Action, AddMargin, Intent, OpenPosition
from axisor.model import AccountState, OrderType, Permission, Side, Tick
from axisor.ports import Lane, Leave, SendResult, free_to_leave
from axisor.strategy import Config, Memory, Strategy, View
from axisor_lnmarkets.limiter import AUTHENTICATED, Limiter
from axisor_server.domain.review import MOST_OPEN
from axisor_server.engine.rescues import GIVE_WAY_MS
from tests.support import core
from tests.support.core import ACCOUNT, Bench, Watcher
from tests.support.venue import SimLine, SimVenue

READS = 5
"""How many requests one reading of an account takes at the real venue."""

FLOOD = 50
"""Actions in a second: ten times what the venue takes."""


class Flooder(Strategy[Config, Memory]):
    """Asks for far more orders at each tick than the venue takes in a second."""

    name = "flooder"
    permissions = Permission.TRADE

    def on_tick(self, tick: Tick, view: View) -> list[Intent]:
        """Ask for limit orders far from the market."""
        order = OpenPosition(
            side=Side.BUY,
            leverage=Decimal(1),
            quantity=1,
            type=OrderType.LIMIT,
            price=Decimal(50_000),
        )
        return [order] * FLOOD


class Keeper(core.Rescuer, Watcher):
    """Protects without the right of guards, as the margin guard does."""

    name = "keeper"
    permissions = Permission.ADJUST_MARGIN


class PacedLine(SimLine):
    """A line that keeps the venue's rate, as the real client does."""

    def __init__(self, venue: PacedVenue) -> None:
        super().__init__(venue)
        self._paced = venue

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read with as many requests as the real venue needs."""
        for _ in range(READS):
            await self._paced.limiter.acquire(lane)
        return await super().read(lane=lane)

    async def send(
        self,
        action: Action,
        *,
        signed_at_ms: int,
        lane: Lane = Lane.COMMAND,
        leave: Leave = free_to_leave,
    ) -> SendResult:
        """Send when there is leave to, and note when that was."""
        await self._paced.limiter.acquire(lane)
        self._paced.left.append((self._paced.clock.monotonic_ms(), action))
        return await super().send(action, signed_at_ms=signed_at_ms, lane=lane, leave=leave)


class PacedVenue(SimVenue):
    """A venue with one request budget, which a dashboard polls as fast as it may."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.clock, balance=50_000_000)
        self.limiter = Limiter(bench.clock, AUTHENTICATED)
        self.left: list[tuple[int, Action]] = []

    def account_line(self) -> SimLine:
        """Return a line that keeps the pace."""
        return PacedLine(self)

    def rescues(self) -> list[int]:
        """Return when each rescue left."""
        return [at for at, action in self.left if isinstance(action, AddMargin)]


@pytest.fixture
async def bench(monkeypatch):
    monkeypatch.setitem(core.STRATEGIES, "flooder", Flooder)
    bench = Bench()
    bench.venue = PacedVenue(bench)
    await bench.add_account()
    return bench


async def flooded(bench, positions):
    """Start a core whose strategies and dashboards want ten times what there is."""
    for _ in range(positions):
        bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await bench.run(engine, "flooder", intents_per_minute=None)
    line = bench.venue.account_line()
    polls = [asyncio.ensure_future(_poll(line, bench)) for _ in range(10)]
    for n in range(20):
        await bench.move(str(99_000 + n), seconds=0.99)
    return engine, polls


async def _poll(line, bench):
    while True:
        await line.read(lane=Lane.READ)
        await bench.clock.sleep(0.1)


async def over(bench, engine, polls):
    for poll in polls:
        poll.cancel()
    await bench.crash(engine)


async def test_a_rescue_leaves_at_once_in_a_flood_of_ten_times_the_budget(bench):
    engine, polls = await flooded(bench, 1)
    before = bench.clock.monotonic_ms()
    assert bench.venue.limiter.budget().waiting >= FLOOD

    await bench.move("98100", seconds=2)

    assert [at - before <= 20 for at in bench.venue.rescues()] == [True]
    assert engine.view(ACCOUNT).positions[0].margin == 182_541
    await over(bench, engine, polls)


async def test_ten_rescues_at_once_take_all_of_the_budget_and_two_seconds(bench):
    engine, polls = await flooded(bench, 10)
    before = bench.clock.monotonic_ms()

    await bench.move("98100", seconds=5)

    times = [at - before for at in bench.venue.rescues()]
    assert len(times) == 10
    assert max(times) <= 2 * AUTHENTICATED.per_ms + 50
    assert sum(time <= 20 for time in times) >= AUTHENTICATED.reserve
    await over(bench, engine, polls)


async def test_without_a_reserved_share_the_flood_would_delay_the_rescue(bench):
    bench.venue.limiter = Limiter(bench.clock, type(AUTHENTICATED)(requests=5, reserve=0))
    engine, polls = await flooded(bench, 1)
    before = bench.clock.monotonic_ms()

    await bench.move("98100", seconds=5)

    assert bench.venue.rescues()
    assert min(bench.venue.rescues()) - before > 20
    await over(bench, engine, polls)


async def test_no_request_of_the_flood_is_above_the_venues_rate(bench):
    engine, polls = await flooded(bench, 1)

    await bench.move("98100", seconds=10)

    times = [at for at, _ in bench.venue.left]
    for first, sixth in zip(times, times[AUTHENTICATED.requests :], strict=False):
        assert sixth - first >= 1_000
    assert len(await bench.payloads(IntentPlanned)) > 10 * AUTHENTICATED.requests
    await over(bench, engine, polls)


@pytest.fixture
def seen(monkeypatch):
    """Run beside the guard a strategy that notes how many requests had left when it was called."""
    bench = Bench()
    noted = []

    class Looker(Strategy[Config, Memory]):
        """Looks at each tick how much has been sent."""

        name = "looker"

        def on_tick(self, tick: Tick, view: View) -> list[Intent]:
            """Note it, with the time."""
            noted.append((bench.clock.monotonic_ms(), len(bench.venue.effects)))
            return []

    monkeypatch.setitem(core.STRATEGIES, "looker", Looker)
    return bench, noted


async def watched(bench, guard="rescuer"):
    await bench.add_account()
    bench.long()
    engine = bench.engine(strategies=[Keeper])
    await bench.up(engine)
    await bench.run(engine, "looker")
    await bench.run(engine, guard)
    return engine


@pytest.mark.parametrize("guard", ["rescuer", "keeper"])
async def test_a_rescue_leaves_before_a_plugin_computes_on_the_same_tick(seen, guard):
    bench, noted = seen
    engine = await watched(bench, guard)
    noted.clear()

    await bench.move("98100", seconds=2)

    assert noted
    assert {sent for _, sent in noted} == {1}
    await engine.stop(0)


async def test_a_rescue_without_an_answer_keeps_others_for_a_moment_only(seen):
    bench, noted = seen
    engine = await watched(bench)
    bench.venue.faults = ["slow"]
    noted.clear()
    before = bench.clock.monotonic_ms()

    await bench.move("98100", seconds=2)

    assert 0 < noted[0][0] - before <= 1_000
    assert noted[0][1] == 0
    await engine.stop(0)


async def test_rescues_without_an_answer_keep_nobody_waiting_for_longer_together(seen):
    bench, noted = seen
    engine = await watched(bench)
    for _ in range(4):
        bench.long()
    await engine.reconcile(ACCOUNT)
    bench.venue.faults = ["slow"] * 5
    noted.clear()
    before = bench.clock.monotonic_ms()

    await bench.move("98100", seconds=2)

    assert 0 < noted[0][0] - before <= GIVE_WAY_MS + 50
    await engine.stop(0)


async def test_more_than_can_be_sent_in_time_is_refused_before_it_is_planned(bench):
    engine, polls = await flooded(bench, 1)

    refused = {each.reason for each in await bench.payloads(IntentReviewRefused)}

    assert refused == {RateLimited.reason}
    assert bench.venue.limiter.budget().waiting <= MOST_OPEN + len(polls) * READS
    await over(bench, engine, polls)
