"""Carries tokens for programs, as they are listed, and signing keys over the wire."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.v1 import tokens_pb2
from axisor.wire.names import last_part
from axisor.wire.scalars import time_from_wire, time_or_none, time_to_wire


class TokenSummary(Struct, frozen=True, kw_only=True):
    """A token without its secret. `owner` is `people/{id}` or `owner`."""

    id: str
    label: str
    owner: str
    caveats: tuple[str, ...]
    made: datetime
    until: datetime | None = None


class PublicKey(Struct, frozen=True, kw_only=True):
    """The public half of a key that access tokens are signed with."""

    id: str
    public: bytes
    begins: datetime
    ends: datetime | None = None


def token_to_wire(token: TokenSummary) -> tokens_pb2.Token:
    """Return a token as a message."""
    return tokens_pb2.Token(
        name=token_name(token.id),
        label=token.label,
        owner=token.owner,
        caveats=token.caveats,
        create_time=time_to_wire(token.made, "create_time"),
        expire_time=time_to_wire(token.until, "expire_time"),
    )


def token_from_wire(message: tokens_pb2.Token) -> TokenSummary:
    """Return the token in a message. Raises FieldInvalid."""
    return TokenSummary(
        id=last_part(message.name),
        label=message.label,
        owner=message.owner,
        caveats=tuple(message.caveats),
        made=time_from_wire(message.create_time, "create_time"),
        until=time_or_none(message, "expire_time"),
    )


def key_to_wire(key: PublicKey) -> tokens_pb2.SigningKey:
    """Return a key as a message."""
    return tokens_pb2.SigningKey(
        name=f"signingKeys/{key.id}",
        public_key=key.public,
        begin_time=time_to_wire(key.begins, "begin_time"),
        end_time=time_to_wire(key.ends, "end_time"),
    )


def key_from_wire(message: tokens_pb2.SigningKey) -> PublicKey:
    """Return the key in a message. Raises FieldInvalid."""
    return PublicKey(
        id=last_part(message.name),
        public=message.public_key,
        begins=time_from_wire(message.begin_time, "begin_time"),
        ends=time_or_none(message, "end_time"),
    )


def token_name(id: str) -> str:
    """Return the name of a token; a name stays as it is."""
    return id if id.startswith("tokens/") else f"tokens/{id}"
