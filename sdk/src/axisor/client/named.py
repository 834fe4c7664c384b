"""Makes any call of the contract by its name, with plain values instead of messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import grpc.aio
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message

from axisor.client.calls import Caller, new_request_id
from axisor.client.contract import Method, find, message_class
from axisor.errors import FieldInvalid
from axisor.wire.status import from_call


class Named:
    """Calls by name: `await client.named.call("OrderService.ListOrders", {"parent": "…"})`.

    Requests and answers are as protobuf writes them in JSON: names in lowerCamelCase (the
    contract's own are taken too), 64-bit numbers and decimals as strings, times in RFC 3339. A call
    that changes something gets a `request_id` where none is given.
    """

    def __init__(self, caller: Caller) -> None:
        self._call = caller

    async def call(self, method: str, request: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Make a call and return its answer. Raises FieldInvalid, and whatever the core raises."""
        meant = find(method)
        if meant.streams or meant.converses:
            fix = "Follow it as a stream." if meant.streams else "Runners hold it: docs/plugins.md."
            raise FieldInvalid(f"{meant.short} gives no single answer.", fix=fix, field="method")
        asked = _asked(meant, request or {})
        stub: Any = self._call.channel.unary_unary(
            f"/{meant.path}",
            request_serializer=type(asked).SerializeToString,
            response_deserializer=message_class(meant.answer).FromString,
        )
        answer = await self._call.unary(stub, asked, of_account=_is_of_account(meant, asked))
        return MessageToDict(answer)

    async def stream(
        self, method: str, request: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Give the frames of a stream until it ends. It is not opened again: `events.watch` is.

        Close it (`aclosing`) to end the call. Raises FieldInvalid, and whatever the core raises.
        """
        meant = find(method)
        if not meant.streams:
            raise FieldInvalid(f"{meant.short} is no stream.", field="method")
        asked = _asked(meant, request or {})
        stub: Any = self._call.channel.unary_stream(
            f"/{meant.path}",
            request_serializer=type(asked).SerializeToString,
            response_deserializer=message_class(meant.answer).FromString,
        )
        call = stub(asked, metadata=self._call.headers())
        try:
            async for frame in call:
                yield MessageToDict(frame)
        except grpc.aio.AioRpcError as broken:
            raise from_call(broken) from broken
        finally:
            call.cancel()


def _asked(method: Method, request: Mapping[str, Any]) -> Message:
    kind = message_class(method.request)
    try:
        asked = ParseDict(dict(request), kind())
    except ParseError as error:
        raise FieldInvalid(
            f"This is no {method.request.rpartition('.')[2]}: {error}.",
            fix=f"See its fields: axisor api describe {method.short}.",
            field="request",
        ) from error
    if "request_id" in kind.DESCRIPTOR.fields_by_name and not getattr(asked, "request_id", ""):
        asked.request_id = new_request_id()  # type: ignore[attr-defined]
    return asked


def _is_of_account(method: Method, asked: Any) -> bool:
    """Tell whether a request names an account, so that the answer states its mode."""
    named = asked
    for part in method.resource.split(".") if method.resource else ():
        named = getattr(named, part)
    return isinstance(named, str) and named.startswith("accounts/")
