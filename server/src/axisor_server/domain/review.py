"""Whether an action may be planned: one function, the first objection counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from axisor.errors import (
    ActionPending,
    AmountNotPositive,
    AxisorError,
    FieldInvalid,
    InsufficientBalance,
    LeashExceeded,
    LeverageOutOfRange,
    OrderNotFound,
    PermissionDenied,
    PositionNotFound,
    PriceOffStep,
    QuantityOutOfRange,
    RateLimited,
    ReviewRefused,
    RunStateInvalid,
    StalePrice,
    VenueUnavailable,
)
from axisor.events import IntentState, RunState
from axisor.intents import (
    Action,
    AddMargin,
    CancelOrder,
    CashIn,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.maths import on_step
from axisor.model import CROSS, FeedQuality, Leash, OrderType, Permission, Sats
from axisor.strategy import View
from axisor_server.domain.account import AccountBook
from axisor_server.domain.counters import behind_error
from axisor_server.domain.halting import refusal
from axisor_server.domain.intent import (
    increases_risk,
    is_additive,
    is_protective,
    permissions_for,
    position_of,
    repeats_safely_while_unknown,
    spends,
    target_of,
)
from axisor_server.domain.journal import to_us
from axisor_server.domain.run import ACTING
from axisor_server.domain.standing import hindrance

Reviewer: TypeAlias = Callable[[Action, str, View], AxisorError | None]
"""Refuses an action by returning why; one that raises has refused. The text is a run's id or ''."""

MAX_QUANTITY = 500_000

MOST_OPEN = 64
"""How many actions of one run may be without an answer. The venue takes fewer before the last of
them would be too old to be sent, and what waits here slows the account down for its guards.
"""


class Refusal(Struct, frozen=True):
    """Why an action is not planned; `reviewer` where a plugin's reviewer refused it."""

    error: AxisorError
    reviewer: bool = False


class Asker(Struct, frozen=True, kw_only=True):
    """The run that asks: its state, its strategy's rights, its leash, its asks in a minute."""

    run: str
    state: RunState
    permissions: Permission
    leash: Leash
    asked_lately: int = 0


def review(
    action: Action,
    *,
    intent: str,
    cost: Sats,
    book: AccountBook,
    view: View,
    asker: Asker | None,
) -> AxisorError | None:
    """Return why an action must not be planned, or None when it may.

    `cost` is what it takes from the free balance, `asker` None for a client's own command, which
    no leash binds. Sats of actions with unknown outcome count as spent.
    """
    for objection in (
        malformed(action),
        _absent(action, book),
        None if asker is None else _not_allowed(action, asker),
        None if asker is None else _crowded(action, asker, book),
        None if asker is None else _off_leash(action, cost, asker, book, to_us(view.now)),
        refusal(book.halt, book.platform, action),
        _stale(action, view, asker),
        hindrance(action, book.causes),
        _pending(action, intent, book),
        _unaffordable(cost, book),
    ):
        if objection is not None:
            return objection
    return None


def malformed(action: Action) -> AxisorError | None:
    """Return what is wrong with an action whatever the account's state, or None."""
    match action:
        case AddMargin() | CashIn() | DepositCross() | WithdrawCross():
            if action.amount <= 0:
                return AmountNotPositive(f"{action.amount} sats is no amount.")
        case OpenPosition():
            return _malformed_opening(action)
        case CrossOrder():
            return _bad_size(action.quantity) or _bad_limit(action.type, action.price)
        case SetStop() | SetTakeProfit():
            if action.price is not None and (action.price <= 0 or not on_step(action.price)):
                return PriceOffStep(f"{action.price} is not on the step.")
        case SetCrossLeverage():
            if not 1 <= action.leverage <= 100:
                return LeverageOutOfRange(f"Leverage {action.leverage} is not offered.")
    return None


def _malformed_opening(action: OpenPosition) -> AxisorError | None:
    if (action.quantity is None) == (action.margin is None):
        return FieldInvalid("Give exactly one of quantity and margin.")
    if not Decimal(1) <= Decimal(action.leverage) <= Decimal(100):
        return LeverageOutOfRange(f"Leverage {action.leverage} is not offered.")
    if action.margin is not None and action.margin <= 0:
        return AmountNotPositive(f"{action.margin} sats is no margin.")
    if action.quantity is not None:
        bad = _bad_size(action.quantity)
        if bad is not None:
            return bad
    for price in (action.stoploss, action.takeprofit):
        if price is not None and not on_step(price):
            return PriceOffStep(f"{price} is not on the step.")
    return _bad_limit(action.type, action.price)


def _bad_size(quantity: int) -> AxisorError | None:
    if not 1 <= quantity <= MAX_QUANTITY:
        return QuantityOutOfRange(f"{quantity} dollars is not a size the venue takes.")
    return None


def _bad_limit(type: OrderType, price: Decimal | None) -> AxisorError | None:
    if (type is OrderType.LIMIT) != (price is not None):
        return FieldInvalid("A limit order has a price, a market order has none.")
    if price is not None and (price <= 0 or not on_step(price)):
        return PriceOffStep(f"{price} is not on the step.")
    return None


_ON_WALLET = (CrossOrder, DepositCross, WithdrawCross, SetCrossLeverage)
"""Actions on the cross wallet, which is there without a position."""


