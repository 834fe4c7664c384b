"""Makes a call within another: of one that was prepared, as whoever prepares or confirms it.

It passes what every call passes but the wire: form, rights, and the servicer itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import DecodeError, Message

from axisor.errors import FieldInvalid
from axisor.wire.names import account_part
from axisor_server.domain.confirmations import MOST_BYTES
from axisor_server.rpc.admitting import Gate
from axisor_server.rpc.calls import Call, Given, subject_of
from axisor_server.rpc.rules import Method
from axisor_server.rpc.validation import check
from axisor_server.services.principals import Principal

NO_ID = "00000000-0000-4000-8000-000000000000"
"""Stands in a prepared request for the id that it is carried out under."""


def can_wait(method: Method) -> bool:
    """Return whether a call of a method can be prepared.

    It must change something of one account and tell beforehand what; and whoever confirms it must
    not have to prove again who they are.
    """
    fields = method.request.DESCRIPTOR.fields_by_name
    changes = not (method.reads or method.streams or method.anonymous or method.step_up)
    return changes and bool(method.resource) and "validate_only" in fields


class Within:
    """Makes calls of those methods that can be prepared."""

    def __init__(
        self, *, gate: Gate, servicers: Mapping[str, object], methods: Mapping[str, Method]
    ) -> None:
        self._gate = gate
        self._servicers = servicers
        found = (each for each in methods.values() if can_wait(each))
        self._by_request = {each.request.DESCRIPTOR.full_name: each for each in found}

    def opened(self, kept: bytes) -> tuple[Method, Message]:
        """Return the call in an Any that was kept. Raises FieldInvalid."""
        packed = Packed.FromString(kept)
        method = self._method(packed)
        return method, _parsed(method, packed.value)

    def read(self, packed: Packed, account: str) -> tuple[Method, Message]:
        """Return the call in an Any, as it is to be kept. Raises FieldInvalid, FormatError."""
        method = self._method(packed)
        if len(packed.value) > MOST_BYTES:
            raise FieldInvalid(
                f"A prepared request has {MOST_BYTES:,} bytes at most.", field="request"
            )
        body: Any = _parsed(method, packed.value)
        body.DiscardUnknownFields()  # nobody could see what they agree to
        body.request_id, body.validate_only = NO_ID, False
        check(body, method)
        if account_part(subject_of(method, body)) != account:
            raise FieldInvalid("The request is not about this account.", field="request")
        return method, body

    async def preview(self, method: Method, body: Message, *, by: Call, given: Given) -> Message:
        """Return what a call would answer, without making it. Raises what it would be refused for.

        Whoever makes the call `by` must hold the right that it takes.
        """
        asked: Any = method.request()
        asked.CopyFrom(body)
        asked.validate_only = True
        return await self._make(method, asked, by, given)

    async def carry_out(self, method: Method, body: Message, *, by: Call, given: Given) -> Message:
        """Make a call, once under the id that is given, and return its answer."""
        return await self._make(method, body, by, given)

    def admit(self, method: Method, body: Message, *, by: Call) -> None:
        """Refuse a caller who may not make the call. Raises as the gate does."""
        call = Call(method, by.principal, body, by.peer)
        self._gate.allow(method, by.principal)
        self._gate.admit(call)

    async def still(self, principal: Principal) -> bool:
        """Return whether somebody may still do what they could when they prepared something."""
        return await self._gate.still(principal)

    def _method(self, packed: Packed) -> Method:
        name = packed.type_url.rpartition("/")[2]
        method = self._by_request.get(name)
        if method is None:
            raise FieldInvalid(
                f"`{name[:100]}` is no request of a call that can be prepared.", field="request"
            )
        return method

    async def _make(self, method: Method, body: Message, by: Call, given: Given) -> Message:
        call = Call(method, by.principal, body, by.peer, given)
        self._gate.allow(method, by.principal)
        self._gate.admit(call)
        handle: Any = getattr(self._servicers[method.service], method.name)
        answer: Message = await handle(body, call)
        return answer


def packed(body: Message) -> Packed:
    """Return a message in an Any, the same bytes for the same message."""
    found = Packed()
    found.Pack(body, deterministic=True)
    return found


def _parsed(method: Method, raw: bytes) -> Message:
    try:
        return method.request.FromString(raw)
    except DecodeError:
        # Without the cause: it may quote what it could not read.
        name = method.request.DESCRIPTOR.name
        raise FieldInvalid(f"The request is no {name}.", field="request") from None
