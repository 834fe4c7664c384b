"""Finds the smallest and the largest configuration that a strategy's schema allows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import inspect

from axisor.errors import ConfigInvalid
from axisor.strategy import Strategy, decode_config

LARGE = 10**9
"""Stands for a number without an upper bound."""


def fields_of(strategy: type[Strategy[Any, Any]]) -> tuple[inspect.Field, ...]:
    """Return the fields of a strategy's configuration."""
    kind = inspect.type_info(strategy.config_type)
    assert isinstance(kind, inspect.StructType)
    return kind.fields


def plain_config(strategy: type[Strategy[Any, Any]]) -> dict[str, Any]:
    """Return a configuration with only what must be given, as small as may be."""
    return {
        field.encode_name: extreme(field.type, largest=False)
        for field in fields_of(strategy)
        if field.required
    }


def extreme_config(strategy: type[Strategy[Any, Any]], *, largest: bool) -> dict[str, Any]:
    """Return a configuration whose numbers are all at one end, as far as its checks allow."""
    config = plain_config(strategy)
    for field in fields_of(strategy):
        value = extreme(field.type, largest=largest)
        if value is None:
            continue
        candidate = {**config, field.encode_name: value}
        if is_legal(strategy, candidate):
            config = candidate
    return config


def is_legal(strategy: type[Strategy[Any, Any]], config: dict[str, Any]) -> bool:
    """Return whether a strategy takes a configuration."""
    try:
        decode_config(strategy, msgspec.json.encode(config))
    except ConfigInvalid:
        return False
    return True


def extreme(kind: inspect.Type, *, largest: bool) -> Any:
    """Return the smallest or largest value of a type, None where it has no order."""
    match kind:
        case inspect.Metadata(type=inner):
            return extreme(inner, largest=largest)
        case inspect.UnionType(types=types):
            values = (extreme(inner, largest=largest) for inner in types)
            return next((value for value in values if value is not None), None)
        case inspect.IntType():
            return _whole(kind, largest=largest)
        case inspect.DecimalType():
            return Decimal(50) if largest else Decimal(1)
        case inspect.FloatType():
            return 1.0
        case inspect.BoolType():
            return largest
        case inspect.StrType():
            return "x"
        case inspect.LiteralType(values=values):
            return values[-1 if largest else 0]
        case inspect.EnumType(cls=cls):
            return list(cls)[-1 if largest else 0].value
        case _:
            return None


def _whole(kind: inspect.IntType, *, largest: bool) -> int:
    if largest:
        if kind.le is not None:
            return kind.le
        return LARGE if kind.lt is None else kind.lt - 1
    if kind.ge is not None:
        return kind.ge
    return 1 if kind.gt is None else kind.gt + 1
