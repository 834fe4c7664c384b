"""Carries each action out by the one call that the venue has for it."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias, assert_never

from axisor.errors import NotSupported
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
from axisor.model import CROSS, MarginMode, OrderType
from axisor.ports import Confirmed, Lane
from axisor_lnmarkets.convert import (
    closed_of,
    cross_order_of,
    cross_position_of,
    order_of,
    position_of,
)
from axisor_lnmarkets.models.futures import CrossOrder as WireOrder
from axisor_lnmarkets.models.futures import CrossPosition, Trade, TradeType
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.rest.cross import NewOrder
from axisor_lnmarkets.rest.isolated import NewTrade

Answer: TypeAlias = Trade | WireOrder | CrossPosition | tuple[Trade, ...] | tuple[WireOrder, ...]
"""What the venue answers to an action."""

IsolatedAction: TypeAlias = OpenPosition | AddMargin | CashIn | SetStop | SetTakeProfit

PATHS = frozenset(
    {
        ("GET", "/v3/account"),
        ("GET", "/v3/futures/isolated/trades/open"),
        ("GET", "/v3/futures/isolated/trades/running"),
        ("GET", "/v3/futures/isolated/trades/closed"),
        ("GET", "/v3/futures/isolated/trades/canceled"),
        ("GET", "/v3/futures/isolated/funding-fees"),
        ("GET", "/v3/futures/cross/position"),
        ("GET", "/v3/futures/cross/orders/open"),
        ("GET", "/v3/futures/cross/orders/filled"),
        ("GET", "/v3/futures/cross/transfers"),
        ("GET", "/v3/futures/cross/funding-fees"),
        ("POST", "/v3/futures/isolated/trade"),
        ("POST", "/v3/futures/isolated/trade/add-margin"),
        ("POST", "/v3/futures/isolated/trade/cash-in"),
        ("POST", "/v3/futures/isolated/trade/close"),
        ("POST", "/v3/futures/isolated/trade/cancel"),
        ("POST", "/v3/futures/isolated/trades/cancel-all"),
        ("PUT", "/v3/futures/isolated/trade/stoploss"),
        ("DELETE", "/v3/futures/isolated/trade/stoploss"),
        ("PUT", "/v3/futures/isolated/trade/takeprofit"),
        ("DELETE", "/v3/futures/isolated/trade/takeprofit"),
        ("POST", "/v3/futures/cross/order"),
        ("POST", "/v3/futures/cross/order/cancel"),
        ("POST", "/v3/futures/cross/orders/cancel-all"),
        ("POST", "/v3/futures/cross/position/close"),
        ("POST", "/v3/futures/cross/deposit"),
        ("POST", "/v3/futures/cross/withdraw"),
        ("PUT", "/v3/futures/cross/leverage"),
    }
)
"""All that an account's signer signs. No way for money to leave the venue is among them."""


async def carry_out(rest: Rest, action: Action, *, signed_at_ms: int, lane: Lane) -> Answer:
    """Send the call of an action once, stamped `signed_at_ms`.

    Raises NotSupported and FieldInvalid before anything is sent, OutcomeUnknown, VenueError.
    """
    isolated, cross = rest.isolated, rest.cross
    match action:
        case OpenPosition() | AddMargin() | CashIn() | SetStop() | SetTakeProfit():
            return await _on_isolated(rest, action, signed_at_ms, lane)
        case ClosePosition(position=position):
            if position == CROSS:
                return await cross.close(signed_at_ms=signed_at_ms, lane=lane)
            return await isolated.close(position, signed_at_ms=signed_at_ms, lane=lane)
        case CancelOrder(order=order, margin_mode=MarginMode.CROSS):
            return await cross.cancel(order, signed_at_ms=signed_at_ms, lane=lane)
        case CancelOrder(order=order):
            return await isolated.cancel(order, signed_at_ms=signed_at_ms, lane=lane)
        case CancelAllOrders(margin_mode=MarginMode.CROSS):
            return await cross.cancel_all(signed_at_ms=signed_at_ms, lane=lane)
        case CancelAllOrders():
            return await isolated.cancel_all(signed_at_ms=signed_at_ms, lane=lane)
        case CrossOrder():
            return await cross.new_order(_new_order(action), signed_at_ms=signed_at_ms, lane=lane)
        case DepositCross(amount=amount):
            return await cross.deposit(amount, signed_at_ms=signed_at_ms, lane=lane)
        case WithdrawCross(amount=amount):
            return await cross.withdraw(amount, signed_at_ms=signed_at_ms, lane=lane)
        case SetCrossLeverage(leverage=leverage):
            return await cross.set_leverage(leverage, signed_at_ms=signed_at_ms, lane=lane)
        case _:
            assert_never(action)


async def _on_isolated(rest: Rest, action: IsolatedAction, signed_at_ms: int, lane: Lane) -> Trade:
    isolated = rest.isolated
    if isinstance(action, OpenPosition):
        trade = _new_trade(action)
        return await isolated.new_trade(trade, signed_at_ms=signed_at_ms, lane=lane)
    id = action.position
    if id == CROSS:
        raise NotSupported(
            f"LN Markets has no {type(action).__name__} for the cross position.",
            fix="Deposit to or withdraw from the cross wallet, or place a cross order.",
        )
    match action:
        case AddMargin(amount=amount):
            return await isolated.add_margin(id, amount, signed_at_ms=signed_at_ms, lane=lane)
        case CashIn(amount=amount):
            return await isolated.cash_in(id, amount, signed_at_ms=signed_at_ms, lane=lane)
        case SetStop(price=None):
            return await isolated.remove_stoploss(id, signed_at_ms=signed_at_ms, lane=lane)
        case SetStop(price=Decimal() as price):
            return await isolated.set_stoploss(id, price, signed_at_ms=signed_at_ms, lane=lane)
        case SetTakeProfit(price=None):
            return await isolated.remove_takeprofit(id, signed_at_ms=signed_at_ms, lane=lane)
        case SetTakeProfit(price=Decimal() as price):
            return await isolated.set_takeprofit(id, price, signed_at_ms=signed_at_ms, lane=lane)
    raise NotSupported(f"{type(action).__name__} has a price that is no Decimal.")


def _new_trade(action: OpenPosition) -> NewTrade:
    return NewTrade(
        side=action.side,
        leverage=action.leverage,
        type=TradeType.LIMIT if action.type is OrderType.LIMIT else TradeType.MARKET,
        quantity=action.quantity,
        margin=action.margin,
        price=action.price,
        stoploss=action.stoploss,
        takeprofit=action.takeprofit,
        client_id=action.client_id,
    )


def _new_order(action: CrossOrder) -> NewOrder:
    """Return the order of an action; the venue has no reduce-only, so the caller keeps to it."""
    return NewOrder(
        side=action.side,
        quantity=action.quantity,
        type=TradeType.LIMIT if action.type is OrderType.LIMIT else TradeType.MARKET,
        price=action.price,
        client_id=action.client_id,
    )


def confirmed_of(answer: Answer) -> Confirmed:
    """Return the venue's answer to an action as a confirmation."""
    match answer:
        case Trade(running=True):
            return Confirmed(answer.id, position=position_of(answer))
        case Trade(closed=True):
            return Confirmed(answer.id, closed=closed_of(answer))
        case Trade():
            return Confirmed(answer.id, order=order_of(answer))
        case WireOrder():
            return Confirmed(answer.id, order=cross_order_of(answer))
        case CrossPosition():
            return Confirmed(CROSS, position=cross_position_of(answer))
        case _:
            return Confirmed()  # everything was canceled; there is no one thing to name
