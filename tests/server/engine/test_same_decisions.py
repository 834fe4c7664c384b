"""The same strategy over the same prints decides the same in a back-test, on paper and live."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from axisor.backtest import (
    Costs,
    Decision,
    Market,
    Opening,
    Path,
    Terms,
    back_test,
    decision_hash,
    journaled,
    parse_scenario,
    plan,
    play,
)
from axisor.backtest.path import to_ms
from axisor.intents import AddMargin, OpenPosition
from axisor.model import Mode, Side
from axisor.strategy import Strategy
from axisor_dip_buyer import DipBuyer
from axisor_margin_guard import MarginGuard
from tests.support.core import ACCOUNT, Bench

BALANCE = 1_000_000
HELD = (Opening(Side.BUY, Decimal(25), 2_500), Opening(Side.SELL, Decimal(20), 500))
STORIES = {
    "crash": "flash-crash tick=500ms",
    "wild": "volatile duration=40s tick=500ms",
}
CASES: dict[str, tuple[type[Strategy[Any, Any]], bytes, tuple[Opening, ...]]] = {
    "guard": (MarginGuard, b'{"trigger": "2", "target": "5"}', HELD),
    "dips": (DipBuyer, b'{"margin": 3000, "step": "0.3"}', ()),
}


def prices(story: str) -> list[Decimal]:
    """Return the prices of a story."""
    path = play(parse_scenario(STORIES[story])).path
    return [path.price(place) for place in range(len(path))]


async def lived(mode: Mode, story: str, case: str) -> tuple[tuple[Decision, ...], Path]:
    """Run a strategy on a real engine; return its decisions and the prints it saw."""
    strategy, config, held = CASES[case]
    told = prices(story)
    bench = Bench(price=str(told[0]), balance=BALANCE, strategies={strategy.name: strategy})
    await bench.add_account(mode=mode, network="signet" if mode is Mode.PAPER else "sim")
    seen: list[tuple[datetime, Decimal]] = [(bench.clock.now(), told[0])]
    engine = bench.engine(paper_balance_sats=BALANCE)
    await bench.up(engine)
    for each in held:
        await bench.command(
            engine,
            OpenPosition(side=each.side, leverage=each.leverage, quantity=each.quantity),
        )
    run = await bench.run(engine, strategy.name, config)
    for price in told[1:]:
        await bench.move(str(price))
        seen.append((bench.venue.exchange.quote.time, price))
    payloads = [event.payload for event in await bench.events()]
    await engine.stop(1)
    path = Path([to_ms(time) for time, _ in seen], [int(price * 2) for _, price in seen])
    return journaled(payloads, run), path


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("case", CASES)
async def test_three_worlds_decide_alike(case: str, story: str) -> None:
    strategy, config, held = CASES[case]
    live, path = await lived(Mode.SIM, story, case)
    paper, same = await lived(Mode.PAPER, story, case)
    assert path.times.tolist() == same.times.tolist()

    tested = plan(
        name=ACCOUNT,
        balance=BALANCE,
        strategy=strategy,
        config=config,
        openings=tuple(
            f"{'long' if each.side is Side.BUY else 'short'} {each.leverage}x {each.quantity}"
            for each in held
        ),
    )
    (outcome,) = back_test(Market(story, path), [tested], Terms(costs=Costs())).accounts

    assert live, "a story in which nothing is decided proves nothing"
    assert list(live) == list(outcome.decisions)
    assert list(paper) == list(outcome.decisions)
    assert decision_hash(live) == decision_hash(paper) == outcome.decision_hash


def test_a_decision_is_written_the_same_whoever_explains_it() -> None:
    time = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    one = Decision(time, Decimal("98100.0"), (AddMargin(position="#1", amount=5, episode="a"),))
    two = Decision(time, Decimal(98_100), (AddMargin(position="#1", amount=5, episode="b"),))

    assert decision_hash([one]) == decision_hash([two])
    more = msgspec.structs.replace(two, actions=(AddMargin(position="#1", amount=6),))
    assert decision_hash([more]) != decision_hash([two])
