"""Answers over HTTP: messages as JSON, and errors as `google.rpc.Status` with a matching code."""

from __future__ import annotations

import re
from typing import Any

import grpc
import grpc.aio
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from starlette.responses import Response

from axisor.errors import AxisorError
from axisor.wire.failures import CallFailed
from axisor.wire.status import MODE_HEADER, code_of, from_call, retry_after, to_status
from axisor_web.transcode import encoded

JSON = "application/json"
KEPT = (MODE_HEADER,)

_C = grpc.StatusCode
HTTP: dict[grpc.StatusCode, int] = {
    _C.OK: 200,
    _C.CANCELLED: 499,
    _C.UNKNOWN: 500,
    _C.INVALID_ARGUMENT: 400,
    _C.DEADLINE_EXCEEDED: 504,
    _C.NOT_FOUND: 404,
    _C.ALREADY_EXISTS: 409,
    _C.PERMISSION_DENIED: 403,
    _C.RESOURCE_EXHAUSTED: 429,
    _C.FAILED_PRECONDITION: 400,
    _C.ABORTED: 409,
    _C.OUT_OF_RANGE: 400,
    _C.UNIMPLEMENTED: 501,
    _C.INTERNAL: 500,
    _C.UNAVAILABLE: 503,
    _C.DATA_LOSS: 500,
    _C.UNAUTHENTICATED: 401,
}
"""The codes that `google.rpc.Code` names for HTTP."""

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_NAMED = {code.name: code for code in grpc.StatusCode}
_KNOWN = error_details_pb2.DESCRIPTOR  # whatever a status packs must be known to be shown


class Refusal(Exception):
    """An error as it goes out: a status, its code of HTTP, and headers beside it."""

    def __init__(self, status: status_pb2.Status, *, wait_s: float | None = None) -> None:
        super().__init__(status.message)
        self.status = status
        self.wait_s = wait_s

    @property
    def http(self) -> int:
        """Return the code of HTTP."""
        return HTTP[_CODES.get(self.status.code, _C.UNKNOWN)]

    def json(self) -> dict[str, Any]:
        """Return the status as JSON."""
        shown = dict(json_format.MessageToDict(self.status))
        shown.setdefault("message", "")
        shown["status"] = _CODES.get(self.status.code, _C.UNKNOWN).name
        return shown

    def response(self) -> Response:
        """Return the answer that refuses."""
        headers = {"cache-control": "no-store"}
        if self.wait_s is not None:
            headers["retry-after"] = str(max(1, round(self.wait_s)))
        if self.http == 401:
            headers["www-authenticate"] = 'Bearer realm="axisor"'
        return Response(encoded(self.json()), self.http, headers, JSON)


def refusal(error: AxisorError) -> Refusal:
    """Return an error of ours as it goes out."""
    wait = retry_after(error)
    status = to_status(error)
    if isinstance(error, CallFailed):
        named = error.metadata.get("code", "")
        code = _NAMED.get(named) or code_of(error)
        status.code = code.value[0]
        _inform(status, error)
    return Refusal(status, wait_s=None if wait is None else wait.total_seconds())


def refused_call(call: grpc.aio.AioRpcError) -> Refusal:
    """Return what a core said of a call as it goes out, with every detail it gave."""
    error = from_call(call)
    try:
        status = rpc_status.from_call(call)  # type: ignore[arg-type]
    except ValueError:
        status = None
    if status is None or not status.details:
        return refusal(error)
    wait = retry_after(error)
    return Refusal(status, wait_s=None if wait is None else wait.total_seconds())


def answer(body: object, headers: dict[str, str], code: int = 200) -> Response:
    """Return an answer of JSON that nobody keeps."""
    return Response(encoded(body), code, {"cache-control": "no-store"} | headers, JSON)


def kept(metadata: Any) -> dict[str, str]:
    """Return the headers of a core's answer that are for the caller too."""
    return {key: str(value) for key, value in metadata or () if key in KEPT}


def _worded(name: str) -> str:
    """Return a class's name as reasons are written: `CoreBug` is `CORE_BUG`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


def _inform(status: status_pb2.Status, error: AxisorError) -> None:
    """Say what a failure that the core did not explain means, as its own errors do."""
    info = error_details_pb2.ErrorInfo(
        reason=error.metadata.get("reason", "") or _worded(type(error).__name__),
        domain="bridge.axisor",
        metadata={"means": error.means, "todo": error.todo},
    )
    packed = status.details.add()
    packed.Pack(info)
