"""Carries actions, their reasons, previews and outcomes over the wire."""

from __future__ import annotations

from axisor.events import IntentState
from axisor.intents import (
    Action,
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    Check,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    Why,
    WithdrawCross,
)
from axisor.model import CROSS, MarginMode, OrderType, Side
from axisor.v1 import resources_pb2, types_pb2
from axisor.wire.names import (
    account_name,
    account_part,
    intent_name,
    last_part,
    order_name,
    position_name,
    run_name,
)
from axisor.wire.records import Effect, Figures, Preview, Settlement, UnrecognizedAction
from axisor.wire.scalars import (
    decimal_from_wire,
    decimal_or_none,
    decimal_to_wire,
    enum_from_wire,
    enum_to_wire,
    figure_to_wire,
    span_or_none,
    span_to_wire,
    time_or_none,
    time_to_wire,
)

_Kind = types_pb2.ActionKind
_KINDS: dict[type[Action], types_pb2.ActionKind.ValueType] = {
    OpenPosition: types_pb2.ACTION_KIND_OPEN_POSITION,
    CrossOrder: types_pb2.ACTION_KIND_CROSS_ORDER,
    AddMargin: types_pb2.ACTION_KIND_ADD_MARGIN,
    CashIn: types_pb2.ACTION_KIND_CASH_IN,
    ClosePosition: types_pb2.ACTION_KIND_CLOSE_POSITION,
    SetStop: types_pb2.ACTION_KIND_SET_STOP,
    SetTakeProfit: types_pb2.ACTION_KIND_SET_TAKE_PROFIT,
    CancelOrder: types_pb2.ACTION_KIND_CANCEL_ORDER,
    CancelAllOrders: types_pb2.ACTION_KIND_CANCEL_ALL_ORDERS,
    DepositCross: types_pb2.ACTION_KIND_DEPOSIT_CROSS,
    WithdrawCross: types_pb2.ACTION_KIND_WITHDRAW_CROSS,
    SetCrossLeverage: types_pb2.ACTION_KIND_SET_CROSS_LEVERAGE,
}


def check_to_wire(check: Check) -> types_pb2.Check:
    """Return one comparison as a message."""
    return types_pb2.Check(
        name=check.name, value=check.value, threshold=check.threshold, passed=check.passed
    )


def check_from_wire(message: types_pb2.Check) -> Check:
    """Return the comparison in a message."""
    return Check(message.name, message.value, message.threshold, message.passed)


def why_to_wire(why: Why | None) -> types_pb2.Why | None:
    """Return an explanation as a message, None as nothing."""
    if why is None:
        return None
    return types_pb2.Why(
        rule=why.rule,
        inputs=why.inputs,
        checks=[check_to_wire(check) for check in why.checks],
        rejected=why.rejected,
    )


def why_from_wire(message: types_pb2.Why) -> Why:
    """Return the explanation in a message."""
    return Why(
        rule=message.rule,
        inputs=dict(message.inputs),
        checks=tuple(check_from_wire(check) for check in message.checks),
        rejected=tuple(message.rejected),
    )


def action_to_wire(account: str, action: Action, *, target: str = "") -> resources_pb2.Action:
    """Return an action on an account as a message.

    `target` (such as `positions/cross`) is written for actions that name none themselves. Raises
    FieldInvalid for a figure that does not fit.
    """
    message = resources_pb2.Action(kind=_KINDS[type(action)], why=why_to_wire(action.why))
    if target:
        message.target = f"{account_name(account)}/{target}"
    match action:
        case OpenPosition() | CrossOrder():
            _fill_order(message, action)
        case AddMargin() | CashIn():
            message.target = position_name(account, action.position)
            message.amount_sats = action.amount
        case ClosePosition():
            message.target = position_name(account, action.position)
        case SetStop() | SetTakeProfit():
            message.target = position_name(account, action.position)
            message.price_usd = decimal_to_wire(action.price, "price_usd")
        case CancelOrder():
            message.target = order_name(account, action.order)
            message.margin_mode = enum_to_wire(action.margin_mode)
        case CancelAllOrders():
            message.margin_mode = enum_to_wire(action.margin_mode)
        case DepositCross() | WithdrawCross():
            message.target = position_name(account, CROSS)
            message.amount_sats = action.amount
        case SetCrossLeverage():
            message.target = position_name(account, CROSS)
            message.leverage = decimal_to_wire(action.leverage, "leverage")
    if isinstance(action, AddMargin | ClosePosition | DepositCross):
        message.episode = action.episode
    return message


