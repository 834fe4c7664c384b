"""Carries calls that wait for a word over the wire."""

from __future__ import annotations

from datetime import datetime

from google.protobuf import symbol_database
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import DecodeError, Message
from msgspec import Struct

from axisor.errors import FieldInvalid
from axisor.states import ConfirmationState
from axisor.v1 import confirmations_pb2, types_pb2
from axisor.wire.actions import preview_from_wire
from axisor.wire.names import last_part
from axisor.wire.records import Preview
from axisor.wire.scalars import enum_from_wire, time_from_wire, time_or_none


class Confirmation(Struct, frozen=True, kw_only=True):
    """A call that waits for a word, or how it ended.

    `danger` is `reversible`, `money` or `destructive`; `preview` is None where the call shows no
    figures, `commit_until` where its preparer may only propose.
    """

    id: str
    name: str
    state: ConfirmationState
    method: str
    summary: str
    danger: str
    preview: Preview | None = None
    warnings: tuple[str, ...] = ()
    preparer: str
    created_at: datetime
    commit_until: datetime | None = None
    until: datetime
    settler: str = ""
    settled_at: datetime | None = None
    reason: str = ""
    request_id: str = ""


def confirmation_from_wire(message: confirmations_pb2.Confirmation) -> Confirmation:
    """Return the confirmation in a message. Raises FieldInvalid."""
    return Confirmation(
        id=last_part(message.name),
        name=message.name,
        state=enum_from_wire(ConfirmationState, message.state),
        method=message.method,
        summary=message.summary,
        danger=types_pb2.Danger.Name(message.danger).removeprefix("DANGER_").lower(),
        preview=preview_from_wire(message.preview) if message.HasField("preview") else None,
        warnings=tuple(message.warnings),
        preparer=message.preparer,
        created_at=time_from_wire(message.create_time, "create_time"),
        commit_until=time_or_none(message, "commit_expire_time"),
        until=time_from_wire(message.expire_time, "expire_time"),
        settler=message.settler,
        settled_at=time_or_none(message, "settle_time"),
        reason=message.reason,
        request_id=message.request_id,
    )


def unpacked(packed: Packed) -> Message:
    """Return the message of the contract in an Any. Raises FieldInvalid."""
    name = packed.type_url.rpartition("/")[2]
    try:
        return symbol_database.Default().GetSymbol(name).FromString(packed.value)
    except (KeyError, DecodeError) as error:
        raise FieldInvalid(
            f"`{name}` is not known here, or not whole.", field="response"
        ) from error
