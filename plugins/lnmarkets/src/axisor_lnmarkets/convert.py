"""Turns the venue's answers into the nouns every venue shares.

Where the venue writes 0 for "none" the noun has None; the cross position is called `cross`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import UnsetType

from axisor import maths
from axisor.errors import VenueAnswerInvalid
from axisor.model import (
    CROSS,
    Balance,
    Bucket,
    Candle,
    CrossWallet,
    Funding,
    MarginMode,
    Order,
    OrderState,
    OrderType,
    Position,
    Price,
    Side,
    Tick,
)
from axisor.ports import ClosedPosition, Transfer
from axisor_lnmarkets.models.account import Account
from axisor_lnmarkets.models.futures import (
    CrossFunding,
    CrossOrder,
    CrossOrderType,
    CrossPosition,
    CrossTransfer,
    IsolatedFunding,
    Trade,
    TradeType,
)
from axisor_lnmarkets.models.general import Bucket as WireBucket
from axisor_lnmarkets.models.general import Candle as WireCandle
from axisor_lnmarkets.models.general import Ticker
from axisor_lnmarkets.wire import Figure


def _exact(figure: Figure | None) -> Decimal | None:
    return None if figure is None else figure.exact


def _or_none(figure: Figure) -> Decimal | None:
    return None if figure == 0 else figure.exact


def _told(client_id: str | UnsetType | None) -> str | None:
    return None if isinstance(client_id, UnsetType) else client_id


CALMER = Decimal("0.02")
"""How much farther than reckoned a liquidation may be, as a fraction of the entry price: rounding,
and fees that the venue counts otherwise, stay far below it."""


def _check_liquidation(side: Side, quantity: int, entry: Price, margin: int, said: Price) -> None:
    """Refuse a liquidation that the margin cannot carry: a guard would believe itself safe."""
    reckoned = maths.liquidation(side, quantity, entry, margin)
    if side.sign * (reckoned - said) > CALMER * entry:
        raise VenueAnswerInvalid(
            f"A liquidation at {said} does not fit a margin of {margin} sats, which carries to "
            f"{reckoned}.",
            field="liquidation",
        )


def balance_of(account: Account) -> Balance:
    """Return what the account can spend."""
    return Balance(
        free=account.balance,
        synthetic_usd=account.synthetic_usd_balance.exact,
        fee_tier=account.fee_tier,
    )


def position_of(trade: Trade) -> Position:
    """Return a running trade as a position.

    Raises VenueAnswerInvalid for one that does not run, or whose liquidation is too good.
    """
    if not trade.running:
        raise VenueAnswerInvalid(f"Trade {trade.id} does not run.", field="running")
    _check_liquidation(
        trade.side, trade.quantity, trade.price.exact, trade.margin, trade.liquidation.exact
    )
    return Position(
        id=trade.id,
        side=trade.side,
        quantity=trade.quantity,
        entry=trade.price.exact,
        margin=trade.margin,
        leverage=trade.leverage.exact,
        liquidation=trade.liquidation.exact,
        stoploss=_or_none(trade.stoploss),
        stoploss_trailing=_or_none(trade.stoploss_trailing_distance),
        takeprofit=_or_none(trade.takeprofit),
        maintenance_margin=trade.maintenance_margin,
        opening_fee=trade.opening_fee,
        entry_price=_exact(trade.entry_price),
        entry_margin=trade.entry_margin,
        sum_funding_fees=trade.sum_funding_fees,
        sum_cash_in_margin=trade.sum_cash_in_margin,
        sum_cash_in_pl=trade.sum_cash_in_pl,
        pl=trade.pl,
        created_at=trade.created_at,
        client_id=_told(trade.client_id),
    )


def order_of(trade: Trade) -> Order:
    """Return a trade as the order it is or was: open, canceled, or filled where it ran."""
    state = OrderState.FILLED
    if trade.open:
        state = OrderState.OPEN
    elif trade.canceled:
        state = OrderState.CANCELED
    return Order(
        id=trade.id,
        type=OrderType.LIMIT if trade.type is TradeType.LIMIT else OrderType.MARKET,
        side=trade.side,
        quantity=trade.quantity,
        price=trade.price.exact,
        state=state,
        leverage=trade.leverage.exact,
        margin=trade.margin,
        stoploss=_or_none(trade.stoploss),
        takeprofit=_or_none(trade.takeprofit),
        fee=trade.opening_fee,
        created_at=trade.created_at,
        settled_at=trade.closed_at if trade.canceled else trade.filled_at,
        client_id=_told(trade.client_id),
    )


def closed_of(trade: Trade) -> ClosedPosition:
    """Return how a closed trade ended. Raises VenueAnswerInvalid for one that is not closed."""
    if not trade.closed:
        raise VenueAnswerInvalid(f"Trade {trade.id} is not closed.", field="closed")
    return ClosedPosition(
        id=trade.id,
        exit_price=_exact(trade.exit_price),
        pl=trade.pl,
        closed_at=trade.closed_at,
        fee=trade.closing_fee,
        end=_end_of(trade),
    )


def _end_of(trade: Trade) -> str:
    """Return how a trade ended, from where it did: the venue's record does not say.

    A position cannot outlive its liquidation, stop or take-profit, so an exit at or beyond one was
    its doing; only the gap between last price and executable price can make that wrong, by the
    spread.
    """
    if trade.exit_price is None:
        return "unknown"
    if trade.pl <= -trade.margin or _beyond(trade.side, trade.exit_price, trade.liquidation):
        return "liquidated"
    stop = _or_none(trade.stoploss)
    if stop is not None and _beyond(trade.side, trade.exit_price, stop):
        return "stopped"
    goal = _or_none(trade.takeprofit)
    if goal is not None and _beyond(trade.side.opposite, trade.exit_price, goal):
        return "taken"
    return "closed"


def _beyond(side: Side, price: Decimal, bound: Decimal) -> bool:
    """Return whether a price is at a bound or on the side of it that hurts a position."""
    return price <= bound if side is Side.BUY else price >= bound


def cross_position_of(position: CrossPosition) -> Position | None:
    """Return the cross position, or None when it is flat.

    Raises VenueAnswerInvalid for one whose liquidation is too good to be true.
    """
    if position.entry_price is None or position.liquidation is None or position.quantity == 0:
        return None
    side = Side.BUY if position.quantity > 0 else Side.SELL
    entry, quantity = position.entry_price.exact, abs(position.quantity)
    _check_liquidation(side, quantity, entry, position.margin, position.liquidation.exact)
    return Position(
        id=CROSS,
        side=side,
        quantity=quantity,
        entry=entry,
        margin=position.margin,
        leverage=Decimal(position.leverage),
        liquidation=position.liquidation.exact,
        margin_mode=MarginMode.CROSS,
        maintenance_margin=position.maintenance_margin,
        running_margin=position.running_margin,
        sum_funding_fees=position.funding_fees,
        pl=position.delta_pl,
    )


def wallet_of(position: CrossPosition) -> CrossWallet:
    """Return the cross wallet."""
    return CrossWallet(margin=position.margin, leverage=position.leverage)


def cross_order_of(order: CrossOrder) -> Order:
    """Return a cross order; a liquidation of the venue's counts as a market order."""
    state = OrderState.CANCELED
    if order.open:
        state = OrderState.OPEN
    elif order.filled:
        state = OrderState.FILLED
    limit = order.type is CrossOrderType.LIMIT
    return Order(
        id=order.id,
        type=OrderType.LIMIT if limit else OrderType.MARKET,
        side=order.side,
        quantity=order.quantity,
        price=order.price.exact,
        state=state,
        margin_mode=MarginMode.CROSS,
        fee=order.trading_fee,
        created_at=order.created_at,
        settled_at=order.canceled_at if order.canceled else order.filled_at,
        client_id=_told(order.client_id),
    )


