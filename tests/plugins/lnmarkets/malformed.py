"""Makes malformed answers out of good ones, from the models: each field, each way to be wrong."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec import inspect as shapes

from axisor_lnmarkets.models import account, futures, general, stream
from axisor_lnmarkets.wire import Figure

MODULES: tuple[ModuleType, ...] = (account, futures, general, stream)
TOKEN = "@the-value@"

ALWAYS = ("null", '"text"', '""', "true", "5", "{}", "[]", "[null]", '{"a":[1]}')
NUMBERS = (
    "0",
    "-0.0",
    "-1",
    "1.5",
    '"5"',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e308",
    "-1e308",
    "1e99999",
    "1e-400",
    "9" * 30,
    "-" + "9" * 30,
    "9223372036854775808",
)
TIMES = (
    '"yesterday"',
    '"2026-10-01"',
    '"2026-10-01T12:00:00"',
    '"9999-12-31T23:59:59.999Z"',
    '"0001-01-01T00:00:00+14:00"',
    "1790856000000",
)
WORDS = ('"brand-new"', '"BUY"', '"\\u0000"', '"' + "x" * 10_000 + '"')
FLAGS = ("0", "1", '"true"', '"false"')


class Way(NamedTuple):
    """One way for one field to be wrong; `raw` is JSON, None where the field is missing."""

    model: type[Struct]
    path: tuple[str | int, ...]
    raw: str | None

    @property
    def field(self) -> str:
        """Return the field by its name on the wire, as `prices.askPrice`."""
        return ".".join(str(part) for part in self.path if not isinstance(part, int))

    def text(self, sample: Any) -> str:
        """Return the sample with this field wrong."""
        changed = json.loads(json.dumps(sample))
        holder = changed
        for part in self.path[:-1]:
            holder = holder[part]
        if self.raw is None:
            holder.pop(self.path[-1], None)
            return json.dumps(changed)
        holder[self.path[-1]] = TOKEN
        return json.dumps(changed).replace(f'"{TOKEN}"', self.raw)


def models() -> list[type[Struct]]:
    """Return every model there is, so that a new one is covered the moment it appears."""
    found = []
    for module in MODULES:
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Struct) and kind.__module__ == module.__name__:
                found.append(kind)
    return found


def optional(model: type[Struct]) -> set[str]:
    """Return the fields that may be missing or null, by their names on the wire."""
    info = shapes.type_info(model)
    assert isinstance(info, shapes.StructType)
    return {
        field.encode_name for field in info.fields if not field.required or _is_nullable(field.type)
    }


def ways(model: type[Struct], sample: Any, prefix: tuple[str | int, ...] = ()) -> Iterator[Way]:
    """Yield every way for every field of a model, those of models within it too."""
    info = shapes.type_info(model)
    assert isinstance(info, shapes.StructType)
    for field in info.fields:
        path = (*prefix, field.encode_name)
        yield Way(model, path, None)
        for raw in dict.fromkeys((*ALWAYS, *_values(field.type))):
            yield Way(model, path, raw)
        value = sample.get(field.encode_name) if isinstance(sample, dict) else None
        for inner, place in _within(field.type):
            if value:
                below = value[place[0]] if place else value
                yield from ways(inner, below, (*path, *place))


def _values(kind: shapes.Type) -> tuple[str, ...]:
    if isinstance(kind, shapes.UnionType):
        return tuple(raw for one in kind.types for raw in _values(one))
    if isinstance(kind, shapes.IntType | shapes.CustomType):
        return NUMBERS
    if isinstance(kind, shapes.DateTimeType):
        return TIMES
    if isinstance(kind, shapes.EnumType | shapes.StrType):
        return WORDS
    if isinstance(kind, shapes.BoolType):
        return FLAGS
    return ()


def _within(kind: shapes.Type) -> Iterator[tuple[type[Struct], tuple[int, ...]]]:
    if isinstance(kind, shapes.UnionType):
        for one in kind.types:
            yield from _within(one)
    elif isinstance(kind, shapes.StructType):
        yield kind.cls, ()
    elif isinstance(kind, shapes.VarTupleType) and isinstance(kind.item_type, shapes.StructType):
        yield kind.item_type.cls, (0,)


def _is_nullable(kind: shapes.Type) -> bool:
    if isinstance(kind, shapes.UnionType):
        return any(isinstance(one, shapes.NoneType) for one in kind.types)
    return isinstance(kind, shapes.AnyType)


def told(value: Struct, path: tuple[str | int, ...]) -> Any:
    """Return what was read at a path."""
    found: Any = value
    for part in path:
        if isinstance(part, int):
            found = found[part]
        else:
            names = dict(zip(found.__struct_encode_fields__, found.__struct_fields__, strict=True))
            found = getattr(found, names[part])
    return found


def is_faithful(value: object, raw: str) -> bool:
    """Return whether what was read is what was sent, to the last digit."""
    sent = json.loads(raw, parse_float=Decimal)
    if isinstance(value, Figure):
        return Decimal(sent) == value
    if isinstance(value, tuple):
        return bool(list(value) == sent)
    if isinstance(value, Struct):  # an object that says nothing it knows, read as nothing
        unknown = set(sent).isdisjoint(value.__struct_encode_fields__)
        return unknown and all(getattr(value, n) is None for n in value.__struct_fields__)
    return bool(msgspec.to_builtins(value) == sent)


def numbers(value: object) -> Iterator[object]:
    """Yield every number within what was read."""
    if isinstance(value, bool):
        return
    if isinstance(value, int | float | Decimal):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from numbers(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from numbers(item)
