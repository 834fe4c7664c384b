"""Refuses what goes beyond a limit, and what cannot be judged; never what protects or closes."""

from __future__ import annotations

from decimal import Decimal

from axisor.errors import AxisorError, ReviewRefused
from axisor.intents import (
    Action,
    CashIn,
    CrossOrder,
    OpenPosition,
    SetCrossLeverage,
    WithdrawCross,
)
from axisor.maths import leverage_of
from axisor.model import CROSS, MarginMode, Sats
from axisor.strategy import View
from axisor_limits.config import LimitsConfig
from axisor_limits.exposure import exposure, leverage, positions


def review(config: LimitsConfig, action: Action, view: View) -> AxisorError | None:
    """Return why an action is refused, or None where it is within every limit.

    Only what opens, enlarges, or raises leverage is judged. Whatever else there is, such as adding
    margin, closing and stops, always passes.
    """
    match action:
        case OpenPosition():
            return _opening(config, action, view)
        case CrossOrder():
            passes = action.reduce or _shrinks(action, view)
            return None if passes else _opening(config, action, view)
        case SetCrossLeverage():
            return _leverage(config, action.leverage)
        case CashIn():
            return _cash_in(config, action, view)
        case WithdrawCross():
            return _withdrawal(config, action.amount, view)
        case _:
            return None


def _shrinks(action: CrossOrder, view: View) -> bool:
    """Return whether an order can only make the cross position smaller."""
    held = view.position(CROSS)
    if held is None or any(isinstance(other, CrossOrder) for other in view.opening):
        return False
    if any(order.margin_mode is MarginMode.CROSS for order in view.orders):
        return False
    return action.side is not held.side and action.quantity <= held.quantity


def _opening(
    config: LimitsConfig, action: OpenPosition | CrossOrder, view: View
) -> AxisorError | None:
    multiple = action.leverage if isinstance(action, OpenPosition) else view.cross.leverage
    return (
        _leverage(config, multiple)
        or _positions(config, action, view)
        or _day_loss(config, view)
        or _exposure(config, action, view)
    )


def _leverage(config: LimitsConfig, multiple: Decimal | int) -> AxisorError | None:
    limit = config.max_leverage
    if limit is None or multiple <= limit:
        return None
    return ReviewRefused(
        f"A leverage of {multiple} is above the limit of {limit}.",
        fix=f"Take {limit} or less, or raise max_leverage.",
        limit="max_leverage",
    )


def _positions(
    config: LimitsConfig, action: OpenPosition | CrossOrder, view: View
) -> AxisorError | None:
    limit, there = config.max_positions, positions(view)
    if limit is None or positions(view, action) <= max(limit, there):
        return None
    return ReviewRefused(
        f"There are {there} positions and orders for new ones; the limit is {limit}.",
        fix="Close one, cancel an order, or raise max_positions.",
        limit="max_positions",
    )


def _day_loss(config: LimitsConfig, view: View) -> AxisorError | None:
    limit = config.max_day_loss_sats
    if limit is None or view.lost_today < limit:
        return None
    return ReviewRefused(
        f"Positions that ended today lost {view.lost_today:,} sat; the limit is {limit:,}.",
        fix="Wait for the next day, UTC, or raise max_day_loss_sats.",
        limit="max_day_loss_sats",
    )


def _exposure(
    config: LimitsConfig, action: OpenPosition | CrossOrder, view: View
) -> AxisorError | None:
    most, multiple = config.max_exposure_usd, config.max_account_leverage
    if most is None and multiple is None:
        return None
    if view.unreadable:
        return _unjudged("A position could not be read")
    dollars = exposure(view, action)
    if dollars is None:
        return _unjudged("There is no price to tell the size by")
    if most is not None and dollars > most:
        return ReviewRefused(
            f"The exposure would be {dollars:,} USD; the limit is {most:,}.",
            fix="Open less, close something first, or raise max_exposure_usd.",
            limit="max_exposure_usd",
        )
    return _account_leverage(config, dollars, view)


def _account_leverage(config: LimitsConfig, dollars: int, view: View) -> AxisorError | None:
    limit = config.max_account_leverage
    if limit is None:
        return None
    found = leverage(dollars, view)
    if found is None:
        return _unjudged("Without a price, or with nothing left, there is no leverage to tell")
    if found <= limit:
        return None
    return ReviewRefused(
        f"All positions together would be {found:.2f} times the account; the limit is {limit}.",
        fix="Open less, or raise max_account_leverage.",
        limit="max_account_leverage",
    )


def _cash_in(config: LimitsConfig, action: CashIn, view: View) -> AxisorError | None:
    """Judge taking margin out of a position by the leverage that is left.

    As if all of it came out of margin: what comes out of profit leaves the leverage lower.
    """
    held = view.position(action.position)
    if config.max_leverage is None or held is None:
        return None
    left = held.margin + max(0, held.pl) - action.amount
    if left <= 0:
        return _leverage(config, config.max_leverage + 1)
    return _leverage(config, leverage_of(held.quantity, min(left, held.margin), held.entry))


def _withdrawal(config: LimitsConfig, amount: Sats, view: View) -> AxisorError | None:
    """Judge taking sats out of the cross wallet by the leverage that is left."""
    held = view.position(CROSS)
    if config.max_leverage is None or held is None:
        return None
    left = view.cross.margin - amount
    if left <= 0:
        return _leverage(config, config.max_leverage + 1)
    return _leverage(config, leverage_of(held.quantity, left, held.entry))


def _unjudged(why: str) -> ReviewRefused:
    return ReviewRefused(
        f"{why}, so it is not known whether the limits would hold.",
        fix="Wait for the feed: axisor market ticker.",
    )
