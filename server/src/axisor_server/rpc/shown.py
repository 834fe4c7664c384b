"""What is shown of a prepared call, and whether that still holds when somebody confirms it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from axisor.model import Mode
from axisor.v1 import types_pb2
from axisor.wire.actions import preview_from_wire
from axisor.wire.records import Figures, Preview
from axisor_server.rpc.rules import Method

UNSAID = ("request_id", "validate_only")
ROUNDING = 2
"""Sats by which an amount may differ whatever its size."""


def summary_of(method: Method, body: Message) -> str:
    """Return a call as one line: its method and every field that is set, and nothing else."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", method.name).capitalize()
    said = ", ".join(f"{name} {value}" for name, value in _fields(body, ""))
    return f"{words}: {said}"


def _fields(message: Message, prefix: str) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        name = f"{prefix}{field.name}"
        if name in UNSAID:
            continue
        for each in value if field.is_repeated else (value,):
            if isinstance(each, Message) and not _is_known(each):
                yield from _fields(each, f"{name}.")
            else:
                yield name, _value(field, each)


def _is_known(message: Message) -> bool:
    return message.DESCRIPTOR.full_name.startswith("google.protobuf.")


def _value(field: Any, value: Any) -> str:
    if field.type == FieldDescriptor.TYPE_ENUM:
        found = field.enum_type.values_by_number.get(value)
        return str(value) if found is None else str(found.name)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return "yes" if value else "no"
    if isinstance(value, Message):
        known: Any = value
        told = getattr(known, "ToJsonString", None)
        return str(value).strip() if told is None else str(told())
    return f"{value:,}" if isinstance(value, int) else str(value)


def preview_in(answer: Message) -> types_pb2.Preview | None:
    """Return the figures in the answer of a dry run, None where it shows none."""
    found: Any = answer
    if "preview" not in answer.DESCRIPTOR.fields_by_name or not found.HasField("preview"):
        return None
    preview: types_pb2.Preview = found.preview
    return preview


def warnings_of(method: Method, answer: Message, mode: Mode) -> tuple[str, ...]:
    """Return what a person should know before they confirm, one sentence each."""
    found: Any = answer
    said = list(found.warnings) if "warnings" in answer.DESCRIPTOR.fields_by_name else []
    preview = preview_in(answer)
    if mode is Mode.LIVE:
        said.append("The account is LIVE: real sats move.")
    if method.danger == types_pb2.DANGER_DESTRUCTIVE:
        said.append("It cannot be undone.")
    if preview is not None:
        said += preview.warnings
        said += _nearer(preview_from_wire(preview))
    return tuple(dict.fromkeys(said))


def _nearer(preview: Preview) -> Iterator[str]:
    before, after = preview.before, preview.after
    if before is None or after is None:
        return
    far, near = before.distance_percent, after.distance_percent
    if far is not None and near is not None and near < far:
        yield "It brings liquidation nearer."
    if after.free < 0:
        yield "The free balance does not cover it."


def drift(shown: bytes, now: types_pb2.Preview | None, percent: int) -> str:
    """Return which figure moved too far since it was shown, empty where none did.

    Sats, prices, leverage and the fee may differ by `percent` of themselves, a distance by as many
    points. What was not there must not be there now, and the other way round.
    """
    if not shown or now is None:
        return "" if not shown and now is None else "figures"
    then = preview_from_wire(types_pb2.Preview.FromString(shown))
    present = preview_from_wire(now)
    moved = [
        *(f"before.{name}" for name in _moved(then.before, present.before, percent)),
        *(f"after.{name}" for name in _moved(then.after, present.after, percent)),
        *([] if _near(then.fee, present.fee, percent) else ["fee_sats"]),
    ]
    return moved[0] if moved else ""


def _moved(then: Figures | None, now: Figures | None, percent: int) -> Iterator[str]:
    if then is None or now is None:
        if then is not now:
            yield "figures"
        return
    if not _near(then.margin, now.margin, percent):
        yield "margin_sats"
    if not _near(then.liquidation, now.liquidation, percent):
        yield "liquidation_price_usd"
    if not _within(then.distance_percent, now.distance_percent, Decimal(percent)):
        yield "distance_percent"
    if not _near(then.leverage, now.leverage, percent):
        yield "leverage"
    if not _near(then.free, now.free, percent):
        yield "free_balance_sats"


def _near(then: Decimal | int | None, now: Decimal | int | None, percent: int) -> bool:
    if then is None or now is None:
        return then is now
    slack = max(abs(Decimal(then)) * percent / 100, Decimal(0))
    if isinstance(then, int):
        slack = max(slack, Decimal(ROUNDING))
    return abs(Decimal(now) - Decimal(then)) <= slack


def _within(then: Decimal | None, now: Decimal | None, points: Decimal) -> bool:
    if then is None or now is None:
        return then is now
    return abs(now - then) <= points
