"""The page of alerts: what goes on, live while it is open; what there was; and what was sent."""

from __future__ import annotations

import asyncio

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import BaseRoute

from axisor.client import Client
from axisor.client.calls import Page
from axisor.notices import NoticeLevel
from axisor.states import DeliveryState
from axisor.wire.notices import AlertSummary, ChannelSummary, DeliverySummary
from axisor_web.pages.desk import Desk, account_of
from axisor_web.pages.scenes import scene
from axisor_web.pages.visits import Visit

MOST = 500
"""Of the alerts of 7 days, as many as one answer holds, so that a filter sees all of them."""
SENT = 50


class Wish(Struct, frozen=True):
    """What somebody wants to see: alerts from a level on and of a kind, deliveries in a state."""

    level: str = ""
    kind: str = ""
    state: str = ""
    page: str = ""


class Alerts:
    """The page of alerts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return its route."""
        return (self._desk.page("/alerts", self.shown),)

    async def shown(self, visit: Visit) -> Response:
        """Show what goes on, what there was, and what was sent."""
        wish = _wish(visit)
        found = await scene(visit.client, account_of(visit), frozenset({"alerts"}))
        account = found.reading.account.id
        history, sent, channels = await asyncio.gather(
            visit.client.notices.list_alerts(account, page_size=MOST),
            _sent(visit.client, wish),
            visit.client.notices.list_channels(page_size=MOST),
        )
        return self._desk.laid_out(
            visit,
            "alerts.html",
            found,
            ("alerts",),
            wish=wish,
            history=[alert for alert in history.items if _fits(alert, wish)],
            more=bool(history.next_page_token),
            kinds=sorted({alert.kind for alert in history.items}),
            levels=[each.value for each in NoticeLevel],
            states=[each.value for each in DeliveryState],
            sent=sent,
            channels=_labels(channels.items),
        )


def _wish(visit: Visit) -> Wish:
    said = {name: visit.request.query_params.get(name, "") for name in Wish.__struct_fields__}
    level = said["level"] if said["level"] in set(NoticeLevel) else ""
    state = said["state"] if said["state"] in set(DeliveryState) else ""
    return Wish(level, said["kind"], state, said["page"])


def _fits(alert: AlertSummary, wish: Wish) -> bool:
    loud = not wish.level or alert.level.rank >= NoticeLevel(wish.level).rank
    return loud and wish.kind in ("", alert.kind)


async def _sent(client: Client, wish: Wish) -> Page[DeliverySummary]:
    state = DeliveryState(wish.state) if wish.state else None
    return await client.notices.list_deliveries(state=state, page_size=SENT, page_token=wish.page)


def _labels(channels: tuple[ChannelSummary, ...]) -> dict[str, str]:
    return {each.id: each.label for each in channels}
