"""Makes the calls of the contract on a core, any of them, with the token that came with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import grpc
import grpc.aio
from google.protobuf.message import Message
from msgspec import Struct
from msgspec.structs import replace

from axisor.ports import Secret
from axisor.wire.status import EXPECT_MODE_HEADER
from axisor_web.answers import kept, refused_call
from axisor_web.contract import Method

UNARY_S = 15.0
FORWARDED = "x-forwarded-for"

Renew: TypeAlias = Callable[[Secret], Awaitable[Secret | None]]
"""Returns another token instead of one that ran out, or None where there is none."""


class Credential(Struct, frozen=True):
    """Whose call it is. `renew` is asked once for another token when the core refuses this one.

    `address` is the caller's own; a core believes it where its `limits.proxies` name the bridge.
    """

    token: Secret | None = None
    renew: Renew | None = None
    expect_mode: str = ""
    address: str = ""

    def __repr__(self) -> str:
        return "Credential(…)"

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Return what goes with the call."""
        sent: list[tuple[str, str]] = []
        if self.token is not None:
            sent.append(("authorization", f"Bearer {self.token.reveal()}"))
        if self.expect_mode:
            sent.append((EXPECT_MODE_HEADER, self.expect_mode))
        if self.address:
            sent.append((FORWARDED, self.address))
        return tuple(sent)

    def with_token(self, token: Secret) -> Credential:
        """Return the same with another token, which is not renewed again."""
        return replace(self, token=token, renew=None)


class Core:
    """A channel to a core. Holds no token of its own."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    @property
    def channel(self) -> grpc.aio.Channel:
        """Return the connection itself, for a client with names for the calls."""
        return self._channel

    async def call(
        self, method: Method, request: Message, credential: Credential
    ) -> tuple[Message, dict[str, str]]:
        """Return the answer and the headers that go with it. Raises Refusal.

        Where it fails the call is not repeated: only the caller knows whether it may be.
        """
        stub = self._channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        while True:
            call = stub(request, timeout=UNARY_S, metadata=credential.metadata())
            try:
                answered = await call
                return answered, kept(await call.initial_metadata())
            except grpc.aio.AioRpcError as broken:
                renewed = await _renewed(broken, credential)
                if renewed is None:
                    raise refused_call(broken) from broken
                credential = renewed

    async def frames(
        self, method: Method, request: Message, credential: Credential
    ) -> AsyncIterator[Message]:
        """Give the frames of a stream as they come, at the pace they are taken. Raises Refusal.

        Once a frame came nothing is begun again here: who reads resumes after what they have.
        """
        stub = self._channel.unary_stream(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        while True:
            call = stub(request, metadata=credential.metadata())
            begun = False
            try:
                async for frame in call:
                    begun = True
                    yield frame
                return
            except grpc.aio.AioRpcError as broken:
                renewed = None if begun else await _renewed(broken, credential)
                if renewed is None:
                    raise refused_call(broken) from broken
                credential = renewed
            finally:
                call.cancel()


async def _renewed(broken: grpc.aio.AioRpcError, credential: Credential) -> Credential | None:
    """Return the credential with another token, where this one ran out before anything came."""
    if broken.code() is not grpc.StatusCode.UNAUTHENTICATED:
        return None
    if credential.renew is None or credential.token is None:
        return None
    token = await credential.renew(credential.token)
    return None if token is None else credential.with_token(token)


def bearer(header: str) -> Secret | None:
    """Return the token of an `authorization` header, None where there is none of that kind."""
    kind, _, token = header.partition(" ")
    return Secret(token.strip()) if kind.lower() == "bearer" and token.strip() else None
