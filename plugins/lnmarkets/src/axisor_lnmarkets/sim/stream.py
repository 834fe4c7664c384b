"""One stream connection: its requests, its subscriptions and what it is sent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from axisor_lnmarkets.sim import rpc
from axisor_lnmarkets.sim.auth import ApiKey, check_stream
from axisor_lnmarkets.sim.errors import ApiError, bad_request, too_many_requests, unauthorized
from axisor_lnmarkets.sim.limits import SlidingWindow
from axisor_lnmarkets.sim.topics import MARKET, PRIVATE, TOPICS, market_payload
from axisor_lnmarkets.sim.wire import Json, unix_ms
from axisor_lnmarkets.sim.world import World

VERSION: Final = "1.0.0"
IDLE_S: Final = 120
MESSAGES_PER_S: Final = 10
MOST_MESSAGE: Final = 16 * 1024
_MOST_QUEUED: Final = 2000
_GOING_AWAY, _TOO_SLOW, _TOO_BIG = 1001, 1013, 1009
_ENDED = (WebSocketDisconnect, WebSocketDisconnected)
"""The line broke, or another part of the session has just closed it."""


class Session:
    """One connection.

    Answers and account events keep their order. Prices may be skipped: of each topic the newest is
    what counts. A reader too slow for its account events is disconnected.
    """

    def __init__(
        self,
        socket: WebSocket,
        world: World,
        key: ApiKey,
        *,
        limited: bool,
        may_authenticate: Callable[[], bool],
    ) -> None:
        self._socket = socket
        self._world = world
        self._key = key
        self._window = SlidingWindow(MESSAGES_PER_S)
        self._limited = limited
        self._may_authenticate = may_authenticate
        self._known = False
        self.topics: set[str] = set()
        self._queue: deque[bytes] = deque()
        self._fresh: set[str] = set()
        self._ready = asyncio.Event()
        self._last_heard_ms = world.transport.monotonic_ms()
        self._methods: dict[str, Callable[[Mapping[str, object]], Json]] = {
            "hello": self._hello,
            "ping": lambda _: "pong",
            "time": lambda _: {"time": unix_ms(self._world.transport.now())},
            "authenticate": self._authenticate,
            "whoami": self._whoami,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "unsubscribeAll": self._unsubscribe_all,
        }

    # ---------------------------------------------------------------- pushing

    def push(self, topic: str, frame: bytes) -> None:
        """Send an account event or announcement, if it is subscribed to."""
        if topic in self.topics:
            self._queue.append(frame)
            self._ready.set()

    def price_changed(self) -> None:
        """Send the present payload of every price topic subscribed to, when the line is free."""
        wanted = self.topics & MARKET
        if wanted:
            self._fresh |= wanted
            self._ready.set()

    # ---------------------------------------------------------------- running

    async def run(self) -> None:
        """Serve the connection until it ends."""
        tasks = [asyncio.create_task(part()) for part in (self._read, self._write, self._watch)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            error = task.exception()
            if error is not None and not isinstance(error, _ENDED):
                raise error

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._last_heard_ms = self._world.transport.monotonic_ms()
            text = message.get("text")
            if text is None:
                self._queue.append(rpc.bad_frame(rpc.BadFrame(rpc.PARSE_ERROR, "Send text")))
            elif len(text.encode()) > MOST_MESSAGE:
                await self._socket.close(_TOO_BIG)
                return
            else:
                self._queue.append(self._answer(text))
            self._ready.set()

    async def _write(self) -> None:
        while True:
            await self._ready.wait()
            self._ready.clear()
            if len(self._queue) > _MOST_QUEUED:
                await self._socket.close(_TOO_SLOW)
                return
            while self._queue:
                await self._socket.send_text(self._queue.popleft().decode())
            for topic in sorted(self._fresh & self.topics):
                frame = rpc.push_frame(topic, market_payload(topic, self._world))
                await self._socket.send_text(frame.decode())
            self._fresh.clear()

    async def _watch(self) -> None:
        clock = self._world.transport
        while True:
            silent_ms = clock.monotonic_ms() - self._last_heard_ms
            if silent_ms >= IDLE_S * 1000:
                await self._socket.close(_GOING_AWAY, "Idle for too long")
                return
            await clock.sleep((IDLE_S * 1000 - silent_ms) / 1000)

    # ---------------------------------------------------------------- answering

    def _answer(self, text: str) -> bytes:
        clock = self._world.transport
        received, now_ms = clock.now(), clock.monotonic_ms()
        try:
            call = rpc.parse(text)
        except rpc.BadFrame as bad:
            self._window.wait_ms("", now_ms)
            return rpc.bad_frame(bad)
        try:
            wait_ms = self._window.wait_ms("", now_ms)
            if wait_ms > 0 and self._limited:
                raise too_many_requests(-(-wait_ms // 1000))
            method = self._methods.get(call.method)
            if method is None:
                raise ApiError(404, "NOT_FOUND", f"There is no method {call.method[:64]}")
            result = method(call.params)
        except ApiError as refusal:
            return rpc.error_frame(call.id, refusal)
        return rpc.result_frame(
            call,
            result,
            received=received,
            now=clock.now(),
            remaining=self._window.remaining("", now_ms),
            limit=self._window.limit,
        )

    def _hello(self, params: Mapping[str, object]) -> Json:
        for name in ("clientName", "clientVersion"):
            text = params.get(name)
            if not isinstance(text, str) or not 1 <= len(text) <= 100:
                raise bad_request(f"{name} must be a text of 1 to 100 characters")
        return {"version": VERSION}

    def _authenticate(self, params: Mapping[str, object]) -> Json:
        if not self._may_authenticate():
            raise too_many_requests(60)
        check_stream(self._key, params, now_ms=unix_ms(self._world.transport.now()))
        self._known = True
        return {"authenticated": True, "permissions": list(self._key.scopes)}

    def _whoami(self, params: Mapping[str, object]) -> Json:
        if not self._known:
            raise unauthorized("Authenticate first")
        return {
            "apiKey": self._key.key,
            "userId": self._world.account.id,
            "permissions": list(self._key.scopes),
        }

    def _subscribe(self, params: Mapping[str, object]) -> Json:
        topics = _topics(params)
        for topic in topics:
            scope = PRIVATE.get(topic)
            if scope is not None and not self._known:
                raise unauthorized(f"{topic} needs authentication")
            if scope is not None and not self._key.allows(scope):
                raise unauthorized(f"{topic} needs the permission {scope}")
        self.topics.update(topics)
        return {"subscribed": list(topics)}

    def _unsubscribe(self, params: Mapping[str, object]) -> Json:
        gone = [topic for topic in _topics(params) if topic in self.topics]
        self.topics.difference_update(gone)
        return {"unsubscribed": list(gone)}

    def _unsubscribe_all(self, params: Mapping[str, object]) -> Json:
        gone = sorted(self.topics)
        self.topics.clear()
        return {"unsubscribed": list(gone)}


def _topics(params: Mapping[str, object]) -> list[str]:
    topics = params.get("topics")
    if not isinstance(topics, list) or not 1 <= len(topics) <= 100:
        raise bad_request("topics must be a list of 1 to 100 topics")
    for topic in topics:
        if not isinstance(topic, str) or topic not in TOPICS:
            raise bad_request(f"There is no topic {str(topic)[:64]}")
    return topics
