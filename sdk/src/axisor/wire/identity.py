"""Turns events about who may do what into messages and back, field by field under one name."""

from __future__ import annotations

import enum
import re
from datetime import datetime
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

from axisor.identity import IdentityPayload
from axisor.v1 import identity_events_pb2
from axisor.wire.scalars import enum_from_wire, enum_to_wire, time_from_wire, time_to_wire

KINDS: tuple[type[IdentityPayload], ...] = get_args(IdentityPayload)


@cache
def member_of(kind: type[IdentityPayload]) -> str:
    """Return the member of `Event.payload` that holds a kind of event."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


READERS: dict[str, type[IdentityPayload]] = {member_of(kind): kind for kind in KINDS}


def identity_to_wire(payload: IdentityPayload) -> tuple[str, Any]:
    """Return the member of `Event.payload` that holds an event, and its message."""
    kind = type(payload)
    message = getattr(identity_events_pb2, kind.__name__)()
    for name in _fields(kind):
        value = getattr(payload, name)
        if isinstance(value, enum.StrEnum):
            setattr(message, name, enum_to_wire(value))
        elif isinstance(value, datetime):
            getattr(message, name).CopyFrom(time_to_wire(value, name))
        elif value is not None:
            setattr(message, name, value)
    return member_of(kind), message


def identity_from_wire(kind: type[IdentityPayload], body: Any) -> IdentityPayload:
    """Return the event in a message. Raises FieldInvalid for a malformed time."""
    return kind(**{name: _read(body, name, type_) for name, type_ in _fields(kind).items()})


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__}


def _read(body: Any, name: str, type_: Any) -> Any:
    value = getattr(body, name)
    if isinstance(type_, type) and issubclass(type_, enum.StrEnum):
        return enum_from_wire(type_, value)
    if type_ is datetime or datetime in get_args(type_):
        return time_from_wire(value, name) if body.HasField(name) else None
    return value
