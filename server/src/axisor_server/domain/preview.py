"""What an action would change, by the venue's own arithmetic at the present price.

An estimate for people and for budgets: the venue's answer is the truth. Nothing is journaled here.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from axisor import maths
from axisor.errors import OrderNotFound, PositionNotFound, QuantityOutOfRange, StalePrice
from axisor.intents import (
    Action,
    AddMargin,
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
from axisor.model import (
    CROSS,
    Balance,
    CrossWallet,
    MarginMode,
    Order,
    OrderState,
    OrderType,
    Position,
    Price,
    Sats,
    Side,
)
from axisor.strategy import View


class Snapshot(Struct, frozen=True, kw_only=True):
    """The part of an account that an action touches, at one moment."""

    balance: Balance
    cross: CrossWallet
    position: Position | None = None
    order: Order | None = None


class Preview(Struct, frozen=True, kw_only=True):
    """What an action would change.

    `cost` is the sats that would leave the free balance (negative where they would come back),
    `fee` the trading fee within it.
    """

    before: Snapshot
    after: Snapshot
    cost: Sats = 0
    fee: Sats = 0


def preview(action: Action, view: View) -> Preview:
    """Return an action's effect on the account in `view`.

    Raises PositionNotFound or OrderNotFound for what is not there, StalePrice where a price is
    needed and none is known, QuantityOutOfRange for a margin that buys nothing.
    """
    match action:
        case OpenPosition():
            return _open(action, view)
        case AddMargin():
            return _add(action, view)
        case CashIn():
            return _cash_in(action, view)
        case ClosePosition():
            return _close(action, view)
        case SetStop() | SetTakeProfit():
            return _arm(action, view)
        case CancelOrder():
            return _cancel(action, view)
        case DepositCross():
            return _wallet(view, action.amount)
        case WithdrawCross():
            return _wallet(view, -action.amount)
        case SetCrossLeverage():
            return _leverage(action, view)
        case CrossOrder():
            return _cross_order(action, view)
        case _:
            here = _here(view)
            return Preview(before=here, after=here)


def cost_of(action: Action, view: View) -> Sats:
    """Return the sats an action takes from the free balance; 0 where it takes none."""
    match action:
        case AddMargin() | DepositCross():
            return action.amount
        case OpenPosition():
            return preview(action, view).cost
        case _:
            return 0


def _here(view: View, position: Position | None = None, order: Order | None = None) -> Snapshot:
    return Snapshot(balance=view.balance, cross=view.cross, position=position, order=order)


def _found(view: View, id: str) -> Position:
    position = view.position(id)
    if position is None:
        raise PositionNotFound(f"There is no open position {id}.", position=id)
    return position


def _spend(balance: Balance, sats: Sats) -> Balance:
    return replace(balance, free=balance.free - sats)


def _price(view: View, side: Side, quantity: int) -> Price:
    tick = view.tick
    if tick is None:
        raise StalePrice("There is no price yet.")
    found = tick.ask_for(quantity) if side is Side.BUY else tick.bid_for(quantity)
    return tick.last if found is None else found


def _rate(view: View) -> Decimal:
    tier = min(max(view.balance.fee_tier, 0), len(maths.FEE_RATES) - 1)
    return maths.FEE_RATES[tier]


def _with_margin(position: Position, margin: Sats) -> Position:
    if position.margin_mode is MarginMode.CROSS:
        liquidation = maths.cross_liquidation(
            position.side, position.quantity, position.entry, margin
        )
        return replace(position, margin=margin, liquidation=liquidation)
    return replace(
        position,
        margin=margin,
        leverage=maths.leverage_of(position.quantity, max(1, margin), position.entry),
        liquidation=maths.liquidation(position.side, position.quantity, position.entry, margin),
    )


def _open(action: OpenPosition, view: View) -> Preview:
    limit = action.type is OrderType.LIMIT
    guess = action.quantity or 1
    price = action.price if limit and action.price else _price(view, action.side, guess)
    if action.quantity is not None:
        quantity = action.quantity
        margin = maths.margin_for(quantity, price, action.leverage)
    else:
        margin = action.margin or 0
        quantity = maths.quantity_for(margin, price, action.leverage)
    if quantity < 1:
        raise QuantityOutOfRange(f"{margin} sats do not buy one dollar at this leverage.")
    liquidation = maths.liquidation(action.side, quantity, price, max(1, margin))
    reserve = maths.maintenance_margin(quantity, price, liquidation)
    fee = maths.fee(quantity, price, _rate(view))
    after = replace(_here(view), balance=_spend(view.balance, margin + reserve))
    if limit:
        order = Order(
            id="",
            type=action.type,
            side=action.side,
            quantity=quantity,
            price=price,
            state=OrderState.OPEN,
            leverage=Decimal(action.leverage),
            margin=margin,
        )
        after = replace(after, order=order)
    else:
        position = Position(
            id="",
            side=action.side,
            quantity=quantity,
            entry=price,
            margin=margin,
            leverage=Decimal(action.leverage),
            liquidation=liquidation,
            maintenance_margin=reserve,
        )
        after = replace(after, position=position)
    return Preview(before=_here(view), after=after, cost=margin + reserve, fee=fee)


def _add(action: AddMargin, view: View) -> Preview:
    old = _found(view, action.position)
    new = _with_margin(old, old.margin + action.amount)
    after = Snapshot(balance=_spend(view.balance, action.amount), cross=view.cross, position=new)
    return Preview(before=_here(view, old), after=after, cost=action.amount)


def _cash_in(action: CashIn, view: View) -> Preview:
    old = _found(view, action.position)
    price = _price(view, old.side.opposite, old.quantity)
    profit = min(max(0, maths.pl(old.side, old.quantity, old.entry, price)), action.amount)
    new = _with_margin(old, max(1, old.margin - (action.amount - profit)))
    after = Snapshot(balance=_spend(view.balance, -action.amount), cross=view.cross, position=new)
    return Preview(before=_here(view, old), after=after, cost=-action.amount)


def _close(action: ClosePosition, view: View) -> Preview:
    old = _found(view, action.position)
    price = _price(view, old.side.opposite, old.quantity)
    fee = maths.fee(old.quantity, price, _rate(view))
    gain = maths.pl(old.side, old.quantity, old.entry, price)
    if action.position == CROSS:
        wallet = replace(view.cross, margin=max(0, view.cross.margin + gain - fee))
        after = Snapshot(balance=view.balance, cross=wallet)
        return Preview(before=_here(view, old), after=after, fee=fee)
    back = max(0, old.margin + gain + old.maintenance_margin - fee)
    after = Snapshot(balance=_spend(view.balance, -back), cross=view.cross)
    return Preview(before=_here(view, old), after=after, cost=-back, fee=fee)


def _arm(action: SetStop | SetTakeProfit, view: View) -> Preview:
    old = _found(view, action.position)
    if isinstance(action, SetStop):
        new = replace(old, stoploss=action.price)
    else:
        new = replace(old, takeprofit=action.price)
    return Preview(before=_here(view, old), after=_here(view, new))


def _cancel(action: CancelOrder, view: View) -> Preview:
    order = next((o for o in view.orders if o.id == action.order), None)
    if order is None:
        raise OrderNotFound(f"There is no open order {action.order}.", order=action.order)
    done = replace(order, state=OrderState.CANCELED)
    back = order.margin or 0
    after = Snapshot(balance=_spend(view.balance, -back), cross=view.cross, order=done)
    return Preview(before=_here(view, order=order), after=after, cost=-back)


def _wallet(view: View, sats: Sats) -> Preview:
    old = view.position(CROSS)
    wallet = replace(view.cross, margin=view.cross.margin + sats)
    new = None if old is None else _with_margin(old, wallet.margin)
    after = Snapshot(balance=_spend(view.balance, sats), cross=wallet, position=new)
    return Preview(before=_here(view, old), after=after, cost=sats)


def _leverage(action: SetCrossLeverage, view: View) -> Preview:
    old = view.position(CROSS)
    wallet = replace(view.cross, leverage=action.leverage)
    new = None if old is None else replace(old, leverage=Decimal(action.leverage))
    after = Snapshot(balance=view.balance, cross=wallet, position=new)
    return Preview(before=_here(view, old), after=after)


def _cross_order(action: CrossOrder, view: View) -> Preview:
    old = view.position(CROSS)
    price = action.price or _price(view, action.side, action.quantity)
    fee = maths.fee(action.quantity, price, _rate(view))
    if action.type is OrderType.LIMIT:
        order = Order(
            id="",
            type=action.type,
            side=action.side,
            quantity=action.quantity,
            price=price,
            state=OrderState.OPEN,
            margin_mode=MarginMode.CROSS,
        )
        after = Snapshot(balance=view.balance, cross=view.cross, position=old, order=order)
        return Preview(before=_here(view, old), after=after, fee=fee)
    wallet, new = _traded(action, old, view.cross, price, fee)
    after = Snapshot(balance=view.balance, cross=wallet, position=new)
    return Preview(before=_here(view, old), after=after, fee=fee)


def _traded(
    action: CrossOrder, old: Position | None, wallet: CrossWallet, price: Price, fee: Sats
) -> tuple[CrossWallet, Position | None]:
    held = 0 if old is None else old.side.sign * old.quantity
    total = held + action.side.sign * action.quantity
    entry = price
    gain = 0
    if old is not None and old.side is action.side:
        worth = maths.value_sats(old.quantity, old.entry) + maths.value_sats(action.quantity, price)
        exact = abs(total) * 100_000_000 / worth
        entry = Decimal(exact.numerator) / Decimal(exact.denominator)
    elif old is not None:
        part = min(old.quantity, action.quantity)
        gain = maths.pl(old.side, part, old.entry, price)
        entry = old.entry if abs(held) > action.quantity else price
    after = replace(wallet, margin=max(0, wallet.margin + gain - fee))
    if total == 0:
        return after, None
    side = Side.BUY if total > 0 else Side.SELL
    size = abs(total)
    position = Position(
        id=CROSS,
        side=side,
        quantity=size,
        entry=entry,
        margin=after.margin,
        leverage=Decimal(wallet.leverage),
        liquidation=maths.cross_liquidation(side, size, entry, after.margin),
        margin_mode=MarginMode.CROSS,
        maintenance_margin=maths.cross_maintenance_margin(size, entry),
        running_margin=maths.cross_running_margin(size, entry, wallet.leverage),
    )
    return after, position
