"""What must hold over any history: exits only reduce, once each, and stops never loosen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from axisor.events import IntentState
from axisor.intents import Action, ClosePosition, CrossOrder, Intent
from axisor.model import Position, Price, Side
from axisor.testing import Harness
from axisor.testing.script import crossed, opened
from axisor_exits import Exits, ExitsConfig, ExitsMemory, Held
from axisor_exits.levels import stop_level

many = settings(max_examples=300, deadline=None, derandomize=True, database=None)
PRICES = st.lists(st.integers(180_000, 220_000).map(lambda h: Decimal(h) / 2), max_size=30)
TENTHS = st.integers(1, 60).map(lambda tenths: Decimal(tenths) / 10)
CONFIGS = st.fixed_dictionaries(
    {"stop_loss": TENTHS},
    optional={
        "take_profit": TENTHS,
        "take_profit_share": st.integers(1, 100),
        "trailing": TENTHS,
        "trailing_from": st.integers(0, 5),
        "break_even": TENTHS,
        "close_after_min": st.integers(1, 5),
    },
)
POSITIONS = (
    opened("long", Side.BUY, 1_000, 100_000, 5),
    opened("short", Side.SELL, 900, 100_000, 5),
    crossed(Side.BUY, 800, 100_000, 500_000),
)


def held_of(harness: Harness, id: str) -> Held | None:
    """Return what the run remembers of a position."""
    memory = harness.memory
    assert isinstance(memory, ExitsMemory)
    return memory.held.get(id)


def stop_of(harness: Harness, position: Position) -> Price | None:
    """Return where the nearest stop of a position lies now."""
    held, config = held_of(harness, position.id), harness.config
    assert isinstance(config, ExitsConfig)
    found = None if held is None else stop_level(config, position, held)
    return None if found is None else found[1]


@many
@given(CONFIGS, PRICES)
def test_a_stop_never_loosens(config: dict[str, Any], prices: list[Decimal]):
    harness = Harness(Exits, **config)
    harness.set_positions(*POSITIONS)
    before = {p.id: stop_of(harness, p) for p in POSITIONS}

    for price in prices:
        harness.tick(price)
        harness.restart()
        harness.advance(seconds=20)
        for position in POSITIONS:
            now, then = stop_of(harness, position), before[position.id]
            if now is not None and then is not None:
                assert position.side.sign * (now - then) >= 0
            before[position.id] = now


def reduces(action: Action) -> bool:
    """Return whether an action can only make one of the positions smaller."""
    if isinstance(action, CrossOrder):
        return action.reduce and action.side is Side.SELL and 0 < action.quantity <= 800
    return isinstance(action, ClosePosition)


@many
@given(CONFIGS, PRICES, st.lists(st.sampled_from(IntentState), min_size=1, max_size=8))
def test_exits_only_reduce_and_never_ask_twice(
    config: dict[str, Any], prices: list[Decimal], ends: list[IntentState]
):
    harness = Harness(Exits, **config)
    harness.set_positions(*POSITIONS)
    open_: list[Action] = []
    parts = settled = 0

    def hear(asked: list[Intent]) -> None:
        nonlocal parts
        for action in (intent for intent in asked if isinstance(intent, Action)):
            target = getattr(action, "position", "cross")
            assert reduces(action)
            assert all(getattr(other, "position", "cross") != target for other in open_)
            open_.append(action)

    for price in prices:
        hear(harness.tick(price))
        hear(harness.advance(seconds=7))
        if open_:
            action, state = open_.pop(0), ends[settled % len(ends)]
            settled += 1
            confirmed_part = state is IntentState.CONFIRMED and isinstance(action, CrossOrder)
            parts += confirmed_part
            if state.is_open:
                open_.append(action)
            hear(harness.settle(action, state))
    assert parts <= 1


@many
@given(CONFIGS, PRICES)
def test_called_on_every_tick_or_only_when_woken_it_does_the_same(
    config: dict[str, Any], prices: list[Decimal]
):
    found = []
    for every in (False, True):
        harness = Harness(Exits, **config)
        harness.every_tick = every
        harness.set_positions(*POSITIONS)
        asked = [(n, i) for n, price in enumerate(prices) for i in stepped(harness, price)]
        found.append(asked)

    assert found[0] == found[1]


def stepped(harness: Harness, price: Decimal) -> list[Action]:
    """Show one price, let time pass, confirm what is asked for, and return it."""
    asked = harness.tick(price) + harness.advance(seconds=13)
    done = [intent for intent in asked if isinstance(intent, Action)]
    for action in done:
        harness.settle(action)
    return done
