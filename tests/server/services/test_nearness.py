"""A position that nothing protects is warned of as it comes near liquidation, each step once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from tests.support.core import ACCOUNT, Bench
from tests.support.tellers import House

from axisor.events import CoverageState, NoticeGiven
from axisor.model import FeedQuality, Severity
from axisor_server.domain.nearness import COVERED, NEAR, OVER
from axisor_server.engine import Engine
from axisor_server.services.nearness import Nearness


class Scene:
    """A core, a long position that is liquidated at 96,154, and who watches it."""

    def __init__(self, bench: Bench, engine: Engine) -> None:
        self.bench = bench
        self.engine = engine
        self.nearness = Nearness(engine=engine, store=bench.store, clock=bench.clock)

    async def look(self) -> None:
        """Have the watcher look once, to its end."""
        looking = asyncio.ensure_future(self.nearness.look())
        while not looking.done():
            await self.bench.clock.advance(0.01)
        await looking

    def within(self, **distances: int) -> None:
        """Let the account have other distances."""
        (actor,) = self.engine.led()
        actor.core.account = replace(actor.core.account, **distances)

    async def at(self, *prices: int) -> None:
        """Move the price through some places, and look at each."""
        for price in prices:
            await self.bench.move(str(price))
            await self.look()

    async def said(self) -> list[tuple[str, Severity]]:
        """Return what was said of positions that are bare."""
        codes = (NEAR, OVER, COVERED)
        found = await self.bench.payloads(NoticeGiven)
        return [(each.code, each.severity) for each in found if each.code in codes]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    bench = Bench()
    await bench.add_account()
    engine = bench.engine()
    await bench.up(engine)
    bench.long()
    await bench.clock.advance(5)
    yield Scene(bench, engine)
    for each in bench.engines:
        await each.stop(0)


WARN, CRIT, OK = (NEAR, Severity.WARN), (NEAR, Severity.CRIT), (OVER, Severity.OK)


async def test_an_account_without_any_run_is_warned_step_by_step(scene: Scene):
    await scene.at(102_000)
    assert await scene.said() == []

    await scene.at(101_000, 100_900, 98_000, 97_900, 102_000)

    assert await scene.said() == [WARN, CRIT, OK]


async def test_a_price_that_swings_about_a_bound_says_nothing_again(scene: Scene):
    await scene.at(101_000, 101_400, 101_000, 101_500, 101_100)

    assert await scene.said() == [WARN]


async def test_a_notice_has_the_figures(scene: Scene):
    await scene.at(98_000)

    (notice,) = await scene.bench.payloads(NoticeGiven)
    assert notice.data == {
        "distance_pct": "1.88",
        "price_usd": "98000",
        "liquidation_usd": "96154",
    }
    assert notice.text.endswith("is 1.88 % from liquidation, and nothing protects it.")


async def test_a_guarded_position_is_the_guard_s_to_warn_of(scene: Scene):
    await scene.bench.run(scene.engine, "watcher")
    await scene.bench.clock.advance(1)

    await scene.at(98_000)

    assert await scene.said() == []


async def test_a_guard_ends_the_warning_and_its_pause_begins_it_anew(scene: Scene):
    await scene.at(101_000)
    run = await scene.bench.run(scene.engine, "watcher")
    await scene.look()
    assert await scene.said() == [WARN, (COVERED, Severity.OK)]

    await scene.engine.run_verb(run, "pause", principal="owner")
    await scene.look()

    assert (await scene.said())[2:] == [WARN]


async def test_who_takes_over_says_nothing_twice_and_says_when_it_is_over(scene: Scene):
    teller = House(scene.bench.store).teller.follower
    await teller.round()
    await scene.at(98_000)
    await teller.round()
    await scene.bench.crash(scene.engine)
    scene.bench.engines.clear()
    await scene.bench.clock.advance(10)
    engine = scene.bench.engine()
    await scene.bench.up(engine)
    after = Scene(scene.bench, engine)

    await after.at(98_000, 97_900)
    assert await scene.said() == [CRIT]
    await after.at(102_000)

    assert await scene.said() == [CRIT, OK]


async def test_an_account_has_distances_of_its_own(scene: Scene):
    scene.within(near_bp=300, critical_bp=0)

    await scene.at(101_000, 98_000)

    assert await scene.said() == [WARN]


async def test_an_old_price_says_nothing(scene: Scene):
    await scene.at(102_000)
    scene.within(near_bp=1_000)
    await scene.bench.clock.advance(40)

    await scene.look()
    assert scene.engine.view(ACCOUNT).quality is FeedQuality.STALE
    assert await scene.said() == []
    await scene.at(102_000)

    assert await scene.said() == [WARN]


async def test_what_the_store_does_not_take_is_said_at_the_next_look(scene: Scene):
    await scene.at(102_000)
    await scene.bench.move("98000")
    await scene.bench.store.close()
    await scene.look()
    await scene.bench.store.open()
    await scene.bench.clock.advance(10)
    await scene.look()

    assert await scene.said() == [CRIT]


async def test_a_position_that_is_gone_is_forgotten(scene: Scene):
    await scene.at(98_000)
    state = scene.engine.led()[0].core.book.state
    assert state is not None
    (position,) = state.positions
    assert scene.engine.led()[0].core.coverage[position.id].state is CoverageState.UNPROTECTED

    await scene.bench.move("96000", seconds=10)
    await scene.look()

    assert scene.engine.view(ACCOUNT).positions == ()
    assert await scene.said() == [CRIT]
