"""What the stream pushes: topics, their scopes, and payloads of quotes and happenings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from axisor.exchange import (
    Canceled,
    Closed,
    CrossCanceled,
    CrossChanged,
    CrossFilled,
    CrossFunded,
    CrossLiquidated,
    CrossOpened,
    Deposited,
    Filled,
    Funded,
    Happening,
    Opened,
    Withdrawn,
)
from axisor.exchange.records import (
    CrossOrder,
    CrossPosition,
    LightningDeposit,
    LightningWithdrawal,
    OnChainDeposit,
    OnChainWithdrawal,
)
from axisor_lnmarkets.sim.candles import RANGES
from axisor_lnmarkets.sim.views import buckets, candle, milliseconds, picked, position
from axisor_lnmarkets.sim.wire import Json, number, number_or_none, unix_ms
from axisor_lnmarkets.sim.world import World

_PAIR: Final = "btc_usd"
_ROOT: Final = "futures/inverse/btc_usd"
_OHLC: Final = f"{_ROOT}/ohlc/"

ANNOUNCEMENTS: Final = "announcements"
TRADES: Final = f"{_ROOT}/isolated/trades"
ORDERS: Final = f"{_ROOT}/cross/orders"
POSITION: Final = f"{_ROOT}/cross/position"
DEPOSIT: Final = "wallet/deposit"
WITHDRAWAL: Final = "wallet/withdrawal"

PRIVATE: Final = {
    TRADES: "futures:isolated:read",
    ORDERS: "futures:cross:read",
    POSITION: "futures:cross:read",
    DEPOSIT: "account:deposits:read",
    WITHDRAWAL: "account:withdrawals:read",
}
"""Topics of the account, with the scope each needs."""

MARKET: Final = frozenset(
    (
        *(f"{_ROOT}/{name}" for name in ("ticker", "lastPrice", "index", "buckets", "funding")),
        *(f"{_OHLC}{range_}" for range_ in RANGES),
    )
)
"""Topics that follow the price; of these only the newest payload matters."""

TOPICS: Final = MARKET | PRIVATE.keys() | {ANNOUNCEMENTS}


def market_payload(topic: str, world: World) -> Json:
    """Return what a topic of `MARKET` says at present."""
    quote = world.quote
    time = unix_ms(quote.time)
    funding: dict[str, Json] = {
        "rate": number(world.engine.funding_rate),
        "time": unix_ms(world.engine.funding_time),
    }
    name = topic.removeprefix(f"{_ROOT}/")
    if name == "ticker":
        last, index = number(quote.last), number_or_none(quote.index)
        return {"time": time, "lastPrice": last, "index": index, "funding": funding}
    if name == "lastPrice":
        return {"time": time, "lastPrice": number(quote.last)}
    if name == "index":
        return {"time": time, "index": number_or_none(quote.index)}
    if name == "buckets":
        return {"time": time, "buckets": buckets(quote)}
    if name == "funding":
        return {"pair": _PAIR, "current": funding}
    return candle(world.tape.latest(topic.removeprefix(_OHLC)), milliseconds)


def account_payloads(happening: Happening, world: World) -> Iterator[tuple[str, Json]]:
    """Yield the topics and payloads that tell of a happening; some are told nowhere."""
    match happening:
        case Opened(_, trade):
            yield TRADES, _trade("open", picked(trade, *_PLACED, time=milliseconds))
        case Filled(_, trade):
            yield TRADES, _trade("filled", picked(trade, *_PLACED, time=milliseconds))
        case Closed(_, trade, by):
            event = "closed" if by in ("close", "funding") else by
            names = _LIQUIDATED if by == "liquidation" else _ENDED
            yield TRADES, _trade(event, picked(trade, *names, time=milliseconds))
        case Canceled(_, trade):
            shown = picked(trade, "id", "closedAt", "clientId", time=milliseconds)
            yield TRADES, _trade("canceled", shown)
        case Funded(time, trade, fee):
            funded = picked(trade, "id", "margin", "clientId")
            funded["liquidationPrice"] = number(trade.liquidation)
            funded["fundingFee"] = fee.fee
            funded["fundedAt"] = unix_ms(time)
            yield TRADES, _trade("funding", funded)
        case Deposited(_, deposit, balance, network):
            yield DEPOSIT, _deposit(deposit, balance, network)
        case Withdrawn(_, withdrawal, balance, network):
            yield WITHDRAWAL, _withdrawal(withdrawal, balance, network)
        case _:
            yield from _cross_payloads(happening, world)


def _cross_payloads(happening: Happening, world: World) -> Iterator[tuple[str, Json]]:
    match happening:
        case CrossOpened(_, order):
            yield ORDERS, _order("new", order, *_WAITING)
        case CrossFilled(_, order, position_):
            event = "limit" if order.type == "limit" else "new"
            yield ORDERS, _order(event, order, *_WAITING, "filledAt")
            yield POSITION, _position(event, position_, world)
        case CrossCanceled(_, order):
            yield ORDERS, _order("canceled", order, *_CANCELED)
            yield POSITION, _position("cancel", world.account.cross.position(), world)
        case CrossChanged(_, position_, by):
            yield POSITION, _position(by, position_, world)
        case CrossFunded(_, position_):
            yield POSITION, _position("funding", position_, world)
        case CrossLiquidated(_, order, position_):
            yield ORDERS, _order("new", order, *_WAITING, "filledAt")
            yield POSITION, _position("liquidation", position_, world)


_PLACED = (
    "id",
    "side",
    "type",
    "quantity",
    "margin",
    "leverage",
    "price",
    "openingFee",
    "createdAt",
    "clientId",
)
_LIQUIDATED = ("id", "closedAt", "closingFee", "exitPrice", "clientId")
_ENDED = (*_LIQUIDATED, "pl")
_WAITING = ("id", "side", "type", "quantity", "price", "tradingFee", "clientId", "createdAt")
_CANCELED = ("id", "side", "type", "quantity", "price", "clientId", "createdAt", "canceledAt")


def _trade(event: str, trade: dict[str, Json]) -> Json:
    return {"pair": _PAIR, "event": event, "trade": trade}


def _order(event: str, order: CrossOrder, *names: str) -> Json:
    return {"pair": _PAIR, "event": event, "order": picked(order, *names, time=milliseconds)}


def _position(event: str, given: CrossPosition, world: World) -> Json:
    # Marked at the present price, as REST shows it, if it is still the position of the happening.
    marked = world.account.cross.position(world.quote)
    same = (marked.quantity, marked.margin) == (given.quantity, given.margin)
    shown = position(marked if same else given, milliseconds)
    return {"pair": _PAIR, "event": event, "position": shown}


def _deposit(deposit: LightningDeposit | OnChainDeposit, balance: int, network: str) -> Json:
    if isinstance(deposit, LightningDeposit):
        status, transaction = "settled", deposit.payment_hash
    else:
        status, transaction = deposit.status, deposit.tx_id
    return _wallet(deposit.id, deposit.amount, balance, network, status, transaction)


def _withdrawal(
    withdrawal: LightningWithdrawal | OnChainWithdrawal, balance: int, network: str
) -> Json:
    if isinstance(withdrawal, LightningWithdrawal):
        transaction = withdrawal.payment_hash
    else:
        transaction = withdrawal.tx_id or ""
    payload = _wallet(
        withdrawal.id, withdrawal.amount, balance, network, withdrawal.status, transaction
    )
    payload["fee"] = withdrawal.fee or 0
    return payload


def _wallet(
    id: str, amount: int, balance: int, network: str, status: str, transaction: str
) -> dict[str, Json]:
    return {
        "currency": "btc",
        "network": network,
        "id": id,
        "amount": amount,
        "balance": balance,
        "status": status,
        "txId": transaction,
    }
