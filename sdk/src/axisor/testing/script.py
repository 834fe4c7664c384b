"""The made-up history that the conformance checks play to a strategy."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from axisor import maths
from axisor.events import IntentState
from axisor.intents import Intent, Notice, Wake
from axisor.model import (
    CROSS,
    Balance,
    CrossWallet,
    FeedQuality,
    MarginMode,
    Order,
    OrderState,
    OrderType,
    Position,
    Side,
)
from axisor.strategy import Strategy
from axisor.testing import market
from axisor.testing.harness import Harness

Event: TypeAlias = Callable[[Harness], list[Intent]]
Answer: TypeAlias = tuple[datetime, Intent]

SEED = 20
START_PRICE = 100_000


def opened(id: str, side: Side, quantity: int, entry: int, leverage: int) -> Position:
    """Return an isolated position as it would be just after opening."""
    price = Decimal(entry)
    margin = maths.margin_for(quantity, price, leverage)
    return Position(
        id=id,
        side=side,
        quantity=quantity,
        entry=price,
        margin=margin,
        leverage=Decimal(leverage),
        liquidation=maths.liquidation(side, quantity, price, margin),
    )


def crossed(side: Side, quantity: int, entry: int, wallet: int) -> Position:
    """Return a cross position with a wallet behind it."""
    price = Decimal(entry)
    return Position(
        id=CROSS,
        side=side,
        quantity=quantity,
        entry=price,
        margin=wallet,
        leverage=Decimal(20),
        liquidation=maths.cross_liquidation(side, quantity, price, wallet),
        margin_mode=MarginMode.CROSS,
    )


POSITIONS = (
    opened("0197-long", Side.BUY, 2_500, START_PRICE, 25),
    opened("0198-long", Side.BUY, 900, 101_000, 60),
    opened("0199-short", Side.SELL, 1_500, 99_500, 30),
    crossed(Side.BUY, 1_000, START_PRICE, 60_000),
)


def events(seed: int = SEED, length: int = 60) -> tuple[Event, ...]:
    """Return a history of that many prices with balances and feed troubles among them."""
    chance = random.Random(seed)
    prices = market.walk(seed, length - 20, start=START_PRICE, step=Decimal("0.4"))
    happenings: list[Event] = [
        lambda h: h.set_balance(Balance(free=600_000), cross=CrossWallet(60_000, 20)),
        lambda h: h.set_positions(*POSITIONS),
    ]
    for price in prices.crash(9, steps=20):
        happenings.append(_ticked(price))
        happenings.append(_passed(chance.choice((1, 1, 2, 5, 15, 240))))
        if chance.random() < 0.08:
            happenings.append(_balanced(chance.randint(0, 900_000)))
        if chance.random() < 0.05:
            happenings.append(lambda h: h.set_feed(FeedQuality.STALE, "no tick came"))
            happenings.append(lambda h: h.set_feed(FeedQuality.FRESH))
        if chance.random() < 0.05:
            happenings.append(_filled(price))
    return tuple(happenings)


def _ticked(price: Decimal) -> Event:
    return lambda h: h.tick(price)


def _passed(seconds: int) -> Event:
    return lambda h: h.advance(seconds=seconds)


def _balanced(sats: int) -> Event:
    return lambda h: h.set_balance(sats)


def _filled(price: Decimal) -> Event:
    order = Order(
        id=f"order-{price}",
        type=OrderType.LIMIT,
        side=Side.BUY,
        quantity=10,
        price=price,
        state=OrderState.OPEN,
    )
    return lambda h: h.fill(order)


def play(
    strategy: type[Strategy[Any, Any]],
    config: dict[str, Any],
    history: tuple[Event, ...],
    *,
    every_tick: bool | None = None,
    restart_at: int | None = None,
) -> Iterator[Answer]:
    """Yield what a strategy asks for over a history, with the time, settling each action at once.

    Every fifth action is refused, every seventh is unknown first; the others are confirmed.
    """
    harness = Harness(strategy, **config)
    if every_tick is not None:
        harness.every_tick = every_tick
    settled = 0
    for place, event in enumerate(history):
        if place == restart_at:
            yield from _settling(harness, harness.restart(), settled)
        for when, intent in _settling(harness, event(harness), settled):
            settled += not isinstance(intent, Notice | Wake)
            yield when, intent


def _settling(harness: Harness, asked: list[Intent], settled: int) -> Iterator[Answer]:
    waiting = list(asked)
    for _ in range(1_000):
        if not waiting:
            return
        intent = waiting.pop(0)
        yield harness.now, intent
        if isinstance(intent, Notice | Wake):
            continue
        settled += 1
        if settled % 7 == 0:
            waiting += harness.settle(intent, IntentState.UNKNOWN)
        refused = settled % 5 == 0
        state = IntentState.REFUSED if refused else IntentState.CONFIRMED
        waiting += harness.settle(intent, state, reason="VENUE_REFUSED" if refused else "")
    raise RuntimeError("the strategy asked for 1,000 things without time moving on")
