"""The calls of Telegram's Bot API that are used, over HTTP, with typed refusals."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, TypeVar

import httpx
import msgspec

from axisor.ports import Secret
from axisor_bot.cards import Button
from axisor_bot.errors import (
    AnotherPoller,
    BotTokenInvalid,
    ChatBusy,
    ChatRefused,
    ChatUnreachable,
)
from axisor_bot.telegram.updates import Answer, Message, Update, User

BASE = "https://api.telegram.org"
CALL_S = 15
"""How long a call may take beyond what it waits on purpose."""

MOST_TEXT = 4_000
"""Characters of a message; Telegram takes 4,096."""

MOST_TOAST = 190
MOST_IN_ROW = 4
"""Buttons beside each other; more are cut short on a telephone."""

ALLOWED = ("message", "callback_query")
UNCHANGED = "message is not modified"

T = TypeVar("T")

# httpx writes the address of every request to its log, and the bot's token is part of it.
logging.getLogger("httpx").setLevel(logging.WARNING)


class TelegramApi:
    """Speaks for one bot. Neither its repr nor its errors show the token."""

    def __init__(self, token: Secret, *, base: str = BASE) -> None:
        self._token = token
        self._base = base.rstrip("/")
        self._http = httpx.AsyncClient(timeout=CALL_S)

    async def aclose(self) -> None:
        """Close every line."""
        await self._http.aclose()

    async def me(self) -> User:
        """Return the bot itself. Raises ChatFailed, as every call does."""
        return await self._call("getMe", User, {})

    async def updates(self, after: int, wait_s: int) -> list[Update]:
        """Return what happened after an update, waiting for it; older ones are forgotten.

        Raises AnotherPoller where somebody else asks for the same bot.
        """
        return await self._call(
            "getUpdates",
            list[Update],
            {"offset": after + 1, "timeout": wait_s, "allowed_updates": ALLOWED},
            wait_s=wait_s,
        )

    async def send(self, chat: int, text: str, buttons: Sequence[Button] = ()) -> int:
        """Say something and return the message's number. Raises ChatBusy, ChatRefused."""
        sent = await self._call(
            "sendMessage", Message, {"chat_id": chat, **_message(text, buttons)}
        )
        return sent.message_id

    async def edit(self, chat: int, message: int, text: str) -> None:
        """Put another text in place of a message and its buttons."""
        try:
            await self._call(
                "editMessageText",
                object,
                {"chat_id": chat, "message_id": message, **_message(text, ())},
            )
        except ChatRefused as error:
            if UNCHANGED not in error.message:  # it says so already
                raise

    async def toast(self, tap: str, text: str = "") -> None:
        """Answer a tap, which ends its waiting; a tap that is too old needs none."""
        try:
            await self._call(
                "answerCallbackQuery", object, {"callback_query_id": tap, "text": _toast(text)}
            )
        except ChatRefused as error:
            if "query is too old" not in error.message:
                raise

    async def _call(
        self, method: str, kind: type[T], given: dict[str, object], *, wait_s: int = 0
    ) -> T:
        url = f"{self._base}/bot{self._token.reveal()}/{method}"
        try:
            response = await self._http.post(
                url,
                content=msgspec.json.encode(given),
                headers={"content-type": "application/json"},
                timeout=CALL_S + wait_s,
            )
        except httpx.HTTPError as error:  # its text and its request hold the token
            raise ChatUnreachable(f"Telegram: {method}: {type(error).__name__}.") from None
        try:
            answer: Answer[T] = msgspec.json.decode(
                response.content,
                type=Answer[kind],  # type: ignore[valid-type]
            )
        except msgspec.DecodeError:
            raise ChatUnreachable(
                f"Telegram: {method}: {response.status_code}, and no answer of the Bot API."
            ) from None
        if not answer.ok or answer.result is None:
            raise _refusal(method, response.status_code, answer)
        return answer.result


def _message(text: str, buttons: Sequence[Button]) -> dict[str, object]:
    shown = text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
    keys = [{"text": each.text, "callback_data": each.act} for each in buttons]
    rows = [keys[at : at + MOST_IN_ROW] for at in range(0, len(keys), MOST_IN_ROW)]
    return {
        "text": shown,
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": rows},
    }


def _toast(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= MOST_TOAST else line[: MOST_TOAST - 1] + "…"


def _refusal(method: str, status: int, answer: Answer[Any]) -> Exception:
    code, said = answer.error_code or status, f"Telegram: {method}: {answer.description}."
    if code == httpx.codes.TOO_MANY_REQUESTS:
        return ChatBusy(max(1, answer.parameters.retry_after))
    if code == httpx.codes.CONFLICT:
        return AnotherPoller(said)
    if code in (httpx.codes.UNAUTHORIZED, httpx.codes.NOT_FOUND):
        return BotTokenInvalid("Telegram does not know the bot's token.")
    if code >= httpx.codes.INTERNAL_SERVER_ERROR:
        return ChatUnreachable(said)
    return ChatRefused(said)
