"""Plans of accounts: what a person may write, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from axisor.backtest import Opening, parse_opening, parse_plans
from axisor.errors import ConfigInvalid, StrategyNotFound
from axisor.model import Side
from axisor_dip_buyer import DipBuyer, DipConfig

TWO = """
[[accounts]]
balance = 1000000
strategy = "dip-buyer"
config = {margin = 5000, step = "1.5"}
open = ["long 25x 2500", "short 2.5x 10"]

[[accounts]]
name = "other"
balance = 5
strategy = "dip-buyer"
config = {margin = 1}
"""


def find(name: str) -> type[DipBuyer]:
    if name != DipBuyer.name:
        raise StrategyNotFound(f"No {name}.", strategy=name)
    return DipBuyer


def test_a_file_of_accounts_is_read_with_their_own_configurations():
    first, second = parse_plans(TWO, find)

    assert (first.name, second.name) == ("account-1", "other")
    assert first.openings == (
        Opening(Side.BUY, Decimal(25), 2_500),
        Opening(Side.SELL, Decimal("2.5"), 10),
    )
    assert isinstance(first.config, DipConfig)
    assert first.config.step == Decimal("1.5")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "accounts = []",
        "accounts = 1",
        "[[accounts",
        TWO.replace("balance = 5\n", "balance = 0\n"),
        TWO.replace("balance = 5\n", "balence = 5\n"),
        TWO.replace('"other"', '"account-1"'),
        TWO.replace("margin = 1}", "margin = 0}"),
        TWO.replace("long 25x", "long 250x"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(text):
    with pytest.raises(ConfigInvalid):
        parse_plans(text, find)


@pytest.mark.parametrize(
    "text", ["", "long", "long 25 2500", "up 25x 10", "long 0.5x 10", "long 2x 0", "long 2x 900000"]
)
def test_a_position_that_makes_no_sense_is_refused(text):
    with pytest.raises(ConfigInvalid) as raised:
        parse_opening(text)

    assert "--open" in raised.value.todo
