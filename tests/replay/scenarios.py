"""The stories of the corpus: each plays the production engine on a virtual clock to its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec

from axisor.exchange.scenarios import DEMO_SEED, scenario
from axisor.intents import Action, CrossOrder, DepositCross, SetCrossLeverage
from axisor.model import Side
from axisor.strategy import Strategy
from axisor_dip_buyer import DipBuyer
from axisor_margin_guard import MarginGuard, preset
from tests.support.core import STRATEGIES, Bench
from tests.support.histories import live_through

ALL: dict[str, type[Strategy[Any, Any]]] = {
    **STRATEGIES,
    MarginGuard.name: MarginGuard,
    DipBuyer.name: DipBuyer,
}
"""Every strategy that a history of the corpus has a run of."""

Story = Callable[[Bench], Awaitable[None]]


async def _guarded(bench: Bench, name: str = "normal", **changes: Any) -> Any:
    """Start a core whose one run guards all positions; returns it."""
    engine = bench.engine()
    await bench.up(engine)
    config = msgspec.json.encode(preset(name, **changes))
    await bench.run(engine, MarginGuard.name, config)
    return engine


async def _fall(bench: Bench, prices: tuple[int, ...], seconds: float = 2.0) -> None:
    for price in prices:
        await bench.move(str(price), seconds)


async def flash_crash(bench: Bench) -> None:
    """The worked example: a long, a crash of seconds, one rescue after another."""
    bench.long()
    engine = await _guarded(bench)
    crash = scenario("flash-crash", DEMO_SEED)
    for second in range(int(crash.length.total_seconds()) + 1):
        await bench.move(str(crash.price(timedelta(seconds=second))), 0.99)
    await engine.stop(1)


async def unknown(bench: Bench) -> None:
    """Answers and requests get lost in the fall; a witness settles each."""
    bench.long()
    engine = await _guarded(bench, cooldown_s=1)
    bench.venue.faults = ["lose-response", "lose-request", "late:20", "late:45"]
    await _fall(bench, (99_000, 98_100, 97_900, 96_000, 94_500, 93_900, 92_000), 40)
    await engine.stop(1)


async def funding(bench: Bench) -> None:
    """A position near its trigger, over a funding that is counted before it is paid."""
    bench.long()
    engine = await _guarded(bench)
    await _fall(bench, (98_250,), 7.6 * 3_600)
    await _fall(bench, (98_200, 98_180, 98_170), 600)
    await _fall(bench, (98_150, 98_100), 1_200)
    await engine.stop(1)


async def shortfall(bench: Bench) -> None:
    """The balance does not reach the target, and in the end the position dies."""
    bench.long()
    engine = await _guarded(bench)
    await _fall(bench, (98_000, 97_000, 96_000, 95_000, 94_000, 93_000, 92_000, 90_000), 15)
    await engine.stop(1)


async def restart(bench: Bench) -> None:
    """The core dies between the request and its answer, and comes back in mid-episode."""
    bench.long()
    await _guarded(bench)
    bench.venue.faults = ["lose-response"]
    await bench.move("98100", 1)
    await _again(bench)
    await _fall(bench, (98_000, 96_000), 20)
    await bench.move("94500", 0.3)
    await _again(bench)
    await _fall(bench, (94_400, 94_000, 96_000, 99_000), 20)


async def _again(bench: Bench) -> None:
    for engine in bench.engines:
        await bench.crash(engine)
    bench.engines.clear()
    await bench.clock.advance(6)
    await bench.up(bench.engine())
    await bench.clock.advance(10)


async def cross(bench: Bench) -> None:
    """A cross position is guarded by deposits; a client trades beside the guard."""
    engine = bench.engine()
    await bench.up(engine)
    opening: tuple[Action, ...] = (
        SetCrossLeverage(leverage=25),
        DepositCross(amount=60_000),
        CrossOrder(side=Side.BUY, quantity=1_000),
    )
    for action in opening:
        await bench.command(engine, action)
    await bench.clock.advance(61)
    config = msgspec.json.encode(preset("normal"))
    await bench.run(engine, MarginGuard.name, config)
    await _fall(bench, (98_000, 96_000, 95_000, 94_000, 93_000, 92_000, 90_000), 15)
    await bench.command(engine, CrossOrder(side=Side.SELL, quantity=400))
    await _fall(bench, (88_000, 86_000), 15)
    await engine.stop(1)


async def two(bench: Bench) -> None:
    """One run buys the dips that another has to guard."""
    engine = await _guarded(bench, "calm")
    config = msgspec.json.encode({"margin": 40_000, "step": 1})
    await bench.run(engine, DipBuyer.name, config, day_spend=150_000)
    bench.long(quantity=1_500, leverage=40)
    await _fall(bench, (99_900, 98_800, 97_700, 96_600, 95_500, 97_000, 98_000, 96_900, 95_800), 12)
    await engine.stop(1)


async def mixed(bench: Bench) -> None:
    """Runs without sense, commands, halts, faults and crashes, by a seed."""
    await live_through(bench, 3, turns=6)


STORIES: dict[str, Story] = {
    "flash-crash": flash_crash,
    "unknown": unknown,
    "funding": funding,
    "shortfall": shortfall,
    "restart": restart,
    "cross": cross,
    "two-strategies": two,
    "mixed": mixed,
}
BALANCES = {"shortfall": 190_000}


async def played(name: str) -> Bench:
    """Return the bench after a story was played on it."""
    bench = Bench(balance=BALANCES.get(name, 1_000_000), strategies=ALL)
    await bench.add_account()
    await STORIES[name](bench)
    return bench
