"""Carries out a strategy's or a client's action on a simulated account, as a venue would."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from axisor.errors import NotSupported
from axisor.exchange.account import Account
from axisor.exchange.quote import Quote
from axisor.exchange.records import CrossOrder as CrossOrderRecord
from axisor.exchange.records import CrossPosition, Trade
from axisor.exchange.requests import NewTrade
from axisor.exchange.rules import missing
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
from axisor.model import CROSS, MarginMode, Price

_OFF = Decimal(0)

Done: TypeAlias = Trade | CrossOrderRecord | CrossPosition | None
"""What an action leaves behind; None where it concerns several orders."""


def carry_out(account: Account, action: Action, now: datetime, quote: Quote) -> Done:
    """Do what the action asks, whole, and return the record of what it concerns as it is now.

    Raises Rejected (nothing changed) where the venue's rules forbid it, NotSupported for what the
    venue does not have.
    """
    isolated, cross = account.isolated, account.cross
    match action:
        case OpenPosition():
            return _open(account, action, now, quote)
        case AddMargin():
            return isolated.add_margin(now, action.position, action.amount)
        case CashIn():
            return isolated.cash_in(now, quote, action.position, action.amount)
        case ClosePosition(position=id):
            if id == CROSS:
                return cross.close_position(now, quote)
            return isolated.close(now, quote, id)
        case SetStop():
            _not_cross(action.position)
            return isolated.set_stoploss(now, quote, action.position, _or_off(action.price))
        case SetTakeProfit():
            _not_cross(action.position)
            return isolated.set_takeprofit(now, quote, action.position, _or_off(action.price))
        case DepositCross(amount=amount):
            return cross.deposit(now, amount)
        case WithdrawCross(amount=amount):
            return cross.withdraw(now, quote, amount)
        case SetCrossLeverage(leverage=leverage):
            return cross.set_leverage(now, leverage)
        case CrossOrder():
            return _trade_cross(account, action, now, quote)
        case CancelOrder() | CancelAllOrders():
            return _cancel(account, action, now)


def _open(account: Account, action: OpenPosition, now: datetime, quote: Quote) -> Done:
    order = NewTrade(
        type=action.type,
        side=action.side,
        leverage=action.leverage,
        quantity=action.quantity,
        margin=action.margin,
        price=action.price,
        stoploss=action.stoploss,
        takeprofit=action.takeprofit,
        client_id=action.client_id,
    )
    return account.isolated.new_trade(now, quote, order)


def _trade_cross(account: Account, action: CrossOrder, now: datetime, quote: Quote) -> Done:
    position = account.cross.position()
    shrinks = action.side is not position.side and action.quantity <= abs(position.quantity)
    if action.reduce and not (position.quantity and shrinks):
        raise missing("Position")
    return account.cross.order(
        now,
        quote,
        type=action.type,
        side=action.side,
        quantity=action.quantity,
        price=action.price,
        client_id=action.client_id,
    )


def _cancel(account: Account, action: CancelOrder | CancelAllOrders, now: datetime) -> Done:
    isolated = action.margin_mode is MarginMode.ISOLATED
    if isinstance(action, CancelOrder):
        if isolated:
            return account.isolated.cancel(now, action.order)
        return account.cross.cancel(now, action.order)
    if isolated:
        account.isolated.cancel_all(now)
    else:
        account.cross.cancel_all(now)
    return None


def _or_off(price: Price | None) -> Price:
    return _OFF if price is None else price


def _not_cross(position: str) -> None:
    if position == CROSS:
        raise NotSupported("The venue keeps no stop or target for the cross position.")
