"""The venue's answers out of the engine's records: ISO times for REST, numbers for streams."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec
from msgspec import Struct

from axisor.exchange.quote import Quote
from axisor.exchange.records import (
    CrossPosition,
    LedgerRow,
    LightningDeposit,
    LightningWithdrawal,
    OnChainDeposit,
    OnChainWithdrawal,
)
from axisor.model import Candle
from axisor_lnmarkets.sim.wire import Json, iso, number, number_or_none, unix_ms

Times: TypeAlias = Callable[[datetime], Json]

_HIDDEN: dict[type[Struct], frozenset[str]] = {
    OnChainDeposit: frozenset({"credited"}),
    LightningDeposit: frozenset({"paymentRequest"}),
    LightningWithdrawal: frozenset({"maxFees"}),
    OnChainWithdrawal: frozenset({"updatedAt"}),
}
"""Fields of records that the venue's lists do not show."""


def view(record: Struct, time: Times = iso) -> dict[str, Json]:
    """Return a record under the venue's names, with exact numbers and the given form of times."""
    fields = msgspec.to_builtins(record, builtin_types=(Decimal, datetime))
    hidden = _HIDDEN.get(type(record), frozenset())
    return {name: _plain(value, time) for name, value in fields.items() if name not in hidden}


def _plain(value: object, time: Times) -> Json:
    if isinstance(value, datetime):
        return time(value)
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, dict):
        return {str(name): _plain(part, time) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, time) for part in value]
    assert value is None or isinstance(value, bool | int | str)
    return value


def picked(record: Struct, *names: str, time: Times = iso) -> dict[str, Json]:
    """Return some fields of a record, by the venue's names."""
    whole = view(record, time)
    return {name: whole[name] for name in names}


def position(record: CrossPosition, time: Times = iso) -> dict[str, Json]:
    """Return the cross position as the stream shows it, without its id."""
    whole = view(record, time)
    del whole["id"]
    return whole


def buckets(quote: Quote) -> list[Json]:
    """Return the executable prices by size; an absent side has no field."""
    rows: list[Json] = []
    for bucket in quote.buckets:
        row: dict[str, Json] = {"minSize": bucket.min_size, "maxSize": bucket.max_size}
        if bucket.ask is not None:
            row["askPrice"] = number(bucket.ask)
        if bucket.bid is not None:
            row["bidPrice"] = number(bucket.bid)
        rows.append(row)
    return rows


def candle(record: Candle, time: Times = iso) -> dict[str, Json]:
    """Return a candle; its time is its start."""
    return {
        "time": time(record.time),
        "open": number(record.open),
        "high": number(record.high),
        "low": number(record.low),
        "close": number(record.close),
        "volume": number(record.volume),
    }


def best_price(quote: Quote) -> dict[str, Json]:
    """Return the prices at which sats and synthetic dollars are exchanged."""
    return {"askPrice": number_or_none(quote.ask), "bidPrice": number_or_none(quote.bid)}


def ledger_row(row: LedgerRow, received: datetime, stamp_ms: int | None) -> dict[str, Json]:
    """Return a row of the simulator's own ledger: request, effect and the state it left.

    `stamp_ms` is the time its request was signed for, which tells requests of one content apart.
    """
    return {
        "sequence": row.sequence,
        "time": iso(row.time),
        "received": iso(received),
        "stamp": stamp_ms,
        "request": row.request,
        "fields": dict(row.fields),
        "target": row.target,
        "effect": {"margin": row.margin_delta, "balance": row.balance_delta},
        "state": {"margin": row.margin, "balance": row.balance},
    }


def milliseconds(time: datetime) -> Json:
    """Return a time as the stream shows it."""
    return unix_ms(time)
