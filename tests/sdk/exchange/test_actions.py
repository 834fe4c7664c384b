"""Actions at the exchange: each does its one thing, and leaves the record of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from axisor.errors import NotSupported
from axisor.exchange import Account, CrossOrder, Quote, Rejected, Rules, Trade, seeded_ids
from axisor.exchange.actions import carry_out
from axisor.intents import (
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    ClosePosition,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.intents import CrossOrder as CrossOrderAction
from axisor.model import CROSS, MarginMode, OrderType, Side

NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUOTE = Quote.at(Decimal(100_000), NOW)


@pytest.fixture
def account() -> Account:
    return Account.new("a", NOW, seeded_ids(1), balance=10**8, rules=Rules(fee_tier=None))


def do(account: Account, action):
    return carry_out(account, action, NOW, QUOTE)


def opened(account: Account) -> Trade:
    trade = do(account, OpenPosition(side=Side.BUY, leverage=10, quantity=1_000))
    assert isinstance(trade, Trade)
    return trade


def test_an_isolated_position_lives_and_ends(account):
    trade = opened(account)

    assert do(account, AddMargin(position=trade.id, amount=50_000)).margin == 150_000
    assert do(account, CashIn(position=trade.id, amount=10_000)).margin == 140_000
    assert do(account, SetStop(position=trade.id, price=Decimal(95_000))).stoploss == 95_000
    assert do(account, SetStop(position=trade.id, price=None)).stoploss == 0
    assert do(account, SetTakeProfit(position=trade.id, price=Decimal(110_000))).takeprofit > 0
    assert do(account, ClosePosition(position=trade.id)).closed
    assert account.books.balance == 10**8


def test_the_cross_wallet_and_its_position(account):
    assert do(account, DepositCross(amount=500_000)).margin == 500_000
    assert do(account, SetCrossLeverage(leverage=10)).leverage == 10
    order = do(account, CrossOrderAction(side=Side.BUY, quantity=1_000))
    assert isinstance(order, CrossOrder)
    assert do(account, CrossOrderAction(side=Side.SELL, quantity=400, reduce=True)).filled
    assert account.cross.position().quantity == 600
    assert do(account, ClosePosition(position=CROSS)).filled
    assert do(account, WithdrawCross(amount=500_000)).margin == 0


@pytest.mark.parametrize(
    ("side", "quantity"), [(Side.BUY, 100), (Side.SELL, 1_001), (Side.SELL, 100)]
)
def test_reducing_never_opens_or_turns(account, side, quantity):
    if quantity != 100 or side is Side.BUY:
        do(account, DepositCross(amount=500_000))
        do(account, SetCrossLeverage(leverage=10))
        do(account, CrossOrderAction(side=Side.BUY, quantity=1_000))
    before = account.digest()

    with pytest.raises(Rejected):
        do(account, CrossOrderAction(side=side, quantity=quantity, reduce=True))

    assert account.digest() == before


def test_orders_are_canceled_one_by_one_or_all(account):
    limit = OpenPosition(
        side=Side.BUY, leverage=2, quantity=10, type=OrderType.LIMIT, price=Decimal(90_000)
    )
    first, second = do(account, limit), do(account, limit)
    do(account, DepositCross(amount=500_000))
    cross = CrossOrderAction(
        side=Side.BUY, quantity=10, type=OrderType.LIMIT, price=Decimal(90_000)
    )
    third, _ = do(account, cross), do(account, cross)

    assert do(account, CancelOrder(order=first.id)).canceled
    assert do(account, CancelOrder(order=third.id, margin_mode=MarginMode.CROSS)).canceled
    assert do(account, CancelAllOrders()) is None
    assert do(account, CancelAllOrders(margin_mode=MarginMode.CROSS)) is None
    assert second.open
    assert not account.isolated.open()
    assert not account.cross.open_orders()


@pytest.mark.parametrize("action", [SetStop, SetTakeProfit])
def test_the_cross_position_has_no_stop_of_its_own(account, action):
    with pytest.raises(NotSupported):
        do(account, action(position=CROSS, price=Decimal(90_000)))