def _absent(action: Action, book: AccountBook) -> AxisorError | None:
    state = book.state
    if state is None:
        return VenueUnavailable("The account has not been read from the venue yet.")
    id = position_of(action)
    if id is not None and not isinstance(action, _ON_WALLET) and state.position(id) is None:
        return PositionNotFound(f"There is no open position {id}.", position=id)
    if isinstance(action, AddMargin | CashIn) and id == CROSS:
        return FieldInvalid("The cross wallet is filled by a deposit, not by adding margin.")
    if isinstance(action, CancelOrder) and all(o.id != action.order for o in state.orders):
        return OrderNotFound(f"There is no open order {action.order}.", order=action.order)
    return None


def _not_allowed(action: Action, asker: Asker) -> AxisorError | None:
    if asker.state not in ACTING:
        return RunStateInvalid(f"The run is {asker.state.value}.", run=asker.run)
    needed = permissions_for(action)
    if not needed & asker.permissions:
        return PermissionDenied(
            f"The strategy has no right to {type(action).__name__}.",
            fix="Its author must declare the right it needs.",
            run=asker.run,
        )
    return None


def _crowded(action: Action, asker: Asker, book: AccountBook) -> AxisorError | None:
    if is_protective(action):
        return None
    count = sum(record.run == asker.run for record in book.open.values())
    if count < MOST_OPEN:
        return None
    return RateLimited(
        f"{count} actions of the run wait for an answer already.",
        money="Nothing was sent to the venue.",
        fix="Ask for less at a time, and wait for the outcomes.",
        run=asker.run,
    )


def _off_leash(
    action: Action, cost: Sats, asker: Asker, book: AccountBook, market_us: int
) -> AxisorError | None:
    leash, run = asker.leash, asker.run
    limit = leash.intents_per_minute
    if limit is not None and asker.asked_lately >= limit:
        return _leash(run, "intents a minute", asker.asked_lately + 1, limit)
    opens = isinstance(action, OpenPosition | CrossOrder)
    if leash.day_spend is not None and spends(type(action).__name__):
        total = book.spent_today(run, market_us) + cost
        if total > leash.day_spend:
            return _leash(run, "sats a day", total, leash.day_spend)
    if leash.margin_in_use is not None and isinstance(action, OpenPosition):
        total = book.margin_in_use(run) + cost
        if total > leash.margin_in_use:
            return _leash(run, "sats of margin in use", total, leash.margin_in_use)
    if leash.open_orders is not None and opens and _waits(action):
        count = book.open_orders(run) + 1
        if count > leash.open_orders:
            return _leash(run, "open orders", count, leash.open_orders)
    if leash.day_loss is not None and increases_risk(action):
        lost = book.lost_today(run, market_us)
        if lost >= leash.day_loss:
            return _leash(run, "sats lost today", lost, leash.day_loss)
    return None


def _waits(action: Action) -> bool:
    return isinstance(action, OpenPosition | CrossOrder) and action.type is OrderType.LIMIT


def _leash(run: str, what: str, value: int, limit: int) -> LeashExceeded:
    return LeashExceeded(
        f"The run would come to {value} {what}; its leash allows {limit}.",
        run=run,
        limit=limit,
        value=value,
    )


HELD = frozenset({FeedQuality.DISPUTED, FeedQuality.FALLBACK})
"""Prices on which no run may add anything, not even margin: they may be wrong altogether."""


def _stale(action: Action, view: View, asker: Asker | None) -> AxisorError | None:
    held = asker is not None and view.quality in HELD and is_additive(action)
    if view.quality is FeedQuality.FRESH or not (held or increases_risk(action)):
        return None
    return StalePrice(f"The price is {view.quality.value}.", quality=view.quality.value)


def _pending(action: Action, intent: str, book: AccountBook) -> AxisorError | None:
    target = target_of(action, intent)
    kind = type(action).__name__
    for record in book.open_on(target):
        both_add = record.additive and is_additive(action)
        same = record.kind == kind and not (
            record.state is IntentState.UNKNOWN and repeats_safely_while_unknown(action)
        )
        if both_add or same:
            return ActionPending(
                f"{record.kind} {record.id} on {target} is {record.state.value}.",
                intent=record.id,
                target=target,
            )
    count = book.counts.get(position_of(action) or "")
    if count is not None and count.is_behind and is_additive(action):
        return behind_error(target)
    return None


def _unaffordable(cost: Sats, book: AccountBook) -> AxisorError | None:
    if cost <= 0 or book.state is None:
        return None
    available = book.available
    if cost > available:
        return InsufficientBalance(
            f"The action needs {cost} sats; {available} are free.",
            needed=cost,
            available=available,
        )
    return None


def reviewed(
    action: Action, run: str, view: View, reviewers: Sequence[Reviewer]
) -> AxisorError | None:
    """Return what the reviewers of plugins have against an action that the core would plan."""
    for reviewer in reviewers:
        try:
            objection = reviewer(action, run, view)
        except Exception as error:  # a plugin's boundary: one that breaks has refused
            return ReviewRefused(f"A reviewer failed with {type(error).__name__}.")
        if objection is not None:
            return objection
    return None