def _fill_order(message: resources_pb2.Action, action: OpenPosition | CrossOrder) -> None:
    message.side = enum_to_wire(action.side)
    message.order_type = enum_to_wire(action.type)
    message.price_usd = decimal_to_wire(action.price, "price_usd")
    message.quantity_usd = action.quantity or 0
    message.client_id = action.client_id or ""
    if isinstance(action, CrossOrder):
        message.margin_mode = enum_to_wire(MarginMode.CROSS)
        message.reduce_only = action.reduce
        return
    message.margin_mode = enum_to_wire(MarginMode.ISOLATED)
    message.leverage = decimal_to_wire(action.leverage, "leverage")
    message.amount_sats = action.margin or 0
    message.stop_loss_price_usd = decimal_to_wire(action.stoploss, "stop_loss_price_usd")
    message.take_profit_price_usd = decimal_to_wire(action.takeprofit, "take_profit_price_usd")


def action_from_wire(message: resources_pb2.Action) -> Action | UnrecognizedAction:
    """Return the action in a message; a kind that is not known becomes `UnrecognizedAction`.

    Raises FieldInvalid for a figure that is malformed.
    """
    why = why_from_wire(message.why) if message.HasField("why") else None
    target = last_part(message.target)
    amount, episode = message.amount_sats, message.episode
    price = decimal_or_none(message.price_usd, "price_usd")
    margin_mode = enum_from_wire(MarginMode, message.margin_mode)
    match message.kind:
        case _Kind.ACTION_KIND_OPEN_POSITION | _Kind.ACTION_KIND_CROSS_ORDER:
            return _order_from_wire(message, why)
        case _Kind.ACTION_KIND_ADD_MARGIN:
            return AddMargin(position=target, amount=amount, episode=episode, why=why)
        case _Kind.ACTION_KIND_CASH_IN:
            return CashIn(position=target, amount=amount, why=why)
        case _Kind.ACTION_KIND_CLOSE_POSITION:
            return ClosePosition(position=target, episode=episode, why=why)
        case _Kind.ACTION_KIND_SET_STOP:
            return SetStop(position=target, price=price, why=why)
        case _Kind.ACTION_KIND_SET_TAKE_PROFIT:
            return SetTakeProfit(position=target, price=price, why=why)
        case _Kind.ACTION_KIND_CANCEL_ORDER:
            return CancelOrder(order=target, margin_mode=margin_mode, why=why)
        case _Kind.ACTION_KIND_CANCEL_ALL_ORDERS:
            return CancelAllOrders(margin_mode=margin_mode, why=why)
        case _Kind.ACTION_KIND_DEPOSIT_CROSS:
            return DepositCross(amount=amount, episode=episode, why=why)
        case _Kind.ACTION_KIND_WITHDRAW_CROSS:
            return WithdrawCross(amount=amount, why=why)
        case _Kind.ACTION_KIND_SET_CROSS_LEVERAGE:
            leverage = decimal_from_wire(message.leverage, "leverage")
            return SetCrossLeverage(leverage=int(leverage), why=why)
        case _:
            return UnrecognizedAction(kind=message.kind, target=target_of(message))


def _order_from_wire(message: resources_pb2.Action, why: Why | None) -> OpenPosition | CrossOrder:
    side = enum_from_wire(Side, message.side)
    kind = enum_from_wire(OrderType, message.order_type)
    price = decimal_or_none(message.price_usd, "price_usd")
    if message.kind == _Kind.ACTION_KIND_CROSS_ORDER:
        return CrossOrder(
            side=side,
            quantity=message.quantity_usd,
            type=kind,
            price=price,
            client_id=message.client_id or None,
            reduce=message.reduce_only,
            why=why,
        )
    return OpenPosition(
        side=side,
        leverage=decimal_from_wire(message.leverage, "leverage"),
        quantity=message.quantity_usd or None,
        margin=message.amount_sats or None,
        type=kind,
        price=price,
        stoploss=decimal_or_none(message.stop_loss_price_usd, "stop_loss_price_usd"),
        takeprofit=decimal_or_none(message.take_profit_price_usd, "take_profit_price_usd"),
        client_id=message.client_id or None,
        why=why,
    )


