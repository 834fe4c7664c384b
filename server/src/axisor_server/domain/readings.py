"""What a reading shows about one action, as figures by name, for people and for the journal."""

from __future__ import annotations

import msgspec

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
from axisor.model import AccountState, Position
from axisor_server.domain.witness import Baseline, Evidence

MOST_ROWS = 8
"""How many orders or transfers are named; a ninth says no more than that there are many."""


def baseline_figures(baseline: Baseline) -> dict[str, str]:
    """Return what was known before an action left, by name."""
    held = msgspec.to_builtins(baseline)
    return {name: _text(value) for name, value in held.items() if name != "market_us"}


def shows(action: Action, evidence: Evidence) -> dict[str, str]:
    """Return what was read that bears on an action, by name; empty where nothing was."""
    match action:
        case OpenPosition() | CrossOrder():
            return _listed("orders", None if evidence.found is None else _ids(evidence))
        case DepositCross() | WithdrawCross():
            rows = evidence.transfers
            named = None if rows is None else [f"{row.id}: {row.amount}" for row in rows]
            return _listed("transfers", named)
        case _:
            return {} if evidence.state is None else _of_state(action, evidence, evidence.state)


def _of_state(action: Action, evidence: Evidence, state: AccountState) -> dict[str, str]:
    match action:
        case AddMargin() | CashIn() | ClosePosition() | SetStop() | SetTakeProfit():
            if action.position in state.unreadable:
                return {"position": "unreadable"}
            position = state.position(action.position)
            if position is None:
                end = "gone" if evidence.closed is None else evidence.closed.end
                return {"position": end}
            return {"position": "open", **_of_position(action, position)}
        case CancelOrder():
            waits = any(order.id == action.order for order in state.orders)
            return {"order": "open" if waits else "gone"}
        case CancelAllOrders():
            mine = [order.id for order in state.orders if order.margin_mode is action.margin_mode]
            return _listed("orders", mine)
        case SetCrossLeverage():
            return {"leverage": str(state.cross.leverage)}
        case _:
            raise AssertionError(f"{type(action).__name__} is read elsewhere")


def _of_position(action: Action, position: Position) -> dict[str, str]:
    match action:
        case AddMargin() | CashIn():
            return {
                "margin": str(position.margin),
                "cash_in_margin": str(position.sum_cash_in_margin),
                "cash_in_pl": str(position.sum_cash_in_pl),
                "funding": str(position.sum_funding_fees),
            }
        case SetStop():
            return {"stop": _text(position.stoploss)}
        case SetTakeProfit():
            return {"target": _text(position.takeprofit)}
        case _:
            return {}


def _ids(evidence: Evidence) -> list[str]:
    return [item.id for item in evidence.found or ()]


def _listed(name: str, items: list[str] | None) -> dict[str, str]:
    if items is None:
        return {}
    more = ", …" if len(items) > MOST_ROWS else ""
    return {f"{name}": f"{', '.join(items[:MOST_ROWS])}{more}" or "none"}


def _text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)
