"""A Telegram on loopback: it speaks the Bot API's JSON, and goes wrong when it is told to."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "123456:canary-token-of-the-bot"
NAME = "axisor_test_bot"
PATIENCE_S = 60
ANN, BEN, EVE = 11, 22, 33
CHATS = {ANN: 1011, BEN: 1022, EVE: 1033}


def _chat(id: int) -> dict[str, Any]:
    """Return a chat as the Bot API shows it: groups have numbers below zero."""
    return {"id": id, "type": "private" if id > 0 else "supergroup"}


def buttons_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the buttons of a message that the bot sent, row by row."""
    return [each for row in message["reply_markup"]["inline_keyboard"] for each in row]


class Telegram:
    """What people say to one bot, and what it says to them."""

    def __init__(self) -> None:
        self.url = ""
        self.updates: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.edits: list[dict[str, Any]] = []
        self.toasts: list[dict[str, Any]] = []
        self.offsets: list[int] = []
        self.faults: dict[str, list[dict[str, Any] | None]] = {}
        self.calls: list[str] = []
        self._next = 700
        self._numbers = 0
        self._changed = asyncio.Condition()
        self._polls = 0
        self._closed = False

    async def close(self) -> None:
        """End the polls that wait."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def say(self, user: int, text: str, *, chat: int | None = None, **who: Any) -> int:
        """Have somebody say something to the bot; return the update's number."""
        self._numbers += 1
        sender = {"id": user, "is_bot": False, "first_name": f"U{user}", "language_code": "en"}
        message = {
            "message_id": self._numbers,
            "from": {**sender, **who},
            "chat": _chat(chat or CHATS[user]),
            "date": 1_790_000_000,
            "text": text,
        }
        return await self._put({"message": message})

    async def tap(self, user: int, message: dict[str, Any], number: int = 0) -> int:
        """Have somebody tap a button of a message that the bot sent."""
        buttons = buttons_of(message)
        chat = _chat(message["chat_id"])
        shown = {"message_id": message["message_id"], "chat": chat, "date": 1}
        query = {
            "id": f"tap{self._next}",
            "from": {"id": user, "is_bot": False, "first_name": f"U{user}"},
            "message": shown,
            "chat_instance": "1",
            "data": buttons[number]["callback_data"],
        }
        return await self._put({"callback_query": query})

    async def _put(self, what: dict[str, Any]) -> int:
        self._next += 1
        async with self._changed:
            self.updates.append({"update_id": self._next, **what})
            self._changed.notify_all()
        return self._next

    def fail(self, method: str, code: int, said: str = "x", **parameters: Any) -> None:
        """Refuse the next call of a method."""
        body = {"ok": False, "error_code": code, "description": said, "parameters": parameters}
        self.faults.setdefault(method, []).append(body)

    def cut(self, method: str) -> None:
        """Answer the next call of a method with something that is no answer."""
        self.faults.setdefault(method, []).append(None)

    async def until(self, true: Callable[[], Any]) -> Any:
        """Wait until something is true of what was said."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: bool(true()))
        return true()

    async def next(self, count: int) -> dict[str, Any]:
        """Wait until the bot has sent so many messages, and return the last of them."""
        await self.until(lambda: len(self.sent) >= count)
        return self.sent[count - 1]

    async def saying(self, part: str) -> dict[str, Any]:
        """Wait until the bot has sent a message with these words, and return it."""

        def found() -> list[dict[str, Any]]:
            return [each for each in self.sent if part in each["text"]]

        return (await self.until(found))[-1]  # type: ignore[no-any-return]

    async def handled(self, update: int) -> None:
        """Wait until the bot has asked for what comes after an update."""
        await self.until(lambda: max(self.offsets, default=0) > update)

    async def serve(self, request: Request) -> Response:
        """Answer one call."""
        method, given = request.path_params["method"], json.loads(await request.body())
        self.calls.append(method)
        if request.path_params["token"] != f"bot{TOKEN}":
            return JSONResponse(
                {"ok": False, "error_code": 401, "description": "Unauthorized"}, status_code=401
            )
        if self.faults.get(method):
            fault = self.faults[method].pop(0)
            if fault is None:
                return Response("bad gateway", status_code=502)
            return JSONResponse(fault, status_code=fault["error_code"])
        result = await getattr(self, f"_{method}")(given)
        if isinstance(result, Response):
            return result
        return JSONResponse({"ok": True, "result": result})

    async def _getMe(self, given: dict[str, Any]) -> Any:
        return {"id": 123456, "is_bot": True, "first_name": "Axisor", "username": NAME}

    async def _getUpdates(self, given: dict[str, Any]) -> Any:
        self._polls += 1
        mine = self._polls
        async with self._changed:
            self.offsets.append(given["offset"])
            self._changed.notify_all()

            def new() -> list[dict[str, Any]]:
                return [each for each in self.updates if each["update_id"] >= given["offset"]]

            try:
                async with asyncio.timeout(given["timeout"]):
                    await self._changed.wait_for(
                        lambda: new() or mine != self._polls or self._closed
                    )
            except TimeoutError:
                return []
            if mine != self._polls and not new():
                body = {"ok": False, "error_code": 409, "description": "Conflict: terminated"}
                return JSONResponse(body, status_code=409)
            return new()

    async def _sendMessage(self, given: dict[str, Any]) -> Any:
        self._numbers += 1
        async with self._changed:
            self.sent.append({**given, "message_id": self._numbers})
            self._changed.notify_all()
        chat = _chat(given["chat_id"])
        return {"message_id": self._numbers, "chat": chat, "date": 1, "text": given["text"]}

    async def _editMessageText(self, given: dict[str, Any]) -> Any:
        async with self._changed:
            self.edits.append(given)
            self._changed.notify_all()
        return {"message_id": given["message_id"], "chat": {"id": given["chat_id"]}, "date": 1}

    async def _answerCallbackQuery(self, given: dict[str, Any]) -> Any:
        async with self._changed:
            self.toasts.append(given)
            self._changed.notify_all()
        return True


@asynccontextmanager
async def telegram_server() -> AsyncIterator[Telegram]:
    """Serve a Telegram until the block ends."""
    fake = Telegram()
    app = Starlette(routes=[Route("/{token}/{method}", fake.serve, methods=["POST"])])
    config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as made:
        fake.url = f"http://127.0.0.1:{made.getsockname()[1]}"
        await server.startup(sockets=[made])
        ticking = asyncio.create_task(server.main_loop())
        try:
            yield fake
        finally:
            await fake.close()
            server.should_exit = True
            await ticking
            await server.shutdown(sockets=[made])
