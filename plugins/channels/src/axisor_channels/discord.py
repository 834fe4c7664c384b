"""Discord, by a webhook of a channel."""

from __future__ import annotations

from axisor.notices import Notice, NoticeLevel, Receipt, Target, TargetField, Way
from axisor_channels.http import JSON, body_of, check_url, encoded, judge

LONGEST = 2_000
SILENT = 1 << 12
"""The flag of a message that makes no sound."""


class Discord:
    """Messages into a channel of Discord; nobody is mentioned by them."""

    name = "discord"
    summary = "A message into a channel of Discord, by its webhook."
    duplicates_harmless = True
    per_minute = 25
    fields = (
        TargetField(
            name="url",
            description="The address of the webhook; whoever knows it can write there.",
            example="https://discord.com/api/webhooks/1/AAAA",
            secret=True,
        ),
    )

    def check(self, target: Target) -> None:
        """Raise FieldInvalid for what is no address."""
        check_url(target, "url", secret=True)

    async def send(self, notice: Notice, target: Target, way: Way) -> Receipt:
        """Send a message, and wait until Discord has it."""
        url = target.secret("url")
        answer = await way.post(
            f"{url}{'&' if '?' in url else '?'}wait=true",
            headers=JSON,
            body=encoded(
                {
                    "content": notice.text[:LONGEST],
                    "allowed_mentions": {"parse": []},
                    "flags": SILENT if notice.level.rank < NoticeLevel.WARN.rank else 0,
                }
            ),
        )
        body = body_of(answer)
        wait_s = body.get("retry_after", 0)
        judge(answer, "Discord", wait_s=wait_s if isinstance(wait_s, int | float) else 0)
        return Receipt(str(body.get("id", "")))
