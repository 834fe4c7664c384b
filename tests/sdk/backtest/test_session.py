"""A session's walk: deaths, gaps, caps, funding, and skipping that changes nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axisor.backtest import Costs, Ended, Path, Session, Setup, Slot
from axisor.exchange import seeded_ids
from axisor.maths import funding_fee, liquidation, most_margin
from axisor.model import Side
from tests.sdk.backtest.support import START, TRIGGER, Everywhere, NoConfig, Woken, minutes, walk

FREE = Costs(fee_tier=None, funding_rate=Decimal(0))


def play(
    path: Path,
    *,
    side=Side.BUY,
    leverage="10",
    guarded=True,
    spare=None,
    costs=FREE,
    strategy=Woken,
    quantity=1000,
    index=0,
) -> Ended:
    setup = Setup(
        quantity=quantity,
        strategy=strategy,
        config=NoConfig(),
        trigger=TRIGGER,
        spare=spare,
        costs=costs,
    )
    slot = Slot("slot", side, Decimal(leverage), index)
    return Session(path, slot, setup, seeded_ids(1), guarded=guarded).run()


def test_a_calm_market_leaves_everything_as_it_was():
    ended = play(minutes(10_000, 10_010, 10_000), spare=5_000)

    assert ended.actions == 0
    assert ended.liquidated_at is None
    assert ended.equity == ended.margin + 5_000


def test_the_worked_example_to_the_sat():
    path = minutes(100_000, 98_900, 98_100, 96_150, 95_200, 99_400)

    guarded = play(path, leverage="25", quantity=2_500, spare=500_000)
    bare = play(path, leverage="25", quantity=2_500, spare=500_000, guarded=False)

    assert (guarded.actions, guarded.added) == (1, 82_541)
    assert guarded.equity - 600_000 == -15_091
    assert bare.liquidated_at == START + timedelta(seconds=45)
    assert bare.equity == 500_000


def test_touching_the_liquidation_price_kills():
    ended = play(minutes(100_000, 96_154), leverage="25", quantity=2_500, guarded=False)

    assert ended.liquidated_at == START + timedelta(seconds=15)
    assert ended.least_distance == 0


def test_a_jump_from_above_the_trigger_to_beyond_liquidation_is_a_gap():
    ended = play(minutes(100_000, 99_000, 90_000), leverage="25", quantity=2_500)

    assert ended.gap
    assert not ended.capped
    assert ended.least_distance < 0


def test_a_death_for_want_of_money_is_no_gap():
    ended = play(minutes(100_000, 97_000, 96_000), leverage="25", quantity=2_500, spare=100)

    assert ended.liquidated_at is not None
    assert ended.added == 100
    assert not ended.gap
    assert not ended.capped


def test_the_opening_print_cannot_gap():
    ended = play(minutes(100_000, 90_000), leverage="50", quantity=2_500, spare=0)

    assert ended.liquidated_at is not None
    assert not ended.gap


def test_leverage_one_is_as_far_as_a_rescue_goes():
    ended = play(minutes(*range(10_000, 4_950, -50)), leverage="2")

    assert ended.liquidated_at is not None
    assert ended.capped
    assert not ended.gap
    assert ended.margin + ended.added == most_margin(1000, Decimal(10_000))


def test_a_position_born_below_its_trigger_is_acted_on_at_once():
    ended = play(minutes(100_000, 100_000), leverage="100", quantity=1_000)

    assert ended.actions == 1
    assert ended.least_distance < TRIGGER


def test_funding_is_paid_at_its_hours_and_not_at_the_opening_itself():
    prices = [10_000] * (4 * 60 * 8 + 1)
    costs = Costs(fee_tier=None, funding_rate=Decimal("0.0001"))

    ended = play(minutes(*prices), guarded=False, spare=0, costs=costs)

    assert ended.funding == funding_fee(Side.BUY, 1000, Decimal(10_000), Decimal("0.0001"))
    assert ended.equity == ended.margin - ended.funding


def test_funding_that_misses_a_print_is_fixed_at_the_one_before_it():
    eight = START + timedelta(hours=8)
    before = minutes(10_000, 10_000, start=eight - timedelta(minutes=5))
    after = minutes(9_900, 9_900, start=eight + timedelta(minutes=5))
    path = Path([*before.times, *after.times], [*before.halves, *after.halves])
    costs = Costs(fee_tier=None, funding_rate=Decimal("0.001"))

    ended = play(path, guarded=False, costs=costs)

    assert ended.funding == funding_fee(Side.BUY, 1000, Decimal(10_000), Decimal("0.001"))


def test_latency_lets_an_action_come_too_late():
    path = minutes(100_000, 98_000, 96_000, 99_000)
    late = Costs(fee_tier=None, funding_rate=Decimal(0), latency=timedelta(seconds=20))

    in_time = play(path, leverage="25", quantity=2_500)
    too_late = play(path, leverage="25", quantity=2_500, costs=late)

    assert in_time.liquidated_at is None
    assert too_late.liquidated_at == START + timedelta(seconds=30)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    side=st.sampled_from(Side),
    leverage=st.sampled_from(["2", "5", "10", "25", "50", "100"]),
    spare=st.sampled_from([0, 1_000, 500_000, None]),
    rate=st.sampled_from(["0", "0.0001", "-0.0003"]),
)
def test_skipping_prints_changes_nothing(seed, side, leverage, spare, rate):
    path = walk(seed, 1_500)
    costs = Costs(fee_tier=0, funding_rate=Decimal(rate))
    play_it = {"side": side, "leverage": leverage, "spare": spare, "costs": costs}

    skipped = play(path, strategy=Woken, **play_it)
    visited = play(path, strategy=Everywhere, **play_it)

    assert skipped == visited


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    side=st.sampled_from(Side),
    leverage=st.sampled_from([5, 10, 25, 50, 100]),
)
def test_an_unguarded_position_dies_at_the_first_print_that_touches(seed, side, leverage):
    path = walk(seed, 1_500)

    ended = play(path, side=side, leverage=str(leverage), guarded=False)

    entry = path.price(0)
    margin = -(-1000 * 10**8 * 2 // (int(path.halves[0]) * leverage))
    death = liquidation(side, 1000, entry, margin)
    touched = [n for n in range(1, len(path)) if (path.price(n) - death) * side.sign <= 0]
    assert ended.liquidated_at == (path.time(touched[0]) if touched else None)
    prices = [path.price(n) for n in range((touched[0] + 1) if touched else len(path))]
    assert ended.least_distance == min(side.sign * (p - death) / p for p in prices)


def test_a_strategy_that_never_rests_is_stopped():
    class Restless(Everywhere):
        """Asks again whenever it is refused."""

        name = "restless"

        def on_outcome(self, outcome, view):
            yield outcome.action

        def on_tick(self, tick, view):
            from axisor.intents import AddMargin

            yield AddMargin(position=view.positions[0].id, amount=10**12)

    with pytest.raises(RuntimeError, match="does not come to rest"):
        play(minutes(10_000, 10_000, 10_000), strategy=Restless, spare=1)
