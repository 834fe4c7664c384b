"""Runs a real gRPC server on loopback whose answers a test scripts, method by method."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from axisor.errors import AxisorError
from axisor.v1 import (
    access_pb2,
    accounts_pb2,
    audit_pb2,
    auth_pb2,
    backtests_pb2,
    confirmations_pb2,
    dead_letters_pb2,
    events_pb2,
    guard_pb2,
    margin_pb2,
    market_pb2,
    notifications_pb2,
    orders_pb2,
    performance_pb2,
    simulator_pb2,
    strategies_pb2,
    system_pb2,
    tokens_pb2,
    users_pb2,
)
from axisor.wire.status import abort

Context: TypeAlias = Any
"""A `grpc.aio.ServicerContext` of whatever messages the method has."""

Answer: TypeAlias = Callable[[Any, Context], Any]
"""Takes request and context: an async function, or an async generator for a stream."""

CONTRACT = (
    access_pb2,
    accounts_pb2,
    audit_pb2,
    auth_pb2,
    confirmations_pb2,
    backtests_pb2,
    dead_letters_pb2,
    events_pb2,
    guard_pb2,
    margin_pb2,
    market_pb2,
    notifications_pb2,
    orders_pb2,
    performance_pb2,
    simulator_pb2,
    strategies_pb2,
    system_pb2,
    tokens_pb2,
    users_pb2,
)


def methods() -> dict[str, MethodDescriptor]:
    """Return every method of the contract by path, such as `/axisor.v1.OrderService/GetOrder`."""
    return {
        f"/{service.full_name}/{method.name}": method
        for module in CONTRACT
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


@asynccontextmanager
async def stub_server(
    answers: Mapping[str, Answer],
    *,
    headers: Mapping[str, str] | None = None,
    port: int = 0,
    credentials: grpc.ServerCredentials | None = None,
) -> AsyncIterator[str]:
    """Serve scripted methods on loopback and give the address, `127.0.0.1:port`.

    A method that is not scripted fails with UNIMPLEMENTED. An `AxisorError` that an answer raises
    ends the call with its status. `headers` are sent with every answer. Raises KeyError for a path
    that the contract does not have.
    """
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    known = methods()
    sent = tuple((headers or {}).items())
    for path, answer in answers.items():
        server.add_generic_rpc_handlers((_handler(path, known[path], answer, sent),))
    address = f"127.0.0.1:{port}"
    if credentials is None:
        bound = server.add_insecure_port(address)
    else:
        bound = server.add_secure_port(address, credentials)
    await server.start()
    try:
        yield f"127.0.0.1:{bound}"
    finally:
        await server.stop(0)


def _handler(
    path: str, method: MethodDescriptor, answer: Answer, headers: tuple[tuple[str, str], ...]
) -> grpc.GenericRpcHandler:
    async def unary(request: Any, context: Context) -> Any:
        await context.send_initial_metadata(headers)
        try:
            return await answer(request, context)
        except AxisorError as error:
            return await abort(context, error)

    async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
        await context.send_initial_metadata(headers)
        try:
            async for response in answer(request, context):
                yield response
        except AxisorError as error:
            await abort(context, error)

    decode = GetMessageClass(method.input_type).FromString
    encode = GetMessageClass(method.output_type).SerializeToString
    handler: grpc.RpcMethodHandler[Any, Any]
    if method.server_streaming:
        handler = grpc.unary_stream_rpc_method_handler(stream, decode, encode)
    else:
        handler = grpc.unary_unary_rpc_method_handler(unary, decode, encode)
    service, _, name = path.lstrip("/").partition("/")
    return grpc.method_handlers_generic_handler(service, {name: handler})
