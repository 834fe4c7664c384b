"""A reading is told by the figures that bear on the action, for every kind of action."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

import pytest

from axisor.intents import (
    Action,
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.model import (
    AccountState,
    Balance,
    CrossWallet,
    MarginMode,
    Order,
    OrderState,
    OrderType,
    Position,
    Side,
)
from axisor.ports import ClosedPosition, Transfer
from axisor_server.domain.readings import MOST_ROWS, baseline_figures, shows
from axisor_server.domain.witness import Baseline, Evidence

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HELD = Position(
    id="p",
    side=Side.BUY,
    quantity=100,
    entry=Decimal(100_000),
    margin=5_000,
    leverage=Decimal(20),
    liquidation=Decimal(95_000),
    stoploss=Decimal(96_000),
    sum_funding_fees=7,
)
RESTING = Order(
    id="o",
    type=OrderType.LIMIT,
    side=Side.BUY,
    quantity=1,
    price=Decimal(90_000),
    state=OrderState.OPEN,
    margin_mode=MarginMode.ISOLATED,
)
STATE = AccountState(
    balance=Balance(free=1),
    positions=(HELD,),
    orders=(RESTING,),
    cross=CrossWallet(margin=0, leverage=7),
)
ROWS = (Transfer("t2", 500, NOW), Transfer("t1", 500, NOW))
MONEY = {
    "position": "open",
    "margin": "5000",
    "cash_in_margin": "0",
    "cash_in_pl": "0",
    "funding": "7",
}
SHOWN = [
    (AddMargin(position="p", amount=1), MONEY),
    (CashIn(position="p", amount=1), MONEY),
    (ClosePosition(position="p"), {"position": "open"}),
    (SetStop(position="p", price=None), {"position": "open", "stop": "96000"}),
    (SetTakeProfit(position="p", price=None), {"position": "open", "target": "none"}),
    (OpenPosition(side=Side.BUY, leverage=5, quantity=1), {"orders": "p"}),
    (CrossOrder(side=Side.BUY, quantity=1), {"orders": "p"}),
    (DepositCross(amount=500), {"transfers": "t2: 500, t1: 500"}),
    (WithdrawCross(amount=500), {"transfers": "t2: 500, t1: 500"}),
    (CancelOrder(order="o"), {"order": "open"}),
    (CancelAllOrders(), {"orders": "o"}),
    (SetCrossLeverage(leverage=5), {"leverage": "7"}),
]
EVIDENCE = Evidence(state=STATE, found=(HELD,), transfers=ROWS)


@pytest.mark.parametrize(("action", "figures"), SHOWN, ids=lambda each: type(each).__name__)
def test_an_action_is_told_by_its_own_figures(action, figures):
    assert shows(action, EVIDENCE) == figures


def test_every_kind_of_action_is_told():
    assert {type(action) for action, _ in SHOWN} == set(get_args(Action))


@pytest.mark.parametrize("action", [action for action, _ in SHOWN], ids=lambda a: type(a).__name__)
def test_what_was_not_read_shows_nothing(action):
    assert shows(action, Evidence()) == {}


def test_a_position_that_is_gone_or_unreadable_is_told_as_such():
    ended = ClosedPosition("q", None, 0, None, end="liquidated")
    gone = Evidence(state=STATE, closed=ended)

    assert shows(ClosePosition(position="q"), gone) == {"position": "liquidated"}
    assert shows(AddMargin(position="q", amount=1), EVIDENCE) == {"position": "gone"}
    blurred = Evidence(state=AccountState(balance=Balance(free=1), unreadable=("p",)))
    assert shows(SetStop(position="p", price=None), blurred) == {"position": "unreadable"}


def test_a_long_list_is_cut():
    many = Evidence(transfers=tuple(Transfer(f"t{n}", n, NOW) for n in range(MOST_ROWS + 1)))

    told = shows(DepositCross(amount=1), many)["transfers"]

    assert told.endswith(", …")
    assert f"t{MOST_ROWS}:" not in told


def test_a_baseline_names_what_was_known():
    known = baseline_figures(Baseline(market_us=5, margin=10, funding=3))

    assert known == {"margin": "10", "funding": "3"}
    assert baseline_figures(Baseline(ids=("a", "b"))) == {"ids": "a, b"}
