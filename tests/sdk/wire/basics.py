"""Strategies for the plain values that messages are made of."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_type_hints

from hypothesis import strategies as st

from axisor import model as m

ids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
some_ids = st.just("") | ids
texts = st.text(max_size=20)
sats = st.integers(-21 * 10**14, 21 * 10**14)
positive = st.integers(1, 21 * 10**14)
decimals = st.decimals(
    min_value=Decimal("0.00000001"), max_value=Decimal(10**9), places=8, allow_nan=False
)
signed = st.decimals(min_value=-(10**6), max_value=10**6, places=8, allow_nan=False)
times = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)
spans = st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=99))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def one_of(kind: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(kind))


def field_of(type_: Any) -> st.SearchStrategy[Any]:
    """Return values of a field of an event about who may do what."""
    if isinstance(type_, type) and issubclass(type_, enum.StrEnum):
        return one_of(type_)
    plain = {str: texts, int: positive, bool: st.booleans(), datetime: times}
    return plain[type_] if type_ in plain else maybe(times)


def built(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Return events of a kind, each field by its type."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: field_of(hints[name]) for name in kind.__struct_fields__})


some_text = maybe(texts.filter(bool))
orders = st.builds(
    m.Order,
    id=ids,
    type=one_of(m.OrderType),
    side=one_of(m.Side),
    quantity=positive,
    price=decimals,
    state=one_of(m.OrderState),
    margin_mode=one_of(m.MarginMode),
    leverage=maybe(decimals),
    margin=maybe(sats),
    stoploss=maybe(decimals),
    takeprofit=maybe(decimals),
    fee=sats,
    created_at=maybe(times),
    settled_at=maybe(times),
    client_id=some_text,
)
