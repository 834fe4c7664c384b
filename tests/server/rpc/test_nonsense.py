"""Whatever is asked, the answer is typed: no method ever answers INTERNAL."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from tests.server.rpc.serving import Served, bearer

from axisor_server.rpc.rules import Method, methods, services

METHODS = methods(services())
ROUNDS = 40
OURS_TO_FIX = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
WORDS = (
    "",
    "x",
    "-1",
    "0",
    "1e9",
    "NaN",
    "60000.5",
    "99999999999999999999",
    "strategies/nap",
    "venues/books",
    "sim",
    "1m",
    "{}",
    "label",
    "http://127.0.0.1:1",
    "0d9f3c7e-0000-4000-8000-000000000009",
    "\u202e\u0000",
)
NUMBERS = (0, 1, -1, 2, 10, 500_001, 2**31 - 1, -(2**31))


def nonsense(message: Message, draw: random.Random, names: tuple[str, ...]) -> Message:
    """Fill a message with values that are sometimes nearly right."""
    for field in message.DESCRIPTOR.fields:
        if draw.random() < 0.25:
            continue
        values = [_value(field, draw, names) for _ in range(2 if field.is_repeated else 1)]
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            target: Any = getattr(message, field.name)
            nonsense(target.add() if field.is_repeated else target, draw, names)
        elif field.is_repeated:
            getattr(message, field.name).extend(values)
        else:
            setattr(message, field.name, values[0])
    return message


def _value(field: Any, draw: random.Random, names: tuple[str, ...]) -> Any:
    if field.type == FieldDescriptor.TYPE_STRING:
        return draw.choice((*WORDS, *names * 3))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return draw.random() < 0.5
    if field.type == FieldDescriptor.TYPE_ENUM:
        return draw.randrange(6)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"\x00\xff"
    return draw.choice(NUMBERS)


async def ask(channel: grpc.aio.Channel, method: Method, body: bytes) -> grpc.StatusCode:
    """Call a method and return its code; a stream counts as well once it says something."""
    try:
        if method.streams:
            watch: Any = channel.unary_stream(f"/{method.path}")
            stream = watch(body, metadata=bearer(), timeout=0.2)
            await stream.read()
            stream.cancel()
        else:
            call: Any = channel.unary_unary(f"/{method.path}")
            await call(body, metadata=bearer(), timeout=5)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize("path", METHODS)
async def test_nonsense_gets_a_typed_answer(
    core: Served, channel: grpc.aio.Channel, account: str, path: str
) -> None:
    seed = sum(path.encode())
    print(f"seed {seed}")
    draw = random.Random(seed)
    names = (account, f"{account}/positions/{core.long}", f"{account}/runs/r", f"{account}/balance")
    bodies = [
        nonsense(METHODS[path].request(), draw, names).SerializeToString() for _ in range(ROUNDS)
    ]

    codes = await asyncio.gather(*(ask(channel, METHODS[path], body) for body in bodies))

    assert not set(codes) & set(OURS_TO_FIX)
