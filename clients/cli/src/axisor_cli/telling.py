"""What happened, as a sentence for a line of output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from axisor.events import (
    BalanceChanged,
    CommandRefused,
    CoverageChanged,
    FeedChanged,
    HaltChanged,
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    NoticeGiven,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    RunChanged,
)
from axisor.intents import AddMargin, ClosePosition, CrossOrder, DepositCross, OpenPosition, SetStop

if TYPE_CHECKING:
    from axisor.wire.records import SeenEvent


def describe(action: Any) -> str:
    """Return an action as a person would say it."""
    match action:
        case AddMargin():
            return f"add {action.amount:,} sat to {action.position[:8]}"
        case DepositCross():
            return f"deposit {action.amount:,} sat into the cross wallet"
        case ClosePosition():
            return f"close {action.position[:8]}"
        case SetStop(price=price):
            where = "off" if price is None else f"{price:,f}"
            return f"stop of {action.position[:8]} {where}"
        case OpenPosition():
            size = f"{action.quantity:,} USD" if action.quantity else f"{action.margin:,} sat"
            return f"{action.side.value} {size} at {action.leverage}x"
        case CrossOrder():
            return f"cross {action.side.value} {action.quantity:,} USD"
        case _:
            return type(action).__name__


def tell(event: SeenEvent) -> str:
    """Return an event as one sentence."""
    return _tell_effect(event.payload) or _tell_state(event.payload) or ""


def _tell_effect(payload: Any) -> str | None:
    match payload:
        case IntentPlanned():
            return f"planned: {describe(payload.action)}"
        case IntentSettled():
            said = f": {payload.message}" if payload.message else ""
            took = f" in {payload.latency_ms} ms" if payload.latency_ms else ""
            return f"{payload.state.value} by {payload.by}{took}{said}"
        case IntentReviewRefused():
            return f"not sent, {describe(payload.action)}: {payload.message}"
        case CommandRefused():
            return f"refused: {payload.message}"
        case NoticeGiven():
            return f"{payload.severity.value}: {payload.text}"
        case _:
            return None


def _tell_state(payload: Any) -> str | None:
    match payload:
        case PositionChanged(position=held):
            return f"{held.id[:8]} margin {held.margin:,} sat, liquidation {held.liquidation:,f}"
        case PositionClosed(position=held):
            return f"{held.id[:8]} {payload.end.value}, {payload.pl:+,} sat"
        case BalanceChanged(balance=balance):
            return f"free {balance.free:,} sat"
        case OrderChanged(order=order):
            return f"{order.side.value} {order.quantity:,} USD {order.state.value}"
        case RunChanged():
            return f"{payload.strategy} {payload.state.value} {payload.reason}".rstrip()
        case CoverageChanged(coverage=cover):
            return f"{cover.position[:8]} {cover.state.value} {cover.reason}".rstrip()
        case HaltChanged():
            return f"halt {payload.level.value} by {payload.principal}"
        case FeedChanged():
            return f"price {payload.quality.value} {payload.reason}".rstrip()
        case _:
            return None


def as_record(event: SeenEvent) -> dict[str, Any]:
    """Return an event as a program reads it."""
    return {
        "stream": event.stream,
        "sequence": event.sequence,
        "time": event.time,
        "mode": event.mode.value,
        "kind": event.kind,
        "payload": msgspec.to_builtins(event.payload),
        "hash": event.hash.hex(),
    }
