"""What must hold over whole histories: budgets, the reserve, and being woken seldom."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from axisor.events import IntentState
from axisor.intents import AddMargin, DepositCross, Intent, Notice, SetStop, Wake
from axisor.model import Side
from axisor.testing import Harness
from axisor_margin_guard import MarginGuard
from tests.plugins.margin_guard.cases import isolated, many

Spend = AddMargin | DepositCross
ENDS = st.sampled_from((*[IntentState.CONFIRMED] * 8, *IntentState))
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(950, 1_050)),
        st.tuples(st.just("tick"), st.integers(965, 980)),
        st.tuples(st.just("settle"), ENDS),
        st.tuples(st.just("settle"), ENDS),
        st.tuples(st.just("wait"), st.sampled_from((1, 11, 61, 40_000))),
        st.tuples(st.sampled_from(("restart", "repeat")), st.just(0)),
    ),
    min_size=6,
    max_size=16,
)
PAIR = (
    isolated("long", Side.BUY, 2_500, 100_000, 25),
    isolated("short", Side.SELL, 2_000, 100_000, 30),
)


def pending(open_: list[Spend]) -> frozenset[str]:
    """Return the positions with an open action."""
    return frozenset(a.position if isinstance(a, AddMargin) else "cross" for a in open_)


def act(harness: Harness, move: tuple[str, Any], open_: list[Spend], old: list[Spend]) -> None:
    """Do one drawn move; `open_` are actions not yet settled, `old` those that are."""
    kind, value = move
    asked: list[Intent] = []
    if kind == "tick":
        asked = harness.tick(Decimal(value) * 100)
    elif kind == "wait":
        asked = harness.advance(seconds=value)
    elif kind == "restart":
        asked = harness.restart()
    elif kind == "repeat" and old:
        asked = harness.set_positions(*harness.holdings.positions)
        asked += harness.settle(old[-1], IntentState.REFUSED)
    elif kind == "settle" and open_:
        action = open_.pop(0)
        (open_ if value.is_open else old).append(action)
        harness.pending = pending(open_)
        asked = harness.settle(action, value)
    open_.extend(intent for intent in asked if isinstance(intent, AddMargin | DepositCross))
    harness.pending = pending(open_)  # as the core says at the next step


@many
@given(MOVES, st.integers(0, 140_000), st.integers(20_000, 300_000), st.integers(9_000, 90_000))
def test_budgets_and_reserve_hold_whatever_happens(
    moves: list[tuple[str, Any]], reserve: int, day: int, action: int
):
    limits = {"budget_day": day, "budget_action": action, "budget_position": 60_000}
    harness = Harness(MarginGuard, reserve=reserve, cooldown_s=0, partial="always", **limits)
    harness.set_balance(150_000)
    harness.set_positions(*PAIR)

    open_: list[Spend] = []
    old: list[Spend] = []

    for move in moves:
        before = len(open_) + len(old)
        act(harness, move, open_, old)
        if len(open_) + len(old) < before:
            raise AssertionError("the test lost an action")
        assert harness.holdings.balance.free >= reserve or not old
        assert all(i.amount <= action for i in open_ if isinstance(i, AddMargin))

    margins = {p.id: p.margin for p in harness.holdings.positions}
    for position in PAIR:
        grown = margins.get(position.id, position.margin) - position.margin
        waiting = sum(
            i.amount for i in open_ if isinstance(i, AddMargin) and i.position == position.id
        )
        assert grown + waiting <= 60_000
    days = (harness.now.date() - Harness(MarginGuard).now.date()).days + 1
    total = 150_000 - harness.holdings.balance.free
    assert total <= day * days
    assert 150_000 - total >= reserve or total == 0


@many
@given(
    st.lists(st.integers(920, 1_080), min_size=4, max_size=8),
    st.integers(0, 400_000),
    st.sampled_from((0, 10, 45)),
    st.sampled_from(("distance", "consumed")),
    st.booleans(),
)
def test_called_on_every_tick_or_only_when_woken_it_does_the_same(
    prices: list[int], free: int, cooldown: int, by: str, stop: bool
):
    runs = []
    for every in (False, True):
        harness = Harness(
            MarginGuard,
            cooldown_s=cooldown,
            trigger_by=by,
            trigger=2 if by == "distance" else 40,
            target=5,
            native_stop="on" if stop else "off",
        )
        harness.every_tick = every
        harness.set_balance(free)
        harness.set_positions(*PAIR)
        runs.append(_played(harness, prices))

    assert runs[0] == runs[1]


def _played(harness: Harness, prices: list[int]) -> list[tuple[Any, ...]]:
    done: list[tuple[Any, ...]] = []
    for place, price in enumerate(prices):
        asked = harness.tick(Decimal(price) * 100) + harness.advance(seconds=7)
        while asked:
            intent = asked.pop(0)
            if isinstance(intent, Notice | Wake):
                continue
            done.append((harness.now, intent))
            failed = place % 3 == 2 and not isinstance(intent, SetStop)
            state = IntentState.NOT_APPLIED if failed else IntentState.CONFIRMED
            if len(done) < 50:
                asked += harness.settle(intent, state)
    return done
