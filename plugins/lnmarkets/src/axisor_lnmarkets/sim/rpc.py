"""The frames of Stream v1: JSON-RPC 2.0 with the venue's timings and error codes."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from axisor_lnmarkets.sim.errors import ApiError
from axisor_lnmarkets.sim.wire import Json, encode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = {
    "BAD_REQUEST": -32602,
    "NOT_FOUND": -32601,
    "UNAUTHORIZED": -32001,
    "TOO_MANY_REQUESTS": -32005,
    "INTERNAL_SERVER_ERROR": -32603,
}
PARSE_ERROR = -32700
INVALID_REQUEST = -32600


class Call(Struct, frozen=True):
    """A request of a client; `id` is None where it gave none that can be repeated."""

    id: str | int | None
    method: str
    params: dict[str, object]


class BadFrame(Exception):
    """A text that is not a JSON-RPC request; `number` is the code of JSON-RPC for it."""

    def __init__(self, number: int, message: str, id: str | int | None = None) -> None:
        super().__init__(message)
        self.number = number
        self.message = message
        self.id = id


def parse(text: str) -> Call:
    """Return the request a text holds. Raises BadFrame."""
    try:
        frame = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError):
        raise BadFrame(PARSE_ERROR, "Parse error") from None
    if not isinstance(frame, dict):
        raise BadFrame(INVALID_REQUEST, "Invalid request")
    given = frame.get("id")
    id_ = given if isinstance(given, str | int) and not isinstance(given, bool) else None
    method, params = frame.get("method"), frame.get("params", {})
    if frame.get("jsonrpc") != "2.0" or not isinstance(method, str) or id_ is None:
        raise BadFrame(INVALID_REQUEST, "Invalid request", id_)
    if params is None:
        params = {}
    if not isinstance(params, dict):
        raise BadFrame(_NUMBERS["BAD_REQUEST"], "Invalid params", id_)
    return Call(id_, method, params)


def microseconds(time: datetime) -> int:
    """Return a time as the stream's timings show it."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def result_frame(
    call: Call, result: Json, *, received: datetime, now: datetime, remaining: int, limit: int
) -> bytes:
    """Return the answer to a request, with its timings and what may still be sent."""
    came, left = microseconds(received), microseconds(now)
    return encode(
        {
            "jsonrpc": "2.0",
            "id": call.id,
            "result": result,
            "usIn": came,
            "usOut": left,
            "usDiff": left - came,
            "rateLimit": {"remaining": remaining, "limit": limit},
        }
    )


def error_frame(id: str | int | None, refusal: ApiError) -> bytes:
    """Return the refusal of a request."""
    number = _NUMBERS.get(refusal.code, _NUMBERS["BAD_REQUEST"])
    return _error(id, number, refusal.message, refusal.code)


def bad_frame(bad: BadFrame) -> bytes:
    """Return the refusal of a text that is not a request."""
    return _error(bad.id, bad.number, bad.message, "BAD_REQUEST")


def push_frame(topic: str, data: Json) -> bytes:
    """Return a payload of a topic."""
    return encode(
        {"jsonrpc": "2.0", "method": "subscription", "params": {"topic": topic, "data": data}}
    )


def _error(id: str | int | None, number: int, message: str, code: str) -> bytes:
    error = {"code": number, "message": message, "data": {"code": code}}
    return encode({"jsonrpc": "2.0", "id": id, "error": error})
