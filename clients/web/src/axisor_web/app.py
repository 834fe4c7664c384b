"""The bridge as an ASGI application: where a request goes, and what every answer carries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct, field
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from axisor.errors import AxisorError, PermissionDenied
from axisor.wire.status import EXPECT_MODE_HEADER
from axisor_web import browser, openapi, streams
from axisor_web.answers import Refusal, answer, refusal
from axisor_web.browser import TOKEN_BEARING, Browser, body
from axisor_web.calls import Core, Credential, bearer
from axisor_web.contract import Method, find, verbs_of
from axisor_web.doors import Doors
from axisor_web.policies import HEADERS, LASTING
from axisor_web.sessions import COOKIE, Sessions
from axisor_web.sockets import Socket
from axisor_web.transcode import json_of, request_of

MOST_BODY = 1024 * 1024
VERBS = ("GET", "POST", "PATCH", "DELETE", "PUT")

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Parts(Struct, frozen=True):
    """What the bridge stands on. `secure` says that browsers reach it by TLS.

    `address` is where the core speaks gRPC, as the bridge calls it; empty where it was not said.
    `ended` is set when the bridge stops, so that what never ends by itself does.
    """

    core: Core
    sessions: Sessions
    doors: Doors
    secure: bool = False
    address: str = ""
    ready: Callable[[], Awaitable[bool]] | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


def bridge(parts: Parts, *, more: tuple[BaseRoute, ...] = ()) -> ASGIApp:
    """Return the application; `more` are the routes of pages."""
    rest = Rest(parts)
    visitor = rest.browser
    routes: list[BaseRoute] = [
        WebSocketRoute("/v1/ws", rest.socket),
        Route("/v1/{rest:path}", _told(rest.call), methods=list(VERBS)),
        Route("/session", _told(visitor.look), methods=["GET"]),
        Route("/session:enter", _told(visitor.enter), methods=["POST"]),
        Route("/session:link", _told(visitor.link), methods=["POST"]),
        Route("/session:beginExternalSignIn", _told(visitor.begin_external), methods=["POST"]),
        Route("/session:stepUp", _told(visitor.step_up), methods=["POST"]),
        Route("/session:logout", _told(visitor.sign_out), methods=["POST"]),
        Route("/session:{verb:str}", _told(visitor.sign_in), methods=["POST"]),
        Route("/openapi.json", openapi.shown, methods=["GET"]),
        Route("/healthz", rest.alive, methods=["GET"]),
        Route("/readyz", rest.is_ready, methods=["GET"]),
        *more,
    ]
    return Threshold(Starlette(routes=routes, exception_handlers={HTTPException: _lost}), parts)


class Rest:
    """The methods of the contract over HTTP."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.browser = Browser(parts.core, parts.sessions, parts.doors)

    async def call(self, request: Request) -> Response:
        """Call the method that a path and a verb name."""
        found = find(request.method, request.url.path)
        if found is None:
            return _nowhere(request)
        route, method, variables = found
        credential = self._credential(request, method)
        sent = request_of(
            method,
            route,
            variables,
            request.query_params.multi_items(),
            await body(request, MOST_BODY),
        )
        if method.streams:
            last = request.headers.get(streams.LAST_ID, "")
            return self._stream(request, method, streams.resumed(sent, last), credential)
        outcome, headers = await self._parts.core.call(method, sent, credential)
        return answer(json_of(outcome), headers)

    async def socket(self, socket: WebSocket) -> None:
        """Serve the streams of one socket."""
        credential: Credential | None = None
        cookie = socket.cookies.get(COOKIE, "")
        session = self._parts.sessions.find(cookie) if cookie else None
        if session is not None:
            try:
                self._parts.doors.admit_socket(socket.headers)
            except PermissionDenied:
                await socket.close(4403)
                return
            credential = self.browser.credential(session, address=browser.address_of(socket))
        await socket.accept()
        await Socket(socket, self._parts.core, credential).run()

    async def alive(self, request: Request) -> Response:
        """Say that the bridge itself runs."""
        return answer({"status": "SERVING"}, {})

    async def is_ready(self, request: Request) -> Response:
        """Say whether the core behind the bridge answers."""
        ready = self._parts.ready is None or await self._parts.ready()
        return answer({"status": "SERVING" if ready else "NOT_SERVING"}, {}, 200 if ready else 503)

    def _credential(self, request: Request, method: Method) -> Credential:
        expected = request.headers.get(EXPECT_MODE_HEADER, "")
        token = bearer(request.headers.get("authorization", ""))
        address = browser.address_of(request)
        session = None if token is not None else self.browser.session(request)
        if session is None:
            return Credential(token, None, expected, address)
        self._parts.doors.admit(request.method, request.headers, session)
        if method.service == "AuthService" and method.name in TOKEN_BEARING:
            raise PermissionDenied(
                "A page does not get tokens.", fix="Call the same word of /session instead."
            )
        return self.browser.credential(session, expected, address)

    def _stream(
        self, request: Request, method: Method, sent: object, credential: Credential
    ) -> Response:
        wants = request.headers.get("accept", "")
        as_events = streams.EVENTS in wants
        give = streams.as_events if as_events else streams.as_lines
        kind = streams.EVENTS if as_events else streams.LINES
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        frames = give(self._parts.core, method, sent, credential)  # type: ignore[arg-type]
        return StreamingResponse(frames, 200, headers, kind)


class Threshold:
    """What every request must show and every answer tells: names, origins, policies."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._doors = parts.doors
        self._headers = HEADERS + ((LASTING,) if parts.secure else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        origin = request.headers.get("origin", "")

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    headers.setdefault(name, value)
                if self._doors.allows(origin):
                    headers["access-control-allow-origin"] = origin
                    headers["access-control-expose-headers"] = "axisor-mode, retry-after"
                headers.add_vary_header("origin")
            await send(message)

        if not self._doors.known(request.headers.get("host", "")):
            stranger = PermissionDenied(
                "This bridge is not known by that name.",
                fix="Name it when it is started: axisor web --name HOST.",
            )
            await refusal(stranger).response()(scope, receive, told)
        elif request.method == "OPTIONS" and self._doors.allows(origin):
            await _preflight()(scope, receive, told)
        else:
            await self._app(scope, receive, told)


def _preflight() -> Response:
    return Response(
        status_code=204,
        headers={
            "access-control-allow-methods": "GET, POST, PATCH, DELETE",
            "access-control-allow-headers": "authorization, content-type, axisor-expect-mode",
            "access-control-max-age": "600",
        },
    )


def _told(handler: Handler) -> Handler:
    """Return a handler whose errors are answers."""

    async def handled(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refused:
            return refused.response()
        except AxisorError as error:
            return refusal(error).response()

    return handled


async def _lost(request: Request, error: Exception) -> Response:
    """Answer as everywhere, where no route at all takes a path or a verb."""
    assert isinstance(error, HTTPException), "that is what it was asked for"
    code, status = (12, "UNIMPLEMENTED") if error.status_code == 405 else (5, "NOT_FOUND")
    told = {"code": code, "status": status, "message": str(error.detail)}
    return answer(told, dict(error.headers or {}), error.status_code)


def _nowhere(request: Request) -> Response:
    verbs = verbs_of(request.url.path)
    if verbs:
        return answer(
            {"code": 12, "status": "UNIMPLEMENTED", "message": "Not by this verb."},
            {"allow": ", ".join(verbs)},
            405,
        )
    told = {"code": 5, "status": "NOT_FOUND", "message": "No method has this path."}
    return answer(told, {}, 404)
