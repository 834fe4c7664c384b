"""Requests as no client of ours would send them: nearly right, wrong, and no messages at all."""

from __future__ import annotations

import asyncio
import random
import resource
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import grpc.aio
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from tests.server.rpc.forms import fill
from tests.server.rpc.serving import Served, bearer

from axisor_server.rpc.rules import Method

Field: TypeAlias = Any
"""A field of a message; two kinds of Python classes describe one."""

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
    '{"minutes": -1}',
    "[" * 200,
    "label",
    "http://127.0.0.1:1",
    "0d9f3c7e-0000-4000-8000-000000000009",
    "\u202e\u0000",
    "'; DROP TABLE accounts; --",
    "platform",
    "../../etc/passwd",
    "x" * 5_000,
)
NUMBERS = (0, 1, -1, 2, 10, 500_001, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
AT_ONCE = 50
INT64 = (FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_SINT64, FieldDescriptor.TYPE_SFIXED64)


def malformed(method: Method, draw: random.Random, account: str, names: tuple[str, ...]) -> bytes:
    """Return a request to a method, in one of several ways out of shape."""
    match draw.randrange(5):
        case 0 | 1:
            return nonsense(method.request(), draw, names).SerializeToString()
        case 2:
            return _bent(fill(method, account), draw, names).SerializeToString()
        case 3:
            return _broken(fill(method, account).SerializeToString(), draw)
        case _:
            return _raw(draw)


def nonsense(message: Message, draw: random.Random, names: tuple[str, ...]) -> Message:
    """Fill a message with values that are sometimes nearly right."""
    for field in message.DESCRIPTOR.fields:
        if draw.random() >= 0.25:
            _put(message, field, draw, names)
    return message


def _bent(message: Message, draw: random.Random, names: tuple[str, ...]) -> Message:
    """Change a few fields of a message of good form."""
    fields: list[Field] = list(message.DESCRIPTOR.fields)
    for field in draw.sample(fields, min(len(fields), draw.randrange(1, 4))):
        _put(message, field, draw, names)
    return message


def _put(message: Message, field: Field, draw: random.Random, names: tuple[str, ...]) -> None:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        target: Any = getattr(message, field.name)
        for _ in range(2 if field.is_repeated else 1):
            if _is_map(field):
                continue
            nonsense(target.add() if field.is_repeated else target, draw, names)
    elif field.is_repeated:
        getattr(message, field.name).extend(_value(field, draw, names) for _ in range(2))
    else:
        setattr(message, field.name, _value(field, draw, names))


def _is_map(field: Field) -> bool:
    return bool(field.message_type.GetOptions().map_entry)


def _value(field: Field, draw: random.Random, names: tuple[str, ...]) -> Any:
    if field.type == FieldDescriptor.TYPE_STRING:
        return draw.choice((*WORDS, *names * 3))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return draw.random() < 0.5
    if field.type == FieldDescriptor.TYPE_ENUM:
        return draw.choice((*range(6), -1, 2**31 - 1))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return draw.randbytes(draw.randrange(40))
    return draw.choice(NUMBERS if field.type in INT64 else NUMBERS[:8])


def _broken(body: bytes, draw: random.Random) -> bytes:
    """Flip, cut, repeat or put in bytes."""
    made = bytearray(body or b"\x0a\x00")
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(len(made))
        match draw.randrange(4):
            case 0:
                made[at] ^= 1 << draw.randrange(8)
            case 1:
                del made[at + 1 :]
            case 2:
                made[at:at] = made[: at + 1]
            case _:
                made[at:at] = draw.randbytes(draw.randrange(1, 9))
    return bytes(made)


def _raw(draw: random.Random) -> bytes:
    """Return bytes that never were a message."""
    match draw.randrange(5):
        case 0:
            return draw.randbytes(draw.randrange(1, 200))
        case 1:  # fields within fields, far too deep
            made = b""
            for _ in range(300):
                size = len(made)
                length = bytes((size & 0x7F | 0x80, size >> 7)) if size > 127 else bytes((size,))
                made = b"\x0a" + length + made
            return made
        case 2:  # a text that is no text
            return b"\x0a\x04\xff\xfe\xc3\x28"
        case 3:  # a length far beyond the end
            return b"\x0a\xff\xff\xff\xff\x0f"
        case _:  # a number without end, and the wrong kind for the field
            return b"\x08" + b"\xff" * 12


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


async def trouble(
    core: Served, channel: grpc.aio.Channel, account: str, method: Method, *, seed: int, rounds: int
) -> list[str]:
    """Ask a method many malformed things and return, as hex, what it could not take."""
    draw = random.Random(seed)
    names = (account, f"{account}/positions/{core.long}", f"{account}/runs/r", f"{account}/balance")
    id = account.removeprefix("accounts/")
    bodies = [malformed(method, draw, id, names) for _ in range(rounds)]
    found: list[str] = []
    for at in range(0, rounds, AT_ONCE):
        some = bodies[at : at + AT_ONCE]
        codes = await asyncio.gather(*(ask(channel, method, body) for body in some))
        found += [
            f"{code.name} for {body.hex()}"
            for code, body in zip(codes, some, strict=True)
            if code in OURS_TO_FIX
        ]
    return found


def resident() -> int:
    """Return how many bytes of memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
