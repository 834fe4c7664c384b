"""The calls that say how people are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

from axisor.client import Client
from axisor.notices import NoticeLevel
from axisor.ports import Secret
from axisor.states import DeliveryState


async def followed(client: Client) -> Any:
    """Return the first thing that a watch of alerts gives."""
    async with aclosing(client.notices.watch_alerts("main")) as items:
        async for item in items:
            return item
    return None


NOTICE_CALLS: dict[str, Callable[[Client], Awaitable[Any]]] = {
    "NotificationService/ListNotifiers": lambda c: c.notices.notifiers(page_size=2),
    "NotificationService/CreateChannel": lambda c: c.notices.create_channel(
        "telegram",
        "phone",
        values={"chat": "42"},
        secrets={"token": Secret("t")},
        min_level=NoticeLevel.ACT,
        kinds=("near",),
        accounts=("main",),
    ),
    "NotificationService/GetChannel": lambda c: c.notices.get_channel("c1"),
    "NotificationService/ListChannels": lambda c: c.notices.list_channels(page_token="t"),
    "NotificationService/UpdateChannel": lambda c: c.notices.update_channel(
        "c1", label="new", min_level=NoticeLevel.CRIT, paused=True, etag="r1"
    ),
    "NotificationService/DeleteChannel": lambda c: c.notices.delete_channel("c1"),
    "NotificationService/TestChannel": lambda c: c.notices.test_channel("c1"),
    "NotificationService/GetNotificationRules": lambda c: c.notices.rules(),
    "NotificationService/UpdateNotificationRules": lambda c: c.notices.update_rules(
        language="pt-BR",
        zone="America/Sao_Paulo",
        quiet=("23:00", "07:00"),
        escalation=(5, 3, ("c1",)),
        daily_at="08:00",
    ),
    "NotificationService/ListAlerts": lambda c: c.notices.list_alerts("main", only_open=True),
    "NotificationService/AcknowledgeAlert": lambda c: c.notices.acknowledge("main", "a1"),
    "NotificationService/MuteAlerts": lambda c: c.notices.mute("main", 30, kind="near"),
    "NotificationService/WatchAlerts": followed,
    "NotificationService/ListDeliveries": lambda c: c.notices.list_deliveries(
        channel="c1", state=DeliveryState.DEAD
    ),
}
