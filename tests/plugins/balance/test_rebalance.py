"""Margin goes from far to near, never so that the nearest comes nearer."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor import maths
from axisor.errors import ConfigInvalid
from axisor.events import IntentState, Outcome
from axisor.exchange import Account, Quote, seeded_ids
from axisor.exchange.actions import carry_out
from axisor.intents import Action, AddMargin, CashIn, Intent, Notice, OpenPosition
from axisor.model import FeedQuality, Position, Side, Tick
from axisor.strategy import take_step
from axisor.testing import Harness, check_strategy
from axisor.testing.script import opened
from axisor_balance import Rebalance
from axisor_balance.rebalance import RebalanceMemory
from tests.plugins import played

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEAR = opened("near", Side.BUY, 1_000, 100_000, 25)
FAR = opened("far", Side.SELL, 1_000, 100_000, 3)
many = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def actions(asked: list[Intent]) -> list[Action]:
    """Return what ends at the venue."""
    return [intent for intent in asked if isinstance(intent, Action)]


def run(**config: Any) -> Harness:
    """Return a run over a near long and a far short, its balance empty."""
    harness = Harness(Rebalance, **config)
    harness.set_balance(0)
    harness.set_positions(NEAR, FAR)
    assert actions(harness.tick(100_000)) == []
    return harness


def cashed_in(harness: Harness, taken: CashIn) -> list[Intent]:
    """Carry out taking sats out of the far position, and tell of it."""
    left = replace(FAR, margin=FAR.margin - taken.amount)
    harness.holdings = replace(
        harness.holdings.with_position(left),
        balance=replace(harness.view.balance, free=taken.amount),
    )
    return harness.settle(taken)


def test_sats_are_taken_from_far_and_added_to_near():
    harness = run()
    assert actions(harness.tick(99_200)) == []

    (taken,) = actions(harness.tick(99_000))
    assert isinstance(taken, CashIn)
    assert taken.position == "far"
    (added,) = actions(cashed_in(harness, taken))

    assert added == AddMargin(position="near", amount=taken.amount, why=added.why)
    assert actions(harness.settle(added)) == []
    near = harness.view.position("near")
    assert near is not None
    assert maths.distance(Side.BUY, Decimal(99_000), near.liquidation) >= Decimal("0.05")


def test_a_move_is_no_larger_than_was_set_and_is_followed_by_a_rest():
    harness = run(most_sats=500, cooldown_s=60)
    (taken,) = actions(harness.tick(99_000))
    assert isinstance(taken, CashIn)
    assert taken.amount == 500
    (added,) = actions(cashed_in(harness, taken))
    harness.settle(added)

    assert actions(harness.tick(98_990)) == []
    harness.tick(98_990)
    harness.advance(seconds=50)
    harness.tick(98_990)
    assert [type(a) for a in actions(harness.advance(seconds=10))] == [CashIn]


def test_who_has_nothing_to_spare_gives_nothing():
    harness = Harness(Rebalance)
    harness.set_positions(NEAR, opened("also", Side.SELL, 1_000, 100_000, 20))

    assert actions(harness.tick(99_000)) == []


def test_sats_that_could_not_be_added_are_used_next():
    harness = run()
    (taken,) = actions(harness.tick(99_000))
    assert isinstance(taken, CashIn)
    (added,) = actions(cashed_in(harness, taken))

    (said,) = harness.settle(added, IntentState.REFUSED, reason="VENUE_UNAVAILABLE")

    assert isinstance(said, Notice)
    assert isinstance(harness.memory, RebalanceMemory)
    assert harness.memory.carried == taken.amount
    assert actions(harness.tick(98_999)) == []
    again = actions(harness.advance(seconds=10))
    assert [type(action) for action in again] == [AddMargin]


def test_an_unknown_outcome_is_waited_for():
    harness = run()
    (taken,) = actions(harness.tick(99_000))

    assert actions(harness.settle(taken, IntentState.UNKNOWN)) == []
    assert actions(harness.run([98_900, 98_800])) == []


def test_a_reading_from_before_the_move_is_not_acted_on():
    harness = run()
    (taken,) = actions(harness.tick(99_000))

    assert actions(harness.settle(taken)) == []  # the harness shows no effect of cashing in
    assert actions(harness.tick(98_990)) == []


def test_a_doubtful_price_moves_nothing():
    harness = run()
    harness.set_feed(FeedQuality.DISPUTED)

    assert actions(harness.tick(98_000)) == []
    assert len(actions(harness.set_feed(FeedQuality.FRESH))) == 1


@pytest.mark.parametrize(
    ("config", "complaint"),
    [({"near": 0}, "between 0 and 100"), ({"near": 6}, "must rise"), ({"far": 5}, "must rise")],
)
def test_a_contradiction_is_refused(config: dict[str, Any], complaint: str):
    with pytest.raises(ConfigInvalid, match=complaint):
        Harness(Rebalance, **config)


def nearest(positions: tuple[Position, ...], price: Decimal) -> Decimal:
    """Return the least distance to liquidation."""
    return min(maths.distance(p.side, price, p.liquidation) for p in positions)


@many
@given(
    st.lists(
        st.tuples(st.sampled_from(Side), st.integers(2, 40), st.integers(100, 5_000)),
        min_size=2,
        max_size=5,
    ),
    st.integers(194_000, 206_000),
)
def test_the_nearest_never_comes_nearer_and_no_sat_is_lost(
    drawn: list[tuple[Side, int, int]], halves: int
):
    account = Account.new("moved", NOW, seeded_ids(0), balance=50_000_000)
    begin = Quote.at(Decimal(100_000), NOW)
    for side, leverage, quantity in drawn:
        order = OpenPosition(side=side, leverage=leverage, quantity=quantity)
        carry_out(account, order, NOW, begin)
    price = Decimal(halves) / 2
    quote = Quote.at(price, NOW)
    account.on_quote(quote)
    before = account.state(NOW, quote)
    if not before.positions:
        return
    free = before.balance.free

    harness = Harness(Rebalance, cooldown_s=0)
    harness.holdings = replace(harness.holdings, positions=before.positions, balance=before.balance)
    waiting = actions(harness.tick(Tick(NOW, NOW, price, price, price)))
    for _ in range(40):
        if not waiting:
            break
        action = waiting.pop(0)
        carry_out(account, action, NOW, quote)
        state = account.state(NOW, quote)
        assert nearest(state.positions, price) >= nearest(before.positions, price)
        harness.holdings = replace(
            harness.holdings, positions=state.positions, balance=state.balance
        )
        waiting += told(harness, action)
    assert account.state(NOW, quote).balance.free >= free


def told(harness: Harness, action: Action) -> list[Action]:
    """Tell the run that an action was confirmed, its effect being in the holdings already."""
    outcome = Outcome(action=action, state=IntentState.CONFIRMED)
    result = take_step(Rebalance, harness.config, harness.saved, outcome, harness.view)
    harness.saved = result.memory
    return actions(list(result.intents))


@pytest.mark.timeout(240)
def test_it_holds_to_the_conformance_checks():
    check_strategy(Rebalance, near=4, target=6, far=8)


def moved(path: list[Any]) -> None:
    """Walk a long and a far short, and require that what was taken was added, sat for sat."""
    path = [path[0], *path]
    orders = (
        OpenPosition(side=Side.BUY, leverage=20, quantity=500),
        OpenPosition(side=Side.SELL, leverage=2, quantity=500),
    )

    done = played.play(Rebalance, {"near": 3}, path, begun=orders, balance=60_000_000)

    rows = done.account.ledger
    taken = sum(int(row.fields["amount"]) for row in rows if row.request == "cash_in")
    added = sum(int(row.fields["amount"]) for row in rows if row.request == "add_margin")
    assert taken > 0
    assert 0 <= taken - added <= taken // 2


@pytest.mark.parametrize("seed", played.SEEDS)
def test_over_a_seeded_market(seed: int):
    moved(played.seeded(seed))


def test_over_real_minutes():
    moved(played.real())