def cross_closed_of(order: CrossOrder, position: CrossPosition) -> ClosedPosition:
    """Return how the cross position went flat, from the order that was filled last."""
    liquidated = order.type is CrossOrderType.LIQUIDATION
    return ClosedPosition(
        id=CROSS,
        exit_price=order.price.exact,
        pl=position.total_pl,
        closed_at=order.filled_at,
        fee=order.trading_fee,
        end="liquidated" if liquidated else "closed",
    )


def funding_of(fee: IsolatedFunding | CrossFunding) -> Funding:
    """Return a funding payment; positive is paid."""
    position = fee.trade_id if isinstance(fee, IsolatedFunding) else CROSS
    return Funding(position=position, fee=fee.fee, time=fee.time, settlement=fee.settlement_id)


def transfer_of(row: CrossTransfer) -> Transfer:
    """Return a row of the cross wallet's ledger; positive is a deposit."""
    return Transfer(id=row.id, amount=row.amount, time=row.time)


def candle_of(candle: WireCandle) -> Candle:
    """Return a candle. Raises VenueAnswerInvalid where its four prices contradict each other."""
    low, high = candle.low.exact, candle.high.exact
    if not low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= high:
        raise VenueAnswerInvalid(f"The candle of {candle.time} contradicts itself.", field="high")
    return Candle(
        time=candle.time,
        open=candle.open.exact,
        high=high,
        low=low,
        close=candle.close.exact,
        volume=candle.volume.exact,
    )


def buckets_of(prices: tuple[WireBucket, ...]) -> tuple[Bucket, ...]:
    """Return executable prices by size, smallest first.

    Raises VenueAnswerInvalid where an ask is below its bid: a guard must not act on such a market.
    """
    found = []
    for bucket in sorted(prices, key=lambda b: (b.max_size, b.min_size)):
        bid, ask = _exact(bucket.bid_price), _exact(bucket.ask_price)
        if bid is not None and ask is not None and ask < bid:
            raise VenueAnswerInvalid(
                f"The ask {ask} is below the bid {bid}.", field="prices", bid=bid, ask=ask
            )
        found.append(Bucket(int(bucket.min_size), int(bucket.max_size), bid, ask))
    return tuple(found)


def tick_of(ticker: Ticker, *, received: datetime, source: str) -> Tick:
    """Return a REST ticker as a tick; `received` is our own time."""
    buckets = buckets_of(ticker.prices)
    return Tick(
        time=ticker.time,
        received=received,
        last=ticker.last_price.exact,
        bid=smallest_bid(buckets),
        ask=smallest_ask(buckets),
        index=ticker.index.exact,
        funding_rate=ticker.funding_rate.exact,
        funding_time=ticker.funding_time,
        source=source,
        buckets=buckets,
    )


def smallest_bid(buckets: tuple[Bucket, ...]) -> Price | None:
    """Return the bid of the smallest size, or None."""
    return buckets[0].bid if buckets else None


def smallest_ask(buckets: tuple[Bucket, ...]) -> Price | None:
    """Return the ask of the smallest size, or None."""
    return buckets[0].ask if buckets else None
