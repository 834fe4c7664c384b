"""One call as a servicer sees it: who calls, with which rights, under which request id."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any, TypeAlias

from google.protobuf.message import Message
from msgspec import Struct

from axisor.model import Permission
from axisor.wire.names import account_part
from axisor.wire.scalars import time_or_none
from axisor_server.domain.halting import STREAM
from axisor_server.domain.records import TENANT
from axisor_server.rpc.rules import Method
from axisor_server.services.principals import Peer, Principal
from axisor_server.services.requests import Request

Unary: TypeAlias = Callable[[Any, "Call"], Awaitable[Message]]
"""Answers a request; the message types differ from method to method."""

Stream: TypeAlias = Callable[[Any, "Call"], AsyncIterator[bytes]]
"""Answers a request with encoded frames."""

Conversation: TypeAlias = Callable[[Any, "Call", AsyncIterator[Any]], AsyncIterator[bytes]]
"""Answers a first request, and those that follow, with encoded frames."""


_NAME = re.compile(r"accounts/[a-z0-9-]{1,64}(/[A-Za-z]{1,64}(/[A-Za-z0-9_-]{1,64})?)?")
_REQUESTS = uuid.UUID("6f0b1a3c-53d4-5c53-9a11-8a4f5d0f7a25")


class Given(Struct, frozen=True, kw_only=True):
    """What a call within another has from that one: its request id, and until when it counts."""

    request_id: str
    not_after: datetime


class Call(Struct, frozen=True):
    """One call under way; `given` where it is made within another."""

    method: Method
    principal: Principal
    body: Message
    peer: Peer = Peer()
    given: Given | None = None

    @property
    def account(self) -> str:
        """Return the id of the account the call is about, empty where it is about none."""
        return account_part(self.subject)

    @property
    def subject(self) -> str:
        """Return the name of what the call is about, empty where it is about the core."""
        return subject_of(self.method, self.body)

    @property
    def accounts(self) -> frozenset[str]:
        """Return the ids of every account that the request names in any of its fields."""
        return frozenset(filter(None, map(account_part, named_in(self.body))))

    @property
    def rights(self) -> Permission:
        """Return what the caller may do with the account that the call is about."""
        return self.principal.rights(self.account)

    @property
    def needs(self) -> Permission:
        """Return the right that the call takes: the method's, and ADMIN for the core's journal."""
        ours = self.subject == STREAM
        return self.method.permission | (Permission.ADMIN if ours else Permission.NONE)

    @property
    def only_asks(self) -> bool:
        """Return whether the call changes nothing: it reads, validates, or proposes."""
        body: Any = self.body
        dry = "validate_only" in body.DESCRIPTOR.fields_by_name and body.validate_only
        return self.method.reads or self.method.proposes or bool(dry)

    def request(self) -> Request:
        """Return the call as a request for a change. Raises FieldInvalid for an absurd time."""
        body: Any = self.body
        fields = body.DESCRIPTOR.fields_by_name
        not_after = time_or_none(body, "not_after_time") if "not_after_time" in fields else None
        request_id = scoped(body.request_id.lower(), self.principal.tenant)
        if self.given is not None:
            request_id = self.given.request_id
            not_after = min(not_after or self.given.not_after, self.given.not_after)
        return Request(
            method=self.method.path,
            request_id=request_id,
            digest=digest(self.method, body),
            principal=self.principal.name,
            caller=self.principal,
            not_after=not_after,
            validate_only="validate_only" in fields and body.validate_only,
        )


def subject_of(method: Method, body: Message) -> str:
    """Return the name of what a request is about, empty where it is about the core."""
    found: Any = body
    for part in method.resource:
        found = getattr(found, part)
    return found if isinstance(found, str) else ""


def named_in(message: Message) -> Iterator[str]:
    """Yield what is written in a request that has the form of an account or a part of one."""
    for field, value in message.ListFields():
        for each in value if field.is_repeated else (value,):
            if isinstance(each, Message):
                yield from named_in(each)
            elif isinstance(each, str) and _NAME.fullmatch(each):
                yield each


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
