"""What a strategy may ask for. An intent is a wish: the core reviews, journals and carries it out.

Acting intents end at the venue, reporting intents (`Notice`, `Wake`) do not. Money is sats, prices
are dollars. The core derives the id of each acting intent from its run and step, so a repeated step
repeats no effect.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from axisor.model import MarginMode, OrderType, Price, Sats, Severity, Side


class Check(Struct, frozen=True):
    """One comparison a decision made: the value it saw, the threshold, and whether it passed."""

    name: str
    value: str
    threshold: str
    passed: bool


class Why(Struct, frozen=True):
    """The explanation of a decision: its rule, inputs, checks and the alternatives it rejected."""

    rule: str
    inputs: dict[str, str] = {}
    checks: tuple[Check, ...] = ()
    rejected: tuple[str, ...] = ()


class OpenPosition(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Open an isolated position, or place a limit order for one.

    Exactly one of quantity, margin.
    """

    side: Side
    leverage: Decimal | int
    quantity: int | None = None
    margin: Sats | None = None
    type: OrderType = OrderType.MARKET
    price: Price | None = None
    stoploss: Price | None = None
    takeprofit: Price | None = None
    client_id: str | None = None
    why: Why | None = None


class CrossOrder(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Trade the cross position by `quantity` dollars; with a price it is a limit order."""

    side: Side
    quantity: int
    type: OrderType = OrderType.MARKET
    price: Price | None = None
    client_id: str | None = None
    reduce: bool = False
    why: Why | None = None


class AddMargin(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Move sats from the balance into an isolated position."""

    position: str
    amount: Sats
    episode: str = ""
    why: Why | None = None


class CashIn(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Move sats from an isolated position (profit first, then margin) to the balance."""

    position: str
    amount: Sats
    why: Why | None = None


class ClosePosition(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Close a whole position at the market; `cross` closes the cross position."""

    position: str
    episode: str = ""
    why: Why | None = None


class SetStop(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Arm the venue's stop-loss of a position at `price`; None removes it."""

    position: str
    price: Price | None
    why: Why | None = None


class SetTakeProfit(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Set the venue's take-profit of a position at `price`; None removes it."""

    position: str
    price: Price | None
    why: Why | None = None


class CancelOrder(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Cancel one open order."""

    order: str
    margin_mode: MarginMode = MarginMode.ISOLATED
    why: Why | None = None


class CancelAllOrders(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Cancel every open order of one margin mode."""

    margin_mode: MarginMode = MarginMode.ISOLATED
    why: Why | None = None


class DepositCross(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Move sats from the balance into the cross wallet."""

    amount: Sats
    episode: str = ""
    why: Why | None = None


class WithdrawCross(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Move free sats from the cross wallet to the balance."""

    amount: Sats
    why: Why | None = None


class SetCrossLeverage(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Set the leverage of the cross position, 1 to 100."""

    leverage: int
    why: Why | None = None


class Notice(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Tell the owner something.

    `code` is stable, `text` is for people, `data` holds its figures.
    """

    severity: Severity
    code: str
    text: str
    position: str = ""
    data: dict[str, str] = {}
    why: Why | None = None


class Wake(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """When to call next: last price or bid at or below, last price or ask at or above, at a time.

    `on` names further events to be called for: `position`, `order`, `outcome`, `balance`, `feed`,
    and `funding`, a tick with another funding rate or time than the one before (as `on_wake`).
    The last `Wake` of a step replaces the one before; a step without one keeps it. Bounds are
    inclusive.
    """

    below: Price | None = None
    above: Price | None = None
    at: datetime | None = None
    on: frozenset[str] = frozenset({"position", "outcome", "balance", "feed"})


Action: TypeAlias = (
    OpenPosition
    | CrossOrder
    | AddMargin
    | CashIn
    | ClosePosition
    | SetStop
    | SetTakeProfit
    | CancelOrder
    | CancelAllOrders
    | DepositCross
    | WithdrawCross
    | SetCrossLeverage
)
"""An intent that ends in a call to the venue."""

Intent: TypeAlias = Action | Notice | Wake
"""Anything a strategy may yield."""

ADDITIVE = (OpenPosition, CrossOrder, AddMargin, CashIn, DepositCross, WithdrawCross)
"""Actions whose effect doubles when they are carried out twice."""

SPENDING = (AddMargin, DepositCross)
"""Actions that protect a position by moving sats into it."""
