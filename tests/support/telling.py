"""Things to tell, channels and messages for tests, each of good form."""

from __future__ import annotations

from datetime import UTC, datetime

from axisor.model import Mode
from axisor.notices import NoticeLevel
from axisor_server.domain.journal import to_us
from axisor_server.domain.telling import routing
from axisor_server.domain.telling.happening import Told
from axisor_server.domain.telling.records import (
    Channel,
    Delivery,
)
from axisor_server.domain.telling.saying import say

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOON_US = to_us(NOON)
MINUTE = routing.MINUTE_US


def near(
    level: NoticeLevel = NoticeLevel.WARN, *, at_us: int = NOON_US, ends: bool = False
) -> Told:
    """Return that a position is near liquidation, or is no more."""
    return Told(
        id=f"t{at_us}",
        account="a",
        mode=Mode.LIVE,
        episode="near/p",
        level=NoticeLevel.OK if ends else level,
        kind="near",
        code="near.seen",
        time_us=at_us,
        ends=ends,
    )


def channel(**more: object) -> Channel:
    """Return a channel, with some parts otherwise."""
    usual: dict[str, object] = {
        "id": "c",
        "tenant": "t",
        "owner": "",
        "label": "l",
        "notifier": "telegram",
        "values": {},
        "secrets": (),
        "sealed": b"",
        "made_us": 0,
        "changed_us": 0,
    }
    return Channel(**(usual | more))  # type: ignore[arg-type]


def delivery(id: str, level: NoticeLevel = NoticeLevel.WARN, **more: object) -> Delivery:
    """Return a message that waits, with some parts otherwise."""
    usual: dict[str, object] = {
        "id": id,
        "tenant": "t",
        "owner": "",
        "channel": "c",
        "alert": "",
        "notice": say(near(level)),
        "not_before_us": NOON_US,
        "made_us": NOON_US,
        "changed_us": NOON_US,
    }
    return Delivery(**(usual | more))  # type: ignore[arg-type]
