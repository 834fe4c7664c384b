"""Whatever else there is, by an Apprise API of one's own: it knows a hundred services by URL.

Apprise itself opens its connections where an address tells it to. It runs beside the core and not
in it, so that the core speaks to one address that it was allowed to.
"""

from __future__ import annotations

from axisor.notices import Notice, NoticeLevel, Receipt, Target, TargetField, Way
from axisor_channels.http import JSON, check_url, encoded, judge

TYPES = {
    NoticeLevel.OK: "success",
    NoticeLevel.INFO: "info",
    NoticeLevel.WARN: "warning",
    NoticeLevel.ACT: "info",
    NoticeLevel.CRIT: "failure",
    NoticeLevel.LOST: "failure",
}


class Apprise:
    """A server of the Apprise API, which passes messages on."""

    name = "apprise"
    summary = "An Apprise API server of yours, for any service it knows."
    duplicates_harmless = True
    per_minute = 20
    fields = (
        TargetField(
            name="url",
            description="Where it takes messages: https://host/notify/KEY.",
            example="https://apprise.example.org/notify/axisor",
            secret=True,
        ),
    )

    def check(self, target: Target) -> None:
        """Raise FieldInvalid for what is no address."""
        check_url(target, "url", secret=True)

    async def send(self, notice: Notice, target: Target, way: Way) -> Receipt:
        """Hand a message to the server; where one of its services failed it answers 424."""
        rest = "\n".join(part for part in (notice.effect, notice.next_step) if part)
        answer = await way.post(
            target.secret("url"),
            headers=JSON,
            body=encoded(
                {
                    "title": notice.headline,
                    "body": rest or notice.headline,
                    "type": TYPES[notice.level],
                    "format": "text",
                }
            ),
        )
        judge(answer, "Apprise")
        return Receipt()
