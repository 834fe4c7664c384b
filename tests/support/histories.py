"""Seeded histories with all that can happen to an account, for whoever plays them back."""

from __future__ import annotations

import asyncio
import random
import uuid
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from axisor.errors import AxisorError, ReserveBroken, ReviewRefused
from axisor.events import HaltLevel
from axisor.intents import (
    Action,
    AddMargin,
    CancelAllOrders,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    WithdrawCross,
)
from axisor.model import AccountState, OrderType, Side
from axisor.strategy import View
from axisor_server.domain.journal import Entry
from axisor_server.engine import Engine
from tests.support.core import ACCOUNT, STREAM, Bench

FAULTS = ("lose-request", "lose-response", "late:6", "late:20", "late:45", "raise", "slow", "")


async def entries(bench: Bench) -> tuple[Entry, ...]:
    """Return the whole journal of a bench."""
    found = await bench.store.read(lambda r: r.entries(STREAM, after=0, limit=1_000_000))
    return tuple(found)


def moody(action: Action, run: str, view: View) -> AxisorError | None:
    """Refuse, as a plugin's reviewer, what only chance and the action decide."""
    chance = random.Random(f"{view.now}/{action!r}")
    mood = chance.random()
    if mood < 0.02:
        raise RuntimeError("this reviewer is broken")
    if mood < 0.06:
        return ReviewRefused("Not in the mood.")
    return ReserveBroken("A reserve of its own.") if mood < 0.08 else None


class Lens:
    """Shows readings as a venue may: newest first, and some positions without their figures."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(self, state: AccountState) -> AccountState:
        """Return the reading as it is shown this time."""
        positions, orders = state.positions, state.orders
        if self._chance.random() < 0.5:
            positions, orders = positions[::-1], orders[::-1]
        hidden = {p.id for p in positions if self._chance.random() < 0.05}
        return replace(
            state,
            positions=tuple(p for p in positions if p.id not in hidden),
            orders=orders,
            unreadable=tuple(sorted(hidden)),
        )


async def live_through(bench: Bench, seed: int, *, turns: int = 12) -> None:
    """Play one history: runs, prices, commands, halts, faults, crashes and failovers."""
    chance = random.Random(seed)
    bench.venue.lens = Lens(chance)
    bench.long()
    bench.long(quantity=1_000, leverage=50)
    engine = bench.engine(reviewers=(moody,))
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    mirror = await bench.run(engine, "mirror", day_spend=9_000, intents_per_minute=40)
    spend = chance.randint(1, 60) * 10_000
    await bench.run(engine, "greedy", day_spend=spend, intents_per_minute=5)
    for _ in range(turns):
        bench.venue.faults = [chance.choice(FAULTS) for _ in range(chance.randint(0, 3))]
        bench.venue.down = chance.random() < 0.1
        await _move(bench, chance)
        await _happen(bench, engine, mirror, chance)
        await bench.clock.advance(chance.choice((0, 0.2, 2, 20, 70)))
        if chance.random() < 0.25:
            await bench.crash(engine)
            bench.venue.down = False
            engine = bench.engine(owner=chance.choice(("core-1", "core-2")), reviewers=(moody,))
            await bench.up(engine)
            await bench.clock.advance(chance.choice((0.1, 6)))
    bench.venue.down = False
    await bench.clock.advance(90)
    await bench.crash(engine)


async def _move(bench: Bench, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        await bench.move(str(chance.randint(195_000, 201_000) / 2), seconds=chance.random() * 3)


async def _happen(bench: Bench, engine: Engine, run: str, chance: random.Random) -> None:
    what = chance.random()
    if what < 0.5:
        action = _action(bench, chance)
        await bench.command(engine, action, request_id=_id(chance), seconds=3, wait_s=1.0)
    elif what < 0.65:
        level = chance.choice((HaltLevel.RISK, HaltLevel.ALL, HaltLevel.FLATTEN))
        await _driven(bench, engine.halt(ACCOUNT, level, principal="owner", reason="a test"))
        await _move(bench, chance)
        await _driven(bench, engine.halt(ACCOUNT, HaltLevel.NONE, principal="owner", reason="over"))
    elif what < 0.8:
        verb = chance.choice(("pause", "resume", "stop", "start"))
        await _driven(bench, engine.run_verb(run, verb, principal="owner"))


async def _driven(bench: Bench, call: Any) -> None:
    """Let something be done, whatever comes of it; what may be refused is part of a history."""
    task = asyncio.ensure_future(call)
    for _ in range(20):
        await bench.clock.advance(0.25)
        if task.done():
            break
    if not task.done():
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _waiting(chance: random.Random, tenths: int) -> OpenPosition:
    price = Decimal(tenths * 10 + chance.randint(0, 9))
    return OpenPosition(side=Side.BUY, leverage=10, quantity=50, type=OrderType.LIMIT, price=price)


def _action(bench: Bench, chance: random.Random) -> Action:
    actions: list[Action] = [
        DepositCross(amount=chance.randint(30_000, 30_003)),
        WithdrawCross(amount=chance.randint(100, 103)),
        OpenPosition(side=Side.SELL, leverage=5, quantity=100),
        OpenPosition(side=Side.BUY, leverage=20, margin=5_000),
        CrossOrder(side=Side.BUY, quantity=chance.randint(1, 20)),
        _waiting(chance, 9_000),
        _waiting(chance, 9_100),
        CancelAllOrders(),
    ]
    for position in bench.venue.state().positions:
        if position.id != "cross":
            actions.append(AddMargin(position=position.id, amount=1_234))
            actions.append(CashIn(position=position.id, amount=123))
            actions.append(ClosePosition(position=position.id))
    return chance.choice(actions)
