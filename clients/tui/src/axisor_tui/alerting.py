"""What the console asks of a core about alerts: which there are, what was sent, what is mute."""

from __future__ import annotations

import asyncio

from axisor.wire.notices import MuteSummary
from axisor_tui.desk import Desk
from axisor_tui.model.messages import AlertSeen, AlertsSeen, DeliveriesSeen, Muted

ALERTS = 500
"""So many alerts of 7 days are shown: as many as one answer holds."""

SENT = 200


async def alerts(desk: Desk) -> AlertsSeen:
    """Return the newest alerts of the account, and what of them is mute."""
    notices = desk.client.notices
    page, rules = await asyncio.gather(
        notices.list_alerts(desk.account, page_size=ALERTS), notices.rules()
    )
    return AlertsSeen(page.items, _here(desk, rules.mutes))


async def sent(desk: Desk) -> DeliveriesSeen:
    """Return what was sent lately to one's own channels, and what those are called."""
    notices = desk.client.notices
    page, channels = await asyncio.gather(
        notices.list_deliveries(page_size=SENT), notices.list_channels(page_size=SENT)
    )
    return DeliveriesSeen(page.items, {each.id: each.label for each in channels.items})


async def acknowledge(desk: Desk, alert: str) -> AlertSeen:
    """Say that an alert was seen. Raises AlertNotFound."""
    return AlertSeen(await desk.client.notices.acknowledge(desk.account, alert))


async def mute(desk: Desk, minutes: int, kind: str) -> Muted:
    """Be told nothing for so many minutes, of a kind or, where it is empty, of all."""
    mutes = await desk.client.notices.mute(desk.account, minutes, kind=kind)
    return Muted(_here(desk, mutes))


def _here(desk: Desk, mutes: tuple[MuteSummary, ...]) -> tuple[MuteSummary, ...]:
    return tuple(each for each in mutes if each.account == desk.account)
