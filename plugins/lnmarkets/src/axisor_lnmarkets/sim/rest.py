"""Serves REST v3: finds the endpoint, checks the caller, meets faults, applies, renders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl

from msgspec.structs import replace
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from axisor.exchange import Rejected
from axisor_lnmarkets.sim import rest_account, rest_cross, rest_isolated, rest_public
from axisor_lnmarkets.sim.auth import ApiKey, Signed, check_request
from axisor_lnmarkets.sim.errors import ApiError, forbidden, unauthorized
from axisor_lnmarkets.sim.faults import FaultBook, FaultKind, Mode
from axisor_lnmarkets.sim.fields import Fields
from axisor_lnmarkets.sim.limits import RequestLimits
from axisor_lnmarkets.sim.past import Past
from axisor_lnmarkets.sim.requests import Endpoint, Request
from axisor_lnmarkets.sim.wire import encode, unix_ms
from axisor_lnmarkets.sim.world import World

PREFIX: Final = "/v3"
MOST_BODY: Final = 64 * 1024
DROP: Final = "axisor.drop"
"""The scope extension by which a connection is cut without an answer."""

ENDPOINTS: Final = (
    *rest_public.ENDPOINTS,
    *rest_account.ENDPOINTS,
    *rest_isolated.ENDPOINTS,
    *rest_cross.ENDPOINTS,
)
OPERATIONS: Final = frozenset(endpoint.operation for endpoint in ENDPOINTS)

_TABLE: Final = {(e.method, PREFIX + e.path): e for e in ENDPOINTS}
_CODES: Final = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
}


class Rest:
    """The REST side of one simulator."""

    def __init__(
        self, world: World, key: ApiKey, limits: RequestLimits, faults: FaultBook, past: Past
    ) -> None:
        self._world = world
        self._key = key
        self._limits = limits
        self._faults = faults
        self._past = past

    async def handle(self, http: HttpRequest) -> Response:
        """Answer one HTTP request; a connection may be cut instead, if a fault wants it."""
        try:
            signed = await _signed(http)
            if signed.method != "GET":
                path = signed.path.decode("latin-1")
                self._world.arrived(signed.method, path, signed.stamp_ms)
            address = http.client.host if http.client is not None else ""
            endpoint = _TABLE.get((signed.method, signed.path.decode("latin-1")))
            self._admit(endpoint, signed, address)
            if endpoint is None:
                return PlainTextResponse("Not found", 404)
            mode = self._faults.take(endpoint.operation, reads=not endpoint.changes)
            if mode is None:
                return self._answer(endpoint, signed, None)
        except ApiError as refusal:
            return refused(refusal)
        return await self._go_wrong(endpoint, signed, mode, _cutter(http))

    def _admit(self, endpoint: Endpoint | None, signed: Signed, address: str) -> None:
        """Count the request, and check key and scope. Raises ApiError 401, 403 or 429."""
        now_ms = self._world.transport.monotonic_ms()
        try:
            known = self._identify(endpoint, signed)
        except ApiError:
            self._limits.count(key=None, address=address, now_ms=now_ms)
            raise
        self._limits.count(key=self._key.key if known else None, address=address, now_ms=now_ms)
        scope = None if endpoint is None else endpoint.scope
        if scope is not None and not self._key.allows(scope):
            raise forbidden(scope)

    def _identify(self, endpoint: Endpoint | None, signed: Signed) -> bool:
        """Return whether the caller proved to hold the key; public endpoints need no proof."""
        if signed.has_credentials:
            now_ms = unix_ms(self._world.transport.now())
            check_request(self._key, signed, now_ms=now_ms)
            self._world.signed += 1
            return True
        if endpoint is not None and endpoint.scope is not None:
            raise unauthorized("Missing credentials")
        return False

    async def _go_wrong(
        self, endpoint: Endpoint, signed: Signed, mode: Mode, cut: Callable[[], Awaitable[None]]
    ) -> Response:
        if mode.kind is FaultKind.LOSE_REQUEST:
            await cut()
            return Response()
        if mode.kind is FaultKind.STATUS:
            return broken(mode.status)
        if mode.kind is FaultKind.LATE:
            await self._world.transport.sleep(mode.delay.total_seconds())
        try:
            self._identify(endpoint, signed)
            answer = self._answer(endpoint, signed, mode)
        except ApiError as refusal:
            answer = refused(refusal)
        if mode.kind is FaultKind.LOSE_RESPONSE:
            await cut()
        if mode.kind is FaultKind.STATUS_AFTER:
            return broken(mode.status)
        return answer

    def _answer(self, endpoint: Endpoint, signed: Signed, mode: Mode | None) -> Response:
        """Apply the request now and render what it returned. Raises ApiError."""
        now = self._world.now()
        account, quote = self._world.account, replace(self._world.quote, time=now)
        if mode is not None and mode.kind is FaultKind.STALE:
            account, quote = self._past.at(int(mode.delay.total_seconds() * 1000))
        request = Request(
            world=self._world,
            account=account,
            quote=quote,
            now=now,
            transport_now=self._world.transport.now(),
            query=dict(parse_qsl(signed.query.decode("latin-1"), keep_blank_values=True)),
            body=Fields.of_body(signed.body),
        )
        try:
            answer = endpoint.handler(request)
        except Rejected as rejected:
            raise ApiError(rejected.status, rejected.code, rejected.message) from rejected
        if endpoint.changes:
            self._world.settle_request(signed.stamp_ms)
            self._past.note()
        return Response(encode(answer), media_type="application/json")


def refused(refusal: ApiError) -> Response:
    """Return the venue's answer to a request it refuses."""
    headers = {}
    if refusal.retry_after_s is not None:
        headers["retry-after"] = str(refusal.retry_after_s)
    return Response(
        encode(refusal.body()), refusal.status, headers=headers, media_type="application/json"
    )


def broken(status: int) -> Response:
    """Return an error as the venue, or the gateway before it, would send it."""
    code = _CODES.get(status)
    if code is None:
        return HTMLResponse(f"<html><body><h1>{status}</h1></body></html>", status)
    message = "Trading engine is temporarily unavailable" if status == 503 else "Simulated fault"
    return refused(ApiError(status, code, message, retry_after_s=1 if status == 429 else None))


async def _signed(http: HttpRequest) -> Signed:
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise ApiError(413, "BAD_REQUEST", f"The body is larger than {MOST_BODY} bytes")
    return Signed(
        http.method,
        http.scope["raw_path"],
        http.scope["query_string"],
        bytes(body),
        http.headers,
    )


def _cutter(http: HttpRequest) -> Callable[[], Awaitable[None]]:
    async def cut() -> None:
        abort: Callable[[], None] = http.scope["extensions"][DROP]
        abort()
        # Wait until the server has seen the connection go, so that it sends nothing after us.
        while (await http.receive())["type"] != "http.disconnect":
            pass

    return cut
