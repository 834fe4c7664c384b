"""Seeded histories of faults, crashes and failovers: never two effects of one intent."""

from __future__ import annotations

import random
import uuid

import pytest

from axisor.events import IntentPlanned, IntentSent, IntentState
from axisor.intents import (
    Action,
    AddMargin,
    CashIn,
    DepositCross,
    OpenPosition,
    WithdrawCross,
)
from axisor.model import Side
from axisor_server.engine.failpoints import NAMES
from tests.support.core import ACCOUNT, STREAM, Bench

FAULTS = ("lose-request", "lose-response", "late:6", "late:20", "late:45", "raise", "slow", "")
SEEDS = range(60)


async def live_through(bench: Bench, chance: random.Random) -> None:
    """Play one history: prices, commands, faults, crashes; then heal and let all settle."""
    bench.long()
    bench.long(quantity=1_000)
    engine = bench.engine(owner="core-1")
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    for _ in range(chance.randint(3, 8)):
        bench.venue.faults = [chance.choice(FAULTS) for _ in range(chance.randint(0, 3))]
        bench.venue.stale_reads = chance.choice((0, 0, 1, 2))
        bench.venue.down = chance.random() < 0.1
        await bench.move(str(chance.randint(195_000, 199_000) / 2), seconds=chance.random() * 3)
        if chance.random() < 0.6:
            await _command(bench, engine, chance)
        await bench.clock.advance(chance.choice((0, 0.2, 2, 20)))
        if chance.random() < 0.5:
            await bench.crash(engine)
            bench.venue.down = False
            engine = bench.engine(
                owner=chance.choice(("core-1", "core-2")),
                failpoint=chance.choice(("", *NAMES)),
            )
            await bench.up(engine)
            await bench.clock.advance(chance.choice((0.1, 6)))
    bench.venue.faults, bench.venue.down, bench.venue.stale_reads = [], False, 0
    await bench.crash(engine)
    engine = bench.engine(owner="core-3")
    await bench.clock.advance(6)
    await bench.up(engine)
    await bench.clock.advance(90)
    assert not engine.status().accounts[0].open_intents
    assert engine.view(ACCOUNT).positions == bench.venue.state().positions
    await engine.stop(1)


async def _command(bench: Bench, engine, chance: random.Random) -> None:
    positions = [p.id for p in bench.venue.state().positions if p.id != "cross"]
    actions: list[Action] = [
        DepositCross(amount=chance.randint(1_000, 1_003)),
        WithdrawCross(amount=chance.randint(100, 103)),
        OpenPosition(side=Side.SELL, leverage=5, quantity=100),
    ]
    if positions:
        actions.append(AddMargin(position=chance.choice(positions), amount=1_234))
        actions.append(CashIn(position=chance.choice(positions), amount=123))
    action = chance.choice(actions)
    id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    for _ in range(chance.randint(1, 2)):
        await bench.command(engine, action, request_id=id, seconds=3, wait_s=1.0)


@pytest.mark.parametrize("seed", SEEDS)
async def test_effects_are_exactly_the_confirmed_intents(seed):
    bench = Bench(balance=2_000_000)
    await bench.add_account()

    await live_through(bench, random.Random(seed))

    events = await bench.events()
    planned = {p.intent: p.action for p in await bench.payloads(IntentPlanned)}
    ends: dict[str, list[IntentState]] = {}
    for settled in await bench.settled():
        ends.setdefault(settled.intent, []).append(settled.state)
    confirmed = [planned[id] for id, states in ends.items() if states[-1].value == "confirmed"]
    assert ends.keys() == planned.keys()
    assert all(not states[-1].is_open for states in ends.values())
    assert sorted(map(repr, confirmed)) == sorted(map(repr, bench.venue.effects))
    sent = [p.intent for p in await bench.payloads(IntentSent)]
    assert len(sent) == len(set(sent)) >= len(bench.venue.sent)
    assert [e.stream for e in events] == [STREAM] * len(events)
