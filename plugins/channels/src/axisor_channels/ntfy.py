"""Push messages to a topic of ntfy.sh, or of a server of one's own."""

from __future__ import annotations

import re

from axisor.errors import FieldInvalid
from axisor.notices import Notice, NoticeLevel, Receipt, Target, TargetField, Way
from axisor_channels.http import JSON, body_of, check_url, encoded, judge

SERVER = "https://ntfy.sh"
PRIORITY = {
    NoticeLevel.OK: 2,
    NoticeLevel.INFO: 2,
    NoticeLevel.WARN: 4,
    NoticeLevel.ACT: 3,
    NoticeLevel.CRIT: 5,
    NoticeLevel.LOST: 5,
}
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Ntfy:
    """Push messages by ntfy."""

    name = "ntfy"
    summary = "A push message by ntfy."
    duplicates_harmless = True
    per_minute = 30
    fields = (
        TargetField(
            name="topic",
            description="The topic; whoever knows it can read along, so it is kept secret.",
            example="axisor-0f3c",
            secret=True,
        ),
        TargetField(
            name="server",
            description="Another server than ntfy.sh.",
            example=SERVER,
            required=False,
        ),
        TargetField(
            name="token",
            description="What the server knows you by: tk_…",
            example="tk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            secret=True,
            required=False,
        ),
    )

    def check(self, target: Target) -> None:
        """Raise FieldInvalid for what is no topic or address."""
        if not _TOPIC.fullmatch(target.secret("topic")):
            raise FieldInvalid("`topic` is up to 64 letters, digits, _ and -.", field="topic")
        if not target.secret("token").isascii() or "\n" in target.secret("token"):
            raise FieldInvalid("`token` does not look like one of ntfy.", field="token")
        check_url(target, "server", default=SERVER)

    async def send(self, notice: Notice, target: Target, way: Way) -> Receipt:
        """Publish a message as JSON, which takes letters of any language in its title."""
        token = target.secret("token")
        rest = "\n".join(part for part in (notice.effect, notice.next_step) if part)
        answer = await way.post(
            target.get("server", SERVER).rstrip("/") + "/",
            headers={**JSON, **({"Authorization": f"Bearer {token}"} if token else {})},
            body=encoded(
                {
                    "topic": target.secret("topic"),
                    "title": notice.headline,
                    "message": rest or notice.headline,
                    "priority": PRIORITY[notice.level],
                    "tags": [notice.level.value],
                }
            ),
        )
        judge(answer, "ntfy")
        return Receipt(str(body_of(answer).get("id", "")))
