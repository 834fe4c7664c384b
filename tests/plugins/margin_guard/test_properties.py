"""What must hold for every position, price, rule and history, both sides, isolated and cross."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor import maths
from axisor.events import CoverageState
from axisor.intents import AddMargin, ClosePosition, DepositCross, Intent, Notice
from axisor.model import Balance, FeedQuality, Side
from axisor.strategy import View
from axisor_margin_guard import GuardConfig, GuardMemory, MarginGuard
from axisor_margin_guard.danger import distance, exposure
from tests.plugins.margin_guard import oracle
from tests.plugins.margin_guard.cases import (
    AMPLE,
    CASES,
    Drawn,
    drawn,
    isolated,
    later,
    many,
    rules,
    step,
    tick,
    view,
)

Rule = tuple[GuardConfig, int, int]


def added(intents: tuple[Intent, ...]) -> int:
    """Return the sats that intents move into positions."""
    return sum(i.amount for i in intents if isinstance(i, AddMargin | DepositCross))


def with_added(case: Drawn, sats: int) -> Drawn:
    """Return a drawn position with more margin, as the venue would report it."""
    held = exposure(case.position).with_added(sats)
    position = replace(
        case.position, margin=case.position.margin + sats, liquidation=held.liquidation
    )
    return replace(case, position=position, margin=case.margin + sats)


def coverage_of(seen: View, config: GuardConfig, memory: bytes = b"") -> CoverageState:
    held = msgspec.json.decode(memory, type=GuardMemory) if memory else GuardMemory()
    return MarginGuard(config, held).coverage(seen)[0].state


def wanted(case: Drawn, hundredths: int) -> int:
    """Return what the oracle says a distance takes."""
    return oracle.least_added(
        case.long, case.quantity, case.entry2, case.margin, case.price2, hundredths
    )


def room(case: Drawn) -> int:
    """Return the sats that leverage 1 leaves room for."""
    if case.position.id == "cross":
        return AMPLE
    return max(0, 2 * case.quantity * oracle.SATS // case.entry2 - case.position.margin)


@many
@given(drawn(near=False), st.integers(1, 10**9))
def test_more_margin_never_shortens_the_distance(case: Drawn, sats: int):
    before = distance(exposure(case.position), case.price)

    after = distance(exposure(with_added(case, sats).position), case.price)

    assert after >= before
    edge2 = oracle.liquidation(case.long, case.quantity, case.entry2, case.margin + sats)
    assert after == Fraction(case.price2 - edge2 if case.long else edge2 - case.price2, case.price2)


@many
@given(drawn(), rules(), st.integers(1, 200))
def test_a_worse_price_never_gets_a_weaker_action(case: Drawn, rule: Rule, worse: int):
    config = replace(rule[0], partial="always", ladder=("add_margin", "close"))
    price2 = case.price2 - worse if case.long else case.price2 + worse
    assume(price2 > 0)

    here = step(view((case.position,), case.price), config).intents
    there = step(view((case.position,), Decimal(price2) / 2), config).intents

    closes = any(isinstance(intent, ClosePosition) for intent in there)
    assert closes or added(there) >= added(here)


@many
@given(
    drawn(near=False),
    rules(),
    st.sampled_from(("age", "stale", "fallback", "none", "no tick", "no bid", "unreadable", "far")),
)
def test_less_or_older_information_never_calms(case: Drawn, rule: Rule, loss: str):
    seen = view((case.position,), case.price)
    blind: dict[str, dict[str, Any]] = {
        "age": {"price_age_ms": 30_001},
        "stale": {"quality": FeedQuality.STALE},
        "fallback": {"quality": FeedQuality.FALLBACK},
        "none": {"quality": FeedQuality.NONE},
        "disputed": {"quality": FeedQuality.DISPUTED},
        "no tick": {"tick": None, "price_age_ms": None},
        "no bid": {"tick": tick(case.price, bid=None, ask=None)},
        "unreadable": {"unreadable": frozenset({case.position.id})},
        "far": {"positions": (replace(case.position, liquidation=_farther(case)),)},
    }
    less = replace(seen, **blind[loss])

    result = step(less, rule[0])

    if loss == "far":  # a kinder figure than the formula's is not believed
        assert added(result.intents) == added(step(seen, rule[0]).intents)
        return
    assert not added(result.intents)
    assert coverage_of(less, rule[0]) is CoverageState.DEGRADED
    assert any(isinstance(i, Notice) and i.code == "GUARD_DEGRADED" for i in result.intents)
    assert result.wake is not None
    assert result.wake.below == maths.MAX_PRICE


def _farther(case: Drawn) -> Decimal:
    kinder = case.position.liquidation * (Decimal("0.9") if case.long else Decimal("1.1"))
    return max(Decimal(1), maths.round_to_step(kinder))


@many
@given(drawn(), rules(), st.one_of(st.just(AMPLE), st.integers(0, 10**8)))
def test_after_an_action_it_is_at_target_or_short(case: Drawn, rule: Rule, free: int):
    config, trigger, target = rule
    seen = view((case.position,), case.price, free)
    fired = oracle.is_below(
        case.long,
        case.price2,
        oracle.liquidation(case.long, case.quantity, case.entry2, case.margin),
        trigger,
    )

    first = step(seen, config)
    mended = with_added(case, added(first.intents))
    after = later(replace(seen, positions=(mended.position,)), 90)

    assert (added(first.intents) > 0) == (fired and wanted(case, trigger) <= min(free, room(case)))
    if fired:
        state = coverage_of(after, config, first.memory)
        at_target = wanted(mended, target) == 0
        assert (state is CoverageState.SHORTFALL) == (not at_target)


@many
@given(drawn(), rules())
def test_the_amount_is_the_least_that_reaches_the_target(case: Drawn, rule: Rule):
    config, trigger, target = rule
    edge2 = oracle.liquidation(case.long, case.quantity, case.entry2, case.margin)
    assume(oracle.is_below(case.long, case.price2, edge2, trigger))
    need = wanted(case, target)
    assume(need <= room(case))

    amount = added(step(view((case.position,), case.price), config).intents)

    assert amount == need
    for sats, reached in ((amount, True), (amount - 1, False)):
        edge2 = oracle.liquidation(case.long, case.quantity, case.entry2, case.margin + sats)
        assert oracle.is_below(case.long, case.price2, edge2, target) is not reached


@many
@given(st.integers(1, 500_000), st.integers(4_000, 400_000), st.integers(1, 4_000))
def test_long_and_short_mirror_each_other(quantity: int, high2: int, hundredths: int):
    """A long from H that must hold to L, and a short from L that must hold to H, cost the same.

    The venue's rounding of prices is all that may differ: a quarter dollar at either end.
    """
    high = Decimal(high2) / 2
    low = maths.round_to_step(high * (1 - Decimal(hundredths) / 10_000))
    assume(low < high)

    long = maths.margin_for_liquidation(Side.BUY, quantity, high, low)
    short = maths.margin_for_liquidation(Side.SELL, quantity, low, high)

    worth = quantity * maths.value_sats(1, Decimal(1))
    exact = worth * (1 / Fraction(low) - 1 / Fraction(high))
    slack = worth * (1 / (Fraction(low) - Fraction(1, 4)) - 1 / Fraction(low)) + 1
    assert abs(long - exact) <= slack
    assert abs(short - exact) <= slack


@many
@given(drawn(), rules(), st.integers(-300, 300))
def test_funding_moves_liquidation_the_right_way(case: Drawn, rule: Rule, rate: int):
    config, trigger, target = rule
    due = tick(
        case.price,
        funding_rate=Decimal(rate) / 100_000,
        funding_time=view((), 1).now + timedelta(minutes=10),
    )
    seen = view((case.position,), case.price)
    worth = 2 * case.quantity * oracle.SATS * rate
    fee = (2 * worth + case.price2 * 100_000) // (2 * case.price2 * 100_000)
    paid = max(0, fee if case.long else -fee)
    poorer = replace(case, margin=case.margin - paid)
    edge2 = oracle.liquidation(case.long, case.quantity, case.entry2, poorer.margin)
    own2 = oracle.liquidation(case.long, case.quantity, case.entry2, case.margin)
    assume(edge2 > 0)

    amount = added(step(replace(seen, tick=due), config).intents)

    assert edge2 >= own2 if case.long else edge2 <= own2
    if oracle.is_below(case.long, case.price2, edge2, trigger):
        need = wanted(poorer, target)
        assert amount == min(need, room(case)) or wanted(poorer, trigger) > room(case)
    else:
        assert amount == 0


def standard_digest(cases: int) -> str:
    """Return a digest of the guard's answers to many made-up views, a function of nothing else."""
    summary = hashlib.sha256()
    for number in range(cases):
        positions = tuple(
            isolated(
                f"p{i}",
                Side.BUY if (number + i) % 2 else Side.SELL,
                100 + (number * 37 + i * 911) % 9_000,
                90_000 + (number * 131 + i * 577) % 20_000,
                2 + (number * 7 + i * 13) % 90,
            )
            for i in range(3)
        )
        seen = view(
            positions, 95_000 + number % 10_000, 1 + number * 977 % 500_000,
            unreadable=frozenset({f"p{number % 5}", "other"}),
        )  # fmt: skip
        result = step(replace(seen, balance=Balance(number * 977 % 500_000)))
        summary.update(msgspec.json.encode((result.intents, result.memory)))
    return summary.hexdigest()


def test_the_same_events_get_the_same_actions_in_another_process():
    script = (
        "from tests.plugins.margin_guard.test_properties import standard_digest;"
        f"print(standard_digest({CASES}))"
    )
    here = standard_digest(CASES)

    for seed in ("0", "77"):
        there = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout.strip() == here