def target_of(message: resources_pb2.Action) -> str:
    """Return what an action is about without its account, such as `positions/cross`."""
    parts = message.target.split("/", 2)
    return parts[2] if len(parts) == 3 else ""


def effect_to_wire(effect: Effect) -> resources_pb2.Intent:
    """Return an effect as a message. Raises FieldInvalid."""
    action = effect.action
    if isinstance(action, UnrecognizedAction):
        raise TypeError("an action that is not known is not sent on")
    return resources_pb2.Intent(
        name=intent_name(effect.account, effect.id),
        state=enum_to_wire(effect.state),
        action=action_to_wire(effect.account, action, target=effect.target),
        run=run_name(effect.account, effect.run),
        principal=effect.principal,
        attempt=effect.attempt,
        fence_time=time_to_wire(effect.fence, "fence_time"),
        create_time=time_to_wire(effect.created_at, "create_time"),
    )


def effect_from_wire(message: resources_pb2.Intent) -> Effect:
    """Return the effect in a message. Raises FieldInvalid."""
    return Effect(
        id=last_part(message.name),
        account=account_part(message.name),
        state=enum_from_wire(IntentState, message.state),
        action=action_from_wire(message.action),
        target=target_of(message.action),
        run=last_part(message.run),
        principal=message.principal,
        attempt=message.attempt,
        fence=time_or_none(message, "fence_time"),
        created_at=time_or_none(message, "create_time"),
    )


def settlement_to_wire(account: str, settlement: Settlement) -> resources_pb2.Outcome:
    """Return how an effect ended as a message."""
    return resources_pb2.Outcome(
        intent=intent_name(account, settlement.intent),
        settled_by=settlement.by,
        reason=settlement.reason,
        text=settlement.message,
        venue_id=settlement.venue_id,
        latency=span_to_wire(settlement.latency),
    )


def settlement_from_wire(message: resources_pb2.Outcome) -> Settlement:
    """Return how an effect ended from a message. Raises FieldInvalid."""
    return Settlement(
        intent=last_part(message.intent),
        by=message.settled_by,
        reason=message.reason,
        message=message.text,
        venue_id=message.venue_id,
        latency=span_or_none(message, "latency"),
    )


def figures_to_wire(figures: Figures | None) -> types_pb2.Figures | None:
    """Return figures as a message, None as nothing. Raises FieldInvalid."""
    if figures is None:
        return None
    return types_pb2.Figures(
        margin_sats=figures.margin,
        liquidation_price_usd=decimal_to_wire(figures.liquidation, "liquidation_price_usd"),
        distance_percent=figure_to_wire(figures.distance_percent, "distance_percent"),
        leverage=figure_to_wire(figures.leverage, "leverage"),
        free_balance_sats=figures.free,
    )


def figures_from_wire(message: types_pb2.Figures) -> Figures:
    """Return the figures in a message. Raises FieldInvalid."""
    return Figures(
        margin=message.margin_sats,
        liquidation=decimal_or_none(message.liquidation_price_usd, "liquidation_price_usd"),
        distance_percent=decimal_or_none(message.distance_percent, "distance_percent", signed=True),
        leverage=decimal_or_none(message.leverage, "leverage"),
        free=message.free_balance_sats,
    )


def preview_to_wire(preview: Preview) -> types_pb2.Preview:
    """Return a preview as a message. Raises FieldInvalid."""
    return types_pb2.Preview(
        before=figures_to_wire(preview.before),
        after=figures_to_wire(preview.after),
        fee_sats=preview.fee,
        checks=[check_to_wire(check) for check in preview.checks],
        warnings=preview.warnings,
    )


def preview_from_wire(message: types_pb2.Preview) -> Preview:
    """Return the preview in a message. Raises FieldInvalid."""
    return Preview(
        before=figures_from_wire(message.before) if message.HasField("before") else None,
        after=figures_from_wire(message.after) if message.HasField("after") else None,
        fee=message.fee_sats,
        checks=tuple(check_from_wire(check) for check in message.checks),
        warnings=tuple(message.warnings),
    )
