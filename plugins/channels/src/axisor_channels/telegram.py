"""Telegram, by the Bot API: one message to one chat."""

from __future__ import annotations

import re
from typing import Any

from axisor.errors import FieldInvalid
from axisor.notices import Notice, NoticeLevel, Receipt, Target, TargetField, Way
from axisor_channels.http import JSON, body_of, check_url, encoded, judge

API = "https://api.telegram.org"
LONGEST = 4_096
MOST_WORDS = 120

_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{4,64}")


class Telegram:
    """Messages of a bot. Text is sent as it is: nothing in it is read as a format."""

    name = "telegram"
    summary = "A Telegram bot writes into a chat."
    duplicates_harmless = True
    per_minute = 20
    fields = (
        TargetField(
            name="chat",
            description="The id of the chat, or @name of a channel.",
            example="123456789",
        ),
        TargetField(
            name="token",
            description="What BotFather gave: 123456:ABC…",
            example="123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            secret=True,
        ),
        TargetField(
            name="api",
            description="Another server of the Bot API; usually none.",
            example=API,
            required=False,
        ),
    )

    def check(self, target: Target) -> None:
        """Raise FieldInvalid for what is no chat, token or address."""
        if not _CHAT.fullmatch(target.get("chat")):
            raise FieldInvalid("`chat` must be a number or @name.", field="chat")
        if not _TOKEN.fullmatch(target.secret("token")):
            raise FieldInvalid("`token` does not look like one of BotFather's.", field="token")
        check_url(target, "api", default=API)

    async def send(self, notice: Notice, target: Target, way: Way) -> Receipt:
        """Send a message; what is quieter than WARN makes no sound."""
        token = target.secret("token")
        answer = await way.post(
            f"{target.get('api', API).rstrip('/')}/bot{token}/sendMessage",
            headers=JSON,
            body=encoded(
                {
                    "chat_id": target.get("chat"),
                    "text": notice.text[:LONGEST],
                    "disable_notification": notice.level.rank < NoticeLevel.WARN.rank,
                    "link_preview_options": {"is_disabled": True},
                }
            ),
        )
        body = body_of(answer)
        said = str(body.get("description", "")).replace(token, "…")[:MOST_WORDS]
        judge(answer, "Telegram", wait_s=_wait_s(body), said=said)
        result = body.get("result")
        return Receipt(str(result.get("message_id", "")) if isinstance(result, dict) else "")


def _wait_s(body: Any) -> float:
    parameters = body.get("parameters")
    found = parameters.get("retry_after", 0) if isinstance(parameters, dict) else 0
    return found if isinstance(found, int | float) else 0
