"""Exits over whole markets: the loss is what was allowed, whatever the market did."""

from __future__ import annotations

from decimal import Decimal

import pytest

from axisor.exchange.happenings import Closed
from axisor.intents import CrossOrder, DepositCross, OpenPosition, SetCrossLeverage
from axisor.model import Side
from axisor_exits import Exits
from tests.plugins import played
from tests.plugins.played import Print

LONG = OpenPosition(side=Side.BUY, leverage=10, quantity=1_000)
SHORT = OpenPosition(side=Side.SELL, leverage=10, quantity=1_000)
CONFIG = {"stop_loss": 2, "take_profit": 3, "trailing": 1, "trailing_from": 1}


def check(path: list[Print]) -> None:
    """Play a long and a short, and require that both ended near where they should."""
    done = played.play(Exits, CONFIG, path, begun=(LONG, SHORT))

    for trade in done.account.isolated.closed():
        assert trade.exit_price is not None
        move = trade.side.sign * (trade.exit_price / trade.entry_price - 1)
        assert Decimal("-0.03") < move < Decimal("0.04")
    assert len(done.account.isolated.closed()) == 2
    assert done.requests.count("close") == 2
    assert not [h for h in done.account.happened if isinstance(h, Closed) and h.by == "liquidation"]


@pytest.mark.parametrize("seed", played.SEEDS)
def test_a_part_of_a_cross_position_is_closed_once_on_the_venue_too(seed: int):
    begun = (
        DepositCross(amount=2_000_000),
        SetCrossLeverage(leverage=2),
        CrossOrder(side=Side.SELL, quantity=1_000),
    )
    config = {"take_profit": 1, "take_profit_share": 30}

    done = played.play(Exits, config, played.seeded(seed), begun=begun)

    state = done.account.state(done.last.time, done.last)
    assert [position.quantity for position in state.positions] == [700]
    assert done.pilot.actions == 1


@pytest.mark.parametrize("seed", played.SEEDS)
def test_over_a_seeded_market(seed: int):
    check(played.seeded(seed))


def test_over_real_minutes():
    check(played.real())
