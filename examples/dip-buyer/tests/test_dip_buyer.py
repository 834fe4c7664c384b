"""All that the strategy promises."""

import pytest

from axisor.errors import ConfigInvalid
from axisor.intents import OpenPosition
from axisor.model import Side
from axisor.testing import Harness, check_strategy
from axisor_dip_buyer import DipBuyer

BUY = OpenPosition(side=Side.BUY, margin=1000, leverage=1)


def test_buys_at_each_step_down() -> None:
    dip = Harness(DipBuyer, margin=1000)

    assert dip.run([100, 99]) == []
    assert dip.tick(98) == [BUY]


def test_measures_the_next_step_from_the_last_buy() -> None:
    dip = Harness(DipBuyer, margin=1000, step=10)

    assert dip.run([100, 90, 82, 81]) == [BUY, BUY]


def test_a_new_high_moves_the_anchor_up() -> None:
    dip = Harness(DipBuyer, margin=1000)

    assert dip.run([100, 200, 197]) == []
    assert dip.tick(196) == [BUY]


def test_a_restart_forgets_nothing() -> None:
    dip = Harness(DipBuyer, margin=1000)
    dip.tick(100)

    dip.restart()

    assert dip.tick(98) == [BUY]


def test_refuses_a_step_that_is_no_fall() -> None:
    with pytest.raises(ConfigInvalid):
        Harness(DipBuyer, margin=1000, step=0)


def test_holds_to_what_every_strategy_must() -> None:
    check_strategy(DipBuyer, margin=1000)
