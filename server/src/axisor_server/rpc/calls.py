"""One call as a servicer sees it: who calls, with which rights, under which request id."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

from google.protobuf.message import Message
from msgspec import Struct

from axisor.model import Permission
from axisor.wire.names import account_part
from axisor.wire.scalars import time_or_none
from axisor_server.domain.records import TENANT
from axisor_server.rpc.rules import Method
from axisor_server.services.principals import Peer, Principal
from axisor_server.services.requests import Request

Unary: TypeAlias = Callable[[Any, "Call"], Awaitable[Message]]
"""Answers a request; the message types differ from method to method."""

Stream: TypeAlias = Callable[[Any, "Call"], AsyncIterator[bytes]]
"""Answers a request with encoded frames."""


_REQUESTS = uuid.UUID("6f0b1a3c-53d4-5c53-9a11-8a4f5d0f7a25")


class Call(Struct, frozen=True):
    """One call under way."""

    method: Method
    principal: Principal
    body: Message
    peer: Peer = Peer()

    @property
    def account(self) -> str:
        """Return the id of the account the call is about, empty where it is about none."""
        found: Any = self.body
        for part in self.method.resource:
            found = getattr(found, part)
        return account_part(found) if isinstance(found, str) else ""

    @property
    def rights(self) -> Permission:
        """Return what the caller may do with the account that the call is about."""
        return self.principal.rights(self.account)

    def request(self) -> Request:
        """Return the call as a request for a change. Raises FieldInvalid for an absurd time."""
        body: Any = self.body
        fields = body.DESCRIPTOR.fields_by_name
        return Request(
            method=self.method.path,
            request_id=scoped(body.request_id.lower(), self.principal.tenant),
            digest=digest(self.method, body),
            principal=self.principal.name,
            caller=self.principal,
            not_after=time_or_none(body, "not_after_time") if "not_after_time" in fields else None,
            validate_only="validate_only" in fields and body.validate_only,
        )


def scoped(request_id: str, tenant: str) -> str:
    """Return a request id as the core keeps it: no two tenants can name the same one.

    That of the core's own tenant stays as it is, another's is made of tenant and id.
    """
    if tenant == TENANT:
        return request_id
    return str(uuid.uuid5(_REQUESTS, f"{tenant}/{request_id}"))


def digest(method: Method, body: Message) -> bytes:
    """Return the SHA-256 of a method and its request, equal for equal requests."""
    encoded = body.SerializeToString(deterministic=True)
    return hashlib.sha256(method.path.encode() + b"\x00" + encoded).digest()
