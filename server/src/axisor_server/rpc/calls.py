"""One call as a servicer sees it: who calls, with which rights, under which request id."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

from google.protobuf.message import Message
from msgspec import Struct

from axisor.model import Permission
from axisor.wire.names import account_part
from axisor.wire.scalars import time_or_none
from axisor_server.rpc.rules import Method
from axisor_server.services.requests import Request

Unary: TypeAlias = Callable[[Any, "Call"], Awaitable[Message]]
"""Answers a request; the message types differ from method to method."""

Stream: TypeAlias = Callable[[Any, "Call"], AsyncIterator[bytes]]
"""Answers a request with encoded frames."""


EVERYTHING = (
    Permission.READ
    | Permission.TRADE
    | Permission.ADJUST_MARGIN
    | Permission.GUARD
    | Permission.OPERATE
    | Permission.MANAGE_SECRETS
    | Permission.ADMIN
)
"""What the owner may do."""


class Principal(Struct, frozen=True):
    """Who calls, and what they may do."""

    name: str
    permissions: Permission


class Call(Struct, frozen=True):
    """One call under way."""

    method: Method
    principal: Principal
    body: Message

    @property
    def account(self) -> str:
        """Return the id of the account the call is about, empty where it is about none."""
        found: Any = self.body
        for part in self.method.resource:
            found = getattr(found, part)
        return account_part(found) if isinstance(found, str) else ""

    def request(self) -> Request:
        """Return the call as a request for a change. Raises FieldInvalid for an absurd time."""
        body: Any = self.body
        fields = body.DESCRIPTOR.fields_by_name
        return Request(
            method=self.method.path,
            request_id=body.request_id.lower(),
            digest=digest(self.method, body),
            principal=self.principal.name,
            not_after=time_or_none(body, "not_after_time") if "not_after_time" in fields else None,
            validate_only="validate_only" in fields and body.validate_only,
        )


def digest(method: Method, body: Message) -> bytes:
    """Return the SHA-256 of a method and its request, equal for equal requests."""
    encoded = body.SerializeToString(deterministic=True)
    return hashlib.sha256(method.path.encode() + b"\x00" + encoded).digest()
