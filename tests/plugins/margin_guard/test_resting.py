"""A guard that rests is told of fewer fundings, and does and protects the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor.backtest import Costs, Market, Opening, Path, Plan, Terms, back_test
from axisor.backtest.path import to_ms
from axisor.intents import AddMargin
from axisor.model import Balance, Side, Tick
from axisor.strategy import View
from axisor_margin_guard import GuardConfig, MarginGuard
from axisor_margin_guard.config import Override
from axisor_margin_guard.memory import Asked, GuardMemory, Held
from tests.plugins.margin_guard.cases import cross, isolated

START = datetime(2026, 1, 1, tzinfo=UTC)
LONG = isolated("long", Side.BUY, 200_000, 100_000, 10)
SHORT = isolated("short", Side.SELL, 200_000, 100_000, 10)


def months(seed: int, *, step: int, start: int = 40_000) -> Path:
    """Return six weeks of prints three hours apart, in half dollars, with gaps and jumps."""
    chance = random.Random(seed)
    at, halves, times, prices = to_ms(START), start, [], []
    for _ in range(336):
        times.append(at)
        prices.append(halves)
        at += 10_800_000 if chance.random() < 0.99 else 10_800_000 * chance.randint(2, 8)
        move = chance.randint(-step, step) * (10 if chance.random() < 0.02 else 1)
        halves = max(2, halves + move)
    return Path(times, prices)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rate=st.sampled_from(["-0.0075", "-0.0003", "0", "0.0001", "0.0009", "0.0075"]),
    step=st.sampled_from([60, 250, 700]),
    leverage=st.sampled_from([3, 10, 25, 80]),
    balance=st.sampled_from([900_000, 1_020_000, 5_000_000, 10**9]),
    config=st.sampled_from(
        [
            GuardConfig(),
            GuardConfig(funding_ahead_min=0),
            GuardConfig(funding_ahead_min=480, trigger=Decimal(5), target=Decimal(9)),
            GuardConfig(budget_day=30_000),
            GuardConfig(native_stop="on"),
            GuardConfig(overrides=(Override(match="leverage > 40", guard=False),)),
        ]
    ),
)
def test_a_resting_guard_does_what_one_does_that_is_called_at_every_print(
    seed, rate, step, leverage, balance, config
):
    market = Market("walk", months(seed, step=step))
    held = tuple(Opening(side, Decimal(leverage), 500) for side in Side)
    need = 2 * 250_000_000 // leverage if balance < 10**9 else 0
    plan = Plan(
        name="a", balance=balance + need, strategy=MarginGuard, config=config, openings=held
    )
    terms = Terms(costs=Costs(funding_rate=Decimal(rate)), spacing=timedelta(hours=8))

    rested = back_test(market, [plan], terms)
    asked = back_test(market, [plan], Terms(costs=terms.costs, spacing=terms.spacing, each=True))

    # Where a rescue falls on a funding, what is heard first moves a notice, and no decision.
    (one,), (other,) = rested.accounts, asked.accounts
    assert replace(one, notices=()) == replace(other, notices=())
    assert rested.decision_hash == asked.decision_hash


def view(*positions, rate="0.0001", free=10**9, price=100_000, **more) -> View:
    tick = Tick(
        time=START,
        received=START,
        last=Decimal(price),
        bid=Decimal(price),
        ask=Decimal(price),
        funding_rate=None if rate is None else Decimal(rate),
        funding_time=START + timedelta(hours=8),
    )
    return View(
        now=START,
        balance=Balance(free),
        positions=positions,
        tick=more.pop("tick", tick),
        price_age_ms=0,
        **more,
    )


def resting(config: GuardConfig, seen: View, memory: GuardMemory | None = None):
    return MarginGuard(config, memory or GuardMemory()).rest(seen)


def test_far_from_its_trigger_it_rests_for_a_month_of_fundings():
    found = resting(GuardConfig(), view(LONG, SHORT))

    assert found is not None
    assert found.fundings == 90
    assert found.below is not None
    assert found.above is not None
    assert LONG.liquidation < found.below < 100_000 < found.above < SHORT.liquidation


def test_near_its_trigger_it_rests_for_fewer():
    near = int(LONG.liquidation / Decimal("0.978"))

    found = resting(GuardConfig(), view(LONG, price=near))

    assert found is not None
    assert found.fundings < 90


def test_what_is_open_lets_it_not_rest():
    asked = Asked("1", "add", 5, "2026-01-01", START)
    trouble = {
        "no price": (GuardConfig(), view(LONG, tick=None), None),
        "no rate": (GuardConfig(), view(LONG, rate=None), None),
        "no position": (GuardConfig(), view(), None),
        "cross": (GuardConfig(), view(cross(Side.BUY, 100, 100_000, 10**6)), None),
        "a stop": (GuardConfig(native_stop="on"), view(LONG), None),
        "an override": (
            GuardConfig(overrides=(Override(match="leverage > 40", guard=False),)),
            view(LONG),
            None,
        ),
        "not listed": (GuardConfig(scope="listed", positions=("x",)), view(LONG), None),
        "no money": (GuardConfig(), view(LONG, free=0), None),
        "pending": (GuardConfig(), view(LONG, pending=frozenset({"long"})), None),
        "in need": (GuardConfig(), view(LONG, price=int(LONG.liquidation) + 1), None),
        "asked": (GuardConfig(), view(LONG), GuardMemory(held={"long": Held(asked=(asked,))})),
        "episode": (GuardConfig(), view(LONG), GuardMemory(held={"long": Held(episode="e")})),
        "told": (GuardConfig(), view(LONG), GuardMemory(told=("feed",))),
    }

    rested = [
        name for name, (config, seen, memory) in trouble.items() if resting(config, seen, memory)
    ]

    assert rested == []


def test_asking_how_long_it_rests_changes_nothing():
    guard = MarginGuard(GuardConfig(), GuardMemory())

    guard.rest(view(LONG, SHORT))

    assert guard.memory == GuardMemory()


@pytest.mark.parametrize("side", Side)
def test_a_calm_month_is_slept_through(side):
    calm = Market(
        "calm", Path([to_ms(START) + 900_000 * n for n in range(2_880)], [40_000] * 2_880)
    )
    calls = 0

    class Counted(MarginGuard):
        def _answer(self, view):
            nonlocal calls
            calls += 1
            return super()._answer(view)

    plan = Plan(
        name="a",
        balance=10**9,
        strategy=Counted,
        config=GuardConfig(),
        openings=(Opening(side, Decimal(5), 500),),
    )
    (lived,) = back_test(calm, [plan]).accounts

    assert calls < 8
    assert lived.funding != 0
    assert not [each for each in lived.decisions if isinstance(each.actions[0], AddMargin)]
