"""The venue's rules for isolated trades, as functions of a trade and prices."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias

from msgspec.structs import replace

from axisor.exchange.books import Desk
from axisor.exchange.quote import Quote
from axisor.exchange.records import NONE, StopMode, Trade
from axisor.exchange.requests import NewTrade
from axisor.exchange.rules import Rules, bad, executable
from axisor.maths import (
    MAX_PRICE,
    leverage_of,
    liquidation,
    maintenance_margin,
    margin_for,
    most_margin,
    on_step,
    pl_exact,
    quantity_for,
    round_to_step,
)
from axisor.model import SATS_PER_BITCOIN, OrderType, Price, Sats, Side

Change: TypeAlias = Literal["add_margin", "cash_in", "stoploss", "takeprofit"]

_LEAST_TRAIL, _MOST_TRAIL = Decimal("0.001"), Decimal(10)
_ONE = Decimal(1)
_FAR = Decimal("Infinity")


def draft(order: NewTrade, rules: Rules, now: datetime, quote: Quote) -> Trade:
    """Return the trade that a request makes, without an id, or refuse it."""
    asked = Decimal(order.leverage)
    if not asked.is_finite() or not 1 <= asked <= rules.max_leverage:
        raise bad(f"Leverage must be between 1 and {rules.max_leverage}")
    check_client_id(order.client_id)
    if (order.quantity is None) == (order.margin is None):
        raise bad("Give exactly one of quantity and margin")
    price = _price(order, quote)
    quantity, margin = _size(order, price)
    if not 1 <= quantity <= rules.max_quantity:
        raise bad(f"Quantity must be between 1 and {rules.max_quantity}")
    end = liquidation(order.side, quantity, price, margin)
    reserve = 0 if rules.fee_tier is None else maintenance_margin(quantity, price, end)
    trade = Trade(
        id="",
        type=order.type,
        side=order.side,
        quantity=quantity,
        margin=margin,
        leverage=leverage(quantity, margin, price),
        price=price,
        liquidation=end,
        maintenance_margin=reserve,
        entry_price=price,
        entry_margin=margin,
        created_at=now,
        open=order.type is OrderType.LIMIT,
        takeprofit=order.takeprofit or NONE,
        client_id=order.client_id,
    )
    return _with_exits(trade, order, price if trade.open else quote.last)


def _with_exits(trade: Trade, order: NewTrade, reference: Price) -> Trade:
    if order.stoploss:
        trade = with_stop(trade, order.stoploss, order.stoploss_mode, reference)
    for price in dict.fromkeys((trade.price, reference)):
        check_stop(trade, price)
        check_profit(trade, price)
    return trade


def _price(order: NewTrade, quote: Quote) -> Price:
    if order.type is OrderType.LIMIT:
        if order.price is None:
            raise bad("A limit order needs a price")
        check_price(order.price)
        return order.price
    if order.price is not None:
        raise bad("A market order has no price")
    # The size is needed for the price and, where margin is given, the price for the size.
    quantity = order.quantity
    if quantity is None:
        quantity = quantity_for(order.margin or 0, quote.last, order.leverage)
    return executable(quote.opening(order.side, quantity))


def _size(order: NewTrade, price: Price) -> tuple[int, Sats]:
    if order.quantity is not None:
        if order.quantity < 1:
            raise bad("Quantity must be at least 1")
        return order.quantity, margin_for(order.quantity, price, order.leverage)
    margin = order.margin or 0
    if margin < 1:
        raise bad("Margin must be at least 1 sat")
    return quantity_for(margin, price, order.leverage), margin


def check_price(price: Price) -> None:
    """Refuse a price off the half-dollar step or out of range."""
    if not price.is_finite() or not 1 <= price <= MAX_PRICE or not on_step(price):
        raise bad("Price must be a multiple of 0.5 between 1 and 100000000")


def check_client_id(client_id: str | None) -> None:
    """Refuse a client id that is empty or too long."""
    if client_id is not None and not 1 <= len(client_id) <= 64:
        raise bad("Client id must have 1 to 64 characters")


def check_room(desk: Desk, trade: Trade) -> None:
    """Refuse a trade that is one too many or one too large for the account."""
    rules = desk.books.rules
    if len(desk.books.trades) >= rules.max_trades:
        raise bad(f"At most {rules.max_trades} trades may be open or running")
    if desk.exposure() + trade.quantity > rules.max_exposure:
        raise bad(f"Exposure would be above {rules.max_exposure}")


def leverage(quantity: int, margin: Sats, price: Price) -> Decimal:
    """Return the effective leverage, at least 1, as the venue shows it."""
    return max(_ONE, leverage_of(quantity, margin, price))


def with_margin(trade: Trade, margin: Sats) -> Trade:
    """Return the trade with another margin: leverage and liquidation follow. It may be 0."""
    if margin < 1:
        return replace(trade, margin=0, liquidation=trade.price)
    return replace(
        trade,
        margin=margin,
        leverage=leverage(trade.quantity, margin, trade.price),
        liquidation=liquidation(trade.side, trade.quantity, trade.price, margin),
    )


def at_least_1x(trade: Trade) -> bool:
    """Return whether the margin leaves leverage at 1 or above."""
    return trade.margin <= most_margin(trade.quantity, trade.price)


def cashed_in(trade: Trade, amount: Sats, market: Price) -> tuple[Trade, Sats]:
    """Return the trade after taking `amount` out, and how much of it was profit.

    Profit is taken by moving the entry price towards the market on the half-dollar step; what
    profit does not cover comes out of the margin. The margin may become nothing; the caller
    refuses that.
    """
    profit = int(max(Fraction(0), pl_exact(trade.side, trade.quantity, trade.price, market)))
    price, margin, from_profit = trade.price, trade.margin, min(amount, profit)
    if 0 < amount < profit:
        price = _entry_after(trade, amount)
    elif profit > 0:
        price = market
    margin -= amount - from_profit
    changed = replace(
        trade,
        price=price,
        sum_cash_in_pl=trade.sum_cash_in_pl + from_profit,
        sum_cash_in_margin=trade.sum_cash_in_margin + amount - from_profit,
    )
    return with_margin(changed, margin), from_profit


def _entry_after(trade: Trade, amount: Sats) -> Price:
    n, d = trade.price.as_integer_ratio()
    worth = trade.quantity * SATS_PER_BITCOIN
    moved = Fraction(d, n) - trade.side.sign * Fraction(amount, worth)
    return round_to_step(1 / moved)


def without_dead_stop(trade: Trade) -> Trade:
    """Return the trade without a stop that lies beyond its liquidation price."""
    if trade.stoploss and trade.side.sign * (trade.stoploss - trade.liquidation) < 0:
        return replace(trade, stoploss=NONE, stoploss_trailing_distance=NONE)
    return trade


def trailing_stop(side: Side, best: Price, share: Decimal) -> Price:
    """Return the stop a trailing distance (a fraction) keeps from the best price."""
    return round_to_step(best * (1 - side.sign * share))


def with_stop(trade: Trade, value: Decimal, mode: StopMode, reference: Price) -> Trade:
    """Return the trade with another stop-loss, or refuse a value out of range or the same again."""
    trails = mode == "trailing" and value != 0
    now = trade.stoploss_trailing_distance
    same = now == value if trails or now else trade.stoploss == value
    if same and (trails == bool(now)):
        raise bad("Stop-loss is the same as the previous one")
    if not trails:
        return replace(trade, stoploss=value, stoploss_trailing_distance=NONE)
    if not value.is_finite() or not _LEAST_TRAIL <= value <= _MOST_TRAIL:
        raise bad("Trailing distance must be between 0.001 and 10")
    stop = trailing_stop(trade.side, reference, value)
    return replace(trade, stoploss=stop, stoploss_trailing_distance=value)


def check_stop(trade: Trade, reference: Price) -> None:
    """Refuse a stop-loss off the step, beyond liquidation, or already reached by the reference."""
    stop, sign = trade.stoploss, trade.side.sign
    if not stop:
        return
    check_price(stop)
    if sign * (stop - trade.liquidation) < 0:
        raise bad("Stop-loss is beyond the liquidation price")
    if sign * (reference - stop) <= 0:
        raise bad("Stop-loss would be reached at once")
    if trade.takeprofit and sign * (trade.takeprofit - stop) <= 0:
        raise bad("Stop-loss must be on the losing side of the take-profit")


def check_profit(trade: Trade, reference: Price) -> None:
    """Refuse a take-profit off the step, already reached, or on the wrong side of the stop."""
    target, sign = trade.takeprofit, trade.side.sign
    if not target:
        return
    check_price(target)
    if sign * (target - reference) <= 0:
        raise bad("Take-profit would be reached at once")
    if trade.stoploss and sign * (target - trade.stoploss) <= 0:
        raise bad("Take-profit must be on the winning side of the stop-loss")


def reached(side: Side, level: Price, price: Price) -> bool:
    """Return whether a price moving against `side` has reached the level; touching counts."""
    return price <= level if side is Side.BUY else price >= level


def met_from_above(side: Side, price: Price, last: Price) -> bool:
    """Return whether the market must fall to meet an order placed now.

    An order placed at the very price is met from above if it buys, from below if it sells.
    """
    return last > price or (last == price and side is Side.BUY)


def met(price: Price, *, above: bool, last: Price) -> bool:
    """Return whether the market has met a waiting order from the side it was placed on."""
    return last <= price if above else last >= price


def bounds(trade: Trade, best: Price | None, above: bool | None) -> tuple[Price, Price]:
    """Return the prices strictly between which a print leaves the trade as it is."""
    if trade.open:
        return (trade.price, _FAR) if above else (NONE, trade.price)
    end, stop, gain = trade.liquidation, trade.stoploss, trade.takeprofit
    if trade.side is Side.BUY:
        gain = gain or _FAR
        return (max(end, stop) if stop else end), (min(gain, best) if best else gain)
    return (max(gain, best) if best else gain), (min(end, stop) if stop else end)
