"""Carries the nouns of the field over the wire: positions, orders, balances, ticks, candles."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from axisor.events import Cause, Coverage, CoverageState
from axisor.model import (
    Balance,
    Bucket,
    Candle,
    CrossWallet,
    FeedQuality,
    Leash,
    MarginMode,
    Order,
    OrderState,
    OrderType,
    Position,
    Price,
    Sats,
    Side,
    Tick,
)
from axisor.v1 import market_pb2, resources_pb2, types_pb2
from axisor.wire.names import (
    account_part,
    balance_name,
    last_part,
    order_name,
    position_name,
    run_name,
)
from axisor.wire.records import AccountBalance, PositionReport, TickReport
from axisor.wire.scalars import (
    decimal_from_wire,
    decimal_or_none,
    decimal_to_wire,
    enum_from_wire,
    enum_to_wire,
    figure_to_wire,
    span_or_none,
    span_to_wire,
    time_from_wire,
    time_or_none,
    time_to_wire,
)

NO_PRICE = Decimal(0)
"""What a position without a liquidation price has in its place; on the wire it is empty."""


def position_to_wire(
    account: str,
    position: Position,
    *,
    distance_percent: Decimal | None = None,
    consumed_percent: Decimal | None = None,
    coverage: Coverage | None = None,
) -> resources_pb2.Position:
    """Return a position of an account as a message; the last three are empty in events.

    Raises FieldInvalid for a figure that does not fit.
    """
    return resources_pb2.Position(
        name=position_name(account, position.id),
        side=enum_to_wire(position.side),
        margin_mode=enum_to_wire(position.margin_mode),
        quantity_usd=position.quantity,
        entry_price_usd=decimal_to_wire(position.entry, "entry_price_usd"),
        margin_sats=position.margin,
        leverage=figure_to_wire(position.leverage, "leverage"),
        liquidation_price_usd=_price_or_empty(position.liquidation, "liquidation_price_usd"),
        stop_loss_price_usd=decimal_to_wire(position.stoploss, "stop_loss_price_usd"),
        stop_loss_trailing=decimal_to_wire(position.stoploss_trailing, "stop_loss_trailing"),
        take_profit_price_usd=decimal_to_wire(position.takeprofit, "take_profit_price_usd"),
        maintenance_margin_sats=position.maintenance_margin,
        running_margin_sats=position.running_margin,
        profit_sats=position.pl,
        fill_price_usd=decimal_to_wire(position.entry_price, "fill_price_usd"),
        fill_margin_sats=position.entry_margin,
        opening_fee_sats=position.opening_fee,
        funding_fee_sats=position.sum_funding_fees,
        cashed_in_margin_sats=position.sum_cash_in_margin,
        cashed_in_profit_sats=position.sum_cash_in_pl,
        client_id=position.client_id or "",
        create_time=time_to_wire(position.created_at, "create_time"),
        distance_percent=figure_to_wire(distance_percent, "distance_percent"),
        consumed_percent=figure_to_wire(consumed_percent, "consumed_percent"),
        coverage=None if coverage is None else coverage_to_wire(account, coverage),
    )


def position_from_wire(message: resources_pb2.Position) -> Position:
    """Return the position in a message. Raises FieldInvalid."""
    liquidation = decimal_or_none(message.liquidation_price_usd, "liquidation_price_usd")
    return Position(
        id=last_part(message.name),
        side=enum_from_wire(Side, message.side),
        quantity=message.quantity_usd,
        entry=decimal_from_wire(message.entry_price_usd, "entry_price_usd"),
        margin=message.margin_sats,
        leverage=decimal_from_wire(message.leverage, "leverage"),
        liquidation=NO_PRICE if liquidation is None else liquidation,
        margin_mode=enum_from_wire(MarginMode, message.margin_mode),
        stoploss=decimal_or_none(message.stop_loss_price_usd, "stop_loss_price_usd"),
        stoploss_trailing=decimal_or_none(message.stop_loss_trailing, "stop_loss_trailing"),
        takeprofit=decimal_or_none(message.take_profit_price_usd, "take_profit_price_usd"),
        maintenance_margin=message.maintenance_margin_sats,
        running_margin=message.running_margin_sats,
        opening_fee=message.opening_fee_sats,
        entry_price=decimal_or_none(message.fill_price_usd, "fill_price_usd"),
        entry_margin=message.fill_margin_sats if message.HasField("fill_margin_sats") else None,
        sum_funding_fees=message.funding_fee_sats,
        sum_cash_in_margin=message.cashed_in_margin_sats,
        sum_cash_in_pl=message.cashed_in_profit_sats,
        pl=message.profit_sats,
        created_at=time_or_none(message, "create_time"),
        client_id=message.client_id or None,
    )


def report_to_wire(report: PositionReport) -> resources_pb2.Position:
    """Return a position with its distance and coverage as a message. Raises FieldInvalid."""
    return position_to_wire(
        report.account,
        report.position,
        distance_percent=report.distance_percent,
        consumed_percent=report.consumed_percent,
        coverage=report.coverage,
    )


def report_from_wire(message: resources_pb2.Position) -> PositionReport:
    """Return the position in a message with its distance and coverage. Raises FieldInvalid."""
    has_coverage = message.HasField("coverage")
    return PositionReport(
        account=account_part(message.name),
        position=position_from_wire(message),
        distance_percent=decimal_or_none(message.distance_percent, "distance_percent", signed=True),
        consumed_percent=decimal_or_none(message.consumed_percent, "consumed_percent", signed=True),
        coverage=coverage_from_wire(message.coverage) if has_coverage else None,
    )


def order_to_wire(account: str, order: Order) -> resources_pb2.Order:
    """Return an order of an account as a message. Raises FieldInvalid."""
    return resources_pb2.Order(
        name=order_name(account, order.id),
        type=enum_to_wire(order.type),
        side=enum_to_wire(order.side),
        margin_mode=enum_to_wire(order.margin_mode),
        state=enum_to_wire(order.state),
        quantity_usd=order.quantity,
        price_usd=decimal_to_wire(order.price, "price_usd"),
        leverage=decimal_to_wire(order.leverage, "leverage"),
        margin_sats=order.margin,
        stop_loss_price_usd=decimal_to_wire(order.stoploss, "stop_loss_price_usd"),
        take_profit_price_usd=decimal_to_wire(order.takeprofit, "take_profit_price_usd"),
        fee_sats=order.fee,
        client_id=order.client_id or "",
        create_time=time_to_wire(order.created_at, "create_time"),
        settle_time=time_to_wire(order.settled_at, "settle_time"),
    )


def order_from_wire(message: resources_pb2.Order) -> Order:
    """Return the order in a message. Raises FieldInvalid."""
    return Order(
        id=last_part(message.name),
        type=enum_from_wire(OrderType, message.type),
        side=enum_from_wire(Side, message.side),
        quantity=message.quantity_usd,
        price=decimal_from_wire(message.price_usd, "price_usd"),
        state=enum_from_wire(OrderState, message.state),
        margin_mode=enum_from_wire(MarginMode, message.margin_mode),
        leverage=decimal_or_none(message.leverage, "leverage"),
        margin=message.margin_sats if message.HasField("margin_sats") else None,
        stoploss=decimal_or_none(message.stop_loss_price_usd, "stop_loss_price_usd"),
        takeprofit=decimal_or_none(message.take_profit_price_usd, "take_profit_price_usd"),
        fee=message.fee_sats,
        created_at=time_or_none(message, "create_time"),
        settled_at=time_or_none(message, "settle_time"),
        client_id=message.client_id or None,
    )


def balance_to_wire(account: str, report: AccountBalance) -> resources_pb2.Balance:
    """Return a balance and cross wallet as a message. Raises FieldInvalid."""
    return resources_pb2.Balance(
        name=balance_name(account),
        free_sats=report.balance.free,
        cross_margin_sats=report.cross.margin,
        cross_leverage=report.cross.leverage,
        synthetic_usd=decimal_to_wire(report.balance.synthetic_usd, "synthetic_usd"),
        fee_tier=report.balance.fee_tier,
        read_time=time_to_wire(report.read_at, "read_time"),
    )


def balance_from_wire(message: resources_pb2.Balance) -> AccountBalance:
    """Return the balance and cross wallet in a message. Raises FieldInvalid."""
    synthetic = decimal_or_none(message.synthetic_usd, "synthetic_usd")
    return AccountBalance(
        balance=Balance(
            free=message.free_sats,
            synthetic_usd=Decimal(0) if synthetic is None else synthetic,
            fee_tier=message.fee_tier,
        ),
        cross=CrossWallet(margin=message.cross_margin_sats, leverage=message.cross_leverage),
        read_at=time_or_none(message, "read_time"),
    )


def coverage_to_wire(account: str, coverage: Coverage) -> resources_pb2.Coverage:
    """Return the protection of a position as a message."""
    return resources_pb2.Coverage(
        position=position_name(account, coverage.position),
        state=enum_to_wire(coverage.state),
        reason=coverage.reason,
        missing_sats=coverage.missing,
        run=run_name(account, coverage.run),
    )


def coverage_from_wire(message: resources_pb2.Coverage) -> Coverage:
    """Return the protection in a message."""
    return Coverage(
        position=last_part(message.position),
        state=enum_from_wire(CoverageState, message.state),
        reason=message.reason,
        missing=message.missing_sats,
        run=last_part(message.run),
    )


def cause_to_wire(cause: Cause) -> types_pb2.StandingCause:
    """Return a reason for a standing as a message."""
    return types_pb2.StandingCause(code=cause.code, text=cause.text)


def cause_from_wire(message: types_pb2.StandingCause) -> Cause:
    """Return the reason in a message."""
    return Cause(code=message.code, text=message.text)


def tick_to_wire(report: TickReport) -> resources_pb2.Tick:
    """Return a tick with its age and quality as a message. Raises FieldInvalid."""
    tick = report.tick
    return resources_pb2.Tick(
        tick_time=time_to_wire(tick.time, "tick_time"),
        receive_time=time_to_wire(tick.received, "receive_time"),
        age=span_to_wire(report.age),
        quality=enum_to_wire(report.quality),
        source=tick.source,
        last_price_usd=decimal_to_wire(tick.last, "last_price_usd"),
        bid_price_usd=decimal_to_wire(tick.bid, "bid_price_usd"),
        ask_price_usd=decimal_to_wire(tick.ask, "ask_price_usd"),
        index_price_usd=decimal_to_wire(tick.index, "index_price_usd"),
        funding_rate=decimal_to_wire(tick.funding_rate, "funding_rate"),
        funding_time=time_to_wire(tick.funding_time, "funding_time"),
        buckets=[_bucket_to_wire(bucket) for bucket in tick.buckets],
    )


def tick_from_wire(message: resources_pb2.Tick) -> TickReport:
    """Return the tick in a message with its age and quality. Raises FieldInvalid."""
    tick = Tick(
        time=time_from_wire(message.tick_time, "tick_time"),
        received=time_from_wire(message.receive_time, "receive_time"),
        last=decimal_from_wire(message.last_price_usd, "last_price_usd"),
        bid=decimal_or_none(message.bid_price_usd, "bid_price_usd"),
        ask=decimal_or_none(message.ask_price_usd, "ask_price_usd"),
        index=decimal_or_none(message.index_price_usd, "index_price_usd"),
        funding_rate=decimal_or_none(message.funding_rate, "funding_rate", signed=True),
        funding_time=time_or_none(message, "funding_time"),
        source=message.source,
        buckets=tuple(_bucket_from_wire(bucket) for bucket in message.buckets),
    )
    quality = enum_from_wire(FeedQuality, message.quality)
    return TickReport(tick=tick, quality=quality, age=span_or_none(message, "age"))


def _bucket_to_wire(bucket: Bucket) -> resources_pb2.PriceBucket:
    return resources_pb2.PriceBucket(
        least_quantity_usd=bucket.min_size,
        most_quantity_usd=bucket.max_size,
        bid_price_usd=decimal_to_wire(bucket.bid, "bid_price_usd"),
        ask_price_usd=decimal_to_wire(bucket.ask, "ask_price_usd"),
    )


def _bucket_from_wire(message: resources_pb2.PriceBucket) -> Bucket:
    return Bucket(
        min_size=message.least_quantity_usd,
        max_size=message.most_quantity_usd,
        bid=decimal_or_none(message.bid_price_usd, "bid_price_usd"),
        ask=decimal_or_none(message.ask_price_usd, "ask_price_usd"),
    )


def candle_to_wire(candle: Candle) -> market_pb2.Candle:
    """Return a candle as a message. Raises FieldInvalid."""
    return market_pb2.Candle(
        start_time=time_to_wire(candle.time, "start_time"),
        open_price_usd=decimal_to_wire(candle.open, "open_price_usd"),
        high_price_usd=decimal_to_wire(candle.high, "high_price_usd"),
        low_price_usd=decimal_to_wire(candle.low, "low_price_usd"),
        close_price_usd=decimal_to_wire(candle.close, "close_price_usd"),
        volume=decimal_to_wire(candle.volume, "volume"),
    )


def candle_from_wire(message: market_pb2.Candle) -> Candle:
    """Return the candle in a message. Raises FieldInvalid."""
    volume = decimal_or_none(message.volume, "volume")
    return Candle(
        time=time_from_wire(message.start_time, "start_time"),
        open=decimal_from_wire(message.open_price_usd, "open_price_usd"),
        high=decimal_from_wire(message.high_price_usd, "high_price_usd"),
        low=decimal_from_wire(message.low_price_usd, "low_price_usd"),
        close=decimal_from_wire(message.close_price_usd, "close_price_usd"),
        volume=Decimal(0) if volume is None else volume,
    )


def leash_to_wire(leash: Leash) -> resources_pb2.Leash:
    """Return the limits of a run as a message."""
    return resources_pb2.Leash(
        margin_in_use_sats=leash.margin_in_use,
        day_spend_sats=leash.day_spend,
        open_orders_count=leash.open_orders,
        intents_per_minute_count=leash.intents_per_minute,
        day_loss_sats=leash.day_loss,
        step_timeout=span_to_wire(leash.step),
    )


def leash_from_wire(message: resources_pb2.Leash) -> Leash:
    """Return the limits in a message; an unset one is no limit. Raises FieldInvalid."""

    def limit(field: str) -> Sats | None:
        value: int = getattr(message, field)
        return value if message.HasField(field) else None  # type: ignore[arg-type]

    step = span_or_none(message, "step_timeout")
    return Leash(
        margin_in_use=limit("margin_in_use_sats"),
        day_spend=limit("day_spend_sats"),
        open_orders=limit("open_orders_count"),
        intents_per_minute=limit("intents_per_minute_count"),
        day_loss=limit("day_loss_sats"),
        step=timedelta(seconds=1) if step is None else step,
    )


def _price_or_empty(price: Price, field: str) -> str:
    return "" if price == NO_PRICE else decimal_to_wire(price, field)
