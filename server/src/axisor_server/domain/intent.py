"""One effect on the venue: its states and legal moves, its target, its amount, its id."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from axisor.events import IntentState
from axisor.intents import (
    ADDITIVE,
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
from axisor.model import CROSS, MarginMode, Permission, Sats

MOVES: Mapping[IntentState, frozenset[IntentState]] = MappingProxyType(
    {
        IntentState.PLANNED: frozenset(
            {IntentState.SENT, IntentState.CANCELED, IntentState.REFUSED, IntentState.UNKNOWN}
        ),
        IntentState.SENT: frozenset(
            {IntentState.SENT, IntentState.CONFIRMED, IntentState.REFUSED, IntentState.UNKNOWN}
        ),
        IntentState.UNKNOWN: frozenset(
            {IntentState.CONFIRMED, IntentState.NOT_APPLIED, IntentState.DEAD}
        ),
        IntentState.CONFIRMED: frozenset(),
        IntentState.REFUSED: frozenset(),
        IntentState.NOT_APPLIED: frozenset(),
        IntentState.CANCELED: frozenset(),
        IntentState.DEAD: frozenset(),
    }
)
"""Which state may follow which. SENT never goes back, and only a read settles UNKNOWN.

SENT follows SENT only as its next attempt, once the venue refused the stamp of the one before.
A plan becomes UNKNOWN without having been SENT only where the journal was restored from a backup:
whoever was lost since may have sent it.
"""

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[Action] = msgspec.json.Decoder(Action)


def may_move(old: IntentState, new: IntentState) -> bool:
    """Return whether an intent in state `old` may become `new`."""
    return new in MOVES[old]


def encode_action(action: Action) -> bytes:
    """Return an action as canonical JSON."""
    return _encoder.encode(action)


def decode_action(action: bytes) -> Action:
    """Return the action of canonical JSON."""
    return _decoder.decode(action)


def intent_id(run: str, step: int, index: int) -> str:
    """Return the id of the `index`-th acting intent of a run's step; the same for ever."""
    return str(uuid.uuid5(uuid.UUID(run), f"{step}/{index}"))


def is_additive(action: Action) -> bool:
    """Return whether carrying the action out twice has twice the effect."""
    return isinstance(action, ADDITIVE)


def position_of(action: Action) -> str | None:
    """Return the id of the position an action touches, or None where it touches none yet."""
    match action:
        case AddMargin() | CashIn() | ClosePosition() | SetStop() | SetTakeProfit():
            return action.position
        case CrossOrder() | DepositCross() | WithdrawCross() | SetCrossLeverage():
            return CROSS
        case OpenPosition() | CancelOrder() | CancelAllOrders():
            return None


def target_of(action: Action, intent: str) -> str:
    """Return what an action works on: `positions/{id}`, `positions/cross` or `orders/…`.

    A new position has a target of its own, named by its intent, because its client id tells its
    outcome apart from that of any other.
    """
    position = position_of(action)
    if position is not None:
        return f"positions/{position}"
    match action:
        case CancelOrder():
            return f"orders/{action.order}"
        case CancelAllOrders():
            return f"orders/{action.margin_mode.value}"
        case _:
            return f"orders/{intent}"


def with_client_id(action: Action, intent: str) -> Action:
    """Return the action with its intent's id as client id, where the venue takes one.

    A client id of the caller's own is kept.
    """
    if isinstance(action, OpenPosition | CrossOrder) and action.client_id is None:
        return msgspec.structs.replace(action, client_id=intent)
    return action


def moved_sats(action: Action) -> Sats:
    """Return the sats an action names: those it adds, takes out or opens with; 0 for the others."""
    match action:
        case AddMargin() | CashIn() | DepositCross() | WithdrawCross():
            return action.amount
        case OpenPosition():
            return action.margin or 0
        case _:
            return 0


SPENDING_KINDS = frozenset({"AddMargin", "DepositCross", "OpenPosition"})
"""Kinds whose amount leaves the free balance."""


def spends(kind: str) -> bool:
    """Return whether an action of this kind moves sats from the balance into a position."""
    return kind in SPENDING_KINDS


def increases_risk(action: Action) -> bool:
    """Return whether an action can leave the account in more danger than before it."""
    match action:
        case OpenPosition() | CashIn() | WithdrawCross() | SetCrossLeverage():
            return True
        case CrossOrder():
            return not action.reduce
        case SetStop():
            return action.price is None
        case _:
            return False


def is_protective(action: Action) -> bool:
    """Return whether an action defends a position and so never waits behind others."""
    match action:
        case AddMargin() | DepositCross() | ClosePosition():
            return True
        case SetStop():
            return action.price is not None
        case CrossOrder():
            return action.reduce
        case _:
            return False


def flattens(action: Action) -> bool:
    """Return whether an action only ends positions or orders."""
    match action:
        case ClosePosition() | CancelOrder() | CancelAllOrders():
            return True
        case CrossOrder():
            return action.reduce
        case _:
            return False


def permissions_for(action: Action) -> Permission:
    """Return the rights of which a strategy needs at least one for an action."""
    match action:
        case AddMargin() | DepositCross() | CashIn() | WithdrawCross():
            margin = Permission.ADJUST_MARGIN
            return margin | Permission.GUARD if is_protective(action) else margin
        case SetStop():
            return Permission.TRADE | Permission.ADJUST_MARGIN | Permission.GUARD
        case ClosePosition():
            return Permission.TRADE | Permission.GUARD
        case CrossOrder():
            return Permission.TRADE | Permission.GUARD if action.reduce else Permission.TRADE
        case _:
            return Permission.TRADE


def repeats_safely_while_unknown(action: Action) -> bool:
    """Return whether an action may be sent again while an earlier one of its kind is unknown.

    Closing an isolated position names the position, so a second close finds nothing to do.
    """
    return isinstance(action, ClosePosition) and action.position != CROSS


def margin_mode_of(action: Action) -> MarginMode:
    """Return the margin mode an action works in."""
    match action:
        case CancelOrder() | CancelAllOrders():
            return action.margin_mode
        case _:
            return MarginMode.CROSS if position_of(action) == CROSS else MarginMode.ISOLATED
