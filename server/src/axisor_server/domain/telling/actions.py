"""Which words of the catalogue say an action, and the figures that fill them."""

from __future__ import annotations

from decimal import Decimal

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
from axisor.words import short, side_word
from axisor_server.domain.telling.happening import plain

DOINGS = (
    *("add", "cash_in", "close", "stop", "stop_off", "target", "target_off", "open", "open_for"),
    *("cross_order", "deposit", "withdraw", "cross_leverage", "cancel", "cancel_all"),
)
"""Every way to say an action."""


def doing(action: Action) -> tuple[str, dict[str, str]]:
    """Return which words say an action, and their figures."""
    return _of_position(action) or _of_account(action)


def _of_position(action: Action) -> tuple[str, dict[str, str]] | None:
    match action:
        case AddMargin(position=position, amount=amount):
            return "add", {"name": short(position), "amount_sat": str(amount)}
        case CashIn(position=position, amount=amount):
            return "cash_in", {"name": short(position), "amount_sat": str(amount)}
        case ClosePosition(position=position):
            return "close", {"name": short(position)}
        case SetStop(position=position, price=price):
            return _priced("stop", position, price)
        case SetTakeProfit(position=position, price=price):
            return _priced("target", position, price)
        case _:
            return None


def _priced(word: str, position: str, price: Decimal | None) -> tuple[str, dict[str, str]]:
    if price is None:
        return f"{word}_off", {"name": short(position)}
    return word, {"name": short(position), "at_usd": plain(price)}


def _of_account(action: Action) -> tuple[str, dict[str, str]]:
    match action:
        case OpenPosition(side=side, leverage=leverage):
            figures = {"side": side_word(side), "leverage": plain(leverage)}
            if action.quantity is None:
                return "open_for", figures | {"amount_sat": str(action.margin or 0)}
            return "open", figures | {"quantity_count": str(action.quantity)}
        case CrossOrder(side=side, quantity=quantity):
            return "cross_order", {"side": side_word(side), "quantity_count": str(quantity)}
        case DepositCross(amount=amount):
            return "deposit", {"amount_sat": str(amount)}
        case WithdrawCross(amount=amount):
            return "withdraw", {"amount_sat": str(amount)}
        case SetCrossLeverage(leverage=leverage):
            return "cross_leverage", {"leverage": plain(leverage)}
        case CancelOrder(order=order):
            return "cancel", {"name": short(order)}
        case CancelAllOrders():
            return "cancel_all", {}
        case _:
            raise AssertionError(f"no words for {type(action).__name__}")
