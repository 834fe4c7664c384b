"""The pages there are."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from decimal import Decimal

from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from axisor.errors import FieldInvalid, PositionNotFound
from axisor.wire.failures import CallFailed
from axisor_web.app import Parts
from axisor_web.assets import Assets
from axisor_web.languages import Languages
from axisor_web.pages.alerts import Alerts
from axisor_web.pages.asking import Asking
from axisor_web.pages.automations import Automations
from axisor_web.pages.changing import Changing
from axisor_web.pages.desk import Desk, account_of, linked_account
from axisor_web.pages.entering import Entering
from axisor_web.pages.live import Live, Wanted, lost, wanted_parts
from axisor_web.pages.marks import marks_of
from axisor_web.pages.painting import Painter
from axisor_web.pages.plugins import Plugins
from axisor_web.pages.preferences import Preferences
from axisor_web.pages.reference import Reference
from axisor_web.pages.scenes import scene
from axisor_web.pages.setup import Setup
from axisor_web.pages.telling import KINDS, lines_of
from axisor_web.pages.visits import Visit, Visits
from axisor_web.streams import EVENTS, LAST_ID

PAGE = 50
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,8})?")
_SEQUENCE = re.compile(r"[0-9]{1,18}")


def pages(parts: Parts, assets: Assets, languages: Languages) -> tuple[BaseRoute, ...]:
    """Return the routes of all pages, for a bridge."""
    visits = Visits(parts)
    painter = Painter(assets, languages, visits.session, now=lambda: datetime.now(UTC))
    desk = Desk(visits, painter)
    shown = Pages(desk)
    return (
        *Entering(desk).routes(),
        *Asking(desk).routes(),
        *Setup(desk).routes(),
        *Changing(desk).routes(),
        *Alerts(desk).routes(),
        *Automations(desk).routes(),
        *Plugins(desk).routes(),
        *Preferences(desk).routes(),
        *Reference(desk, parts).routes(),
        desk.page("/", shown.overview),
        desk.page("/positions/{id}", shown.position),
        desk.page("/guard", shown.guard),
        desk.page("/activity", shown.activity),
        desk.page("/activity/{sequence}", shown.why),
        desk.page("/orders", shown.orders),
        desk.page("/whatif", shown.what_if),
        desk.page("/system", shown.system),
        desk.page("/m", shown.phone),
        desk.fragment("/live", shown.live, "GET"),
    )


class Pages:
    """Reads what each page is about."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def overview(self, visit: Visit) -> Response:
        """Show whether all is safe."""
        parts = ("safety", "positions", "waiting", "activity", "automations")
        found = await scene(visit.client, account_of(visit), frozenset(parts))
        marks = await marks_of(visit.client, found.reading.account.id)
        return self._desk.laid_out(visit, "overview.html", found, parts, marks=marks)

    async def position(self, visit: Visit) -> Response:
        """Show one position with its chart."""
        found = await scene(visit.client, account_of(visit), frozenset())
        id = visit.request.path_params["id"]
        report = found.position(id)
        if report is None:
            raise PositionNotFound(
                "This position is not open any more, or never was.",
                fix="The overview lists those that are open.",
            )
        marks = await marks_of(visit.client, found.reading.account.id, id)
        return self._desk.laid_out(
            visit, "position.html", found, ("position",), report=report, marks=marks
        )

    async def guard(self, visit: Visit) -> Response:
        """Show what the guard will do, and how far it holds."""
        return await self._desk.scene_page(visit, "guard.html", "guard")

    async def activity(self, visit: Visit) -> Response:
        """Show what happened, newest first."""
        query = visit.request.query_params
        kind = query.get("kind", "")
        kinds = (kind,) if kind in KINDS else KINDS
        found = await scene(visit.client, account_of(visit), frozenset())
        lines = await lines_of(
            visit.client,
            found.reading.account.id,
            most=PAGE,
            kinds=kinds,
            page_token=query.get("page", ""),
        )
        return self._desk.laid_out(
            visit, "activity.html", found, (), lines=lines, kind=kind, kinds=KINDS
        )

    async def why(self, visit: Visit) -> Response:
        """Show why something happened: rule, figures, checks, and what followed."""
        text = visit.request.path_params["sequence"]
        if not _SEQUENCE.fullmatch(text) or int(text) == 0:
            raise FieldInvalid("A place in the journal is a number from 1.", field="sequence")
        found = await scene(visit.client, account_of(visit), frozenset())
        why = await visit.client.guard.explain(found.reading.account.id, sequence=int(text))
        return self._desk.laid_out(visit, "why.html", found, (), why=why, sequence=int(text))

    async def orders(self, visit: Visit) -> Response:
        """Show orders, the open ones first."""
        return await self._desk.scene_page(visit, "orders.html", "orders")

    async def what_if(self, visit: Visit) -> Response:
        """Show positions at another price; nothing is sent to the venue."""
        query = visit.request.query_params
        found = await scene(visit.client, account_of(visit), frozenset())
        asked = {name: query.get(name, "").strip() for name in ("price", "move", "position", "add")}
        move = _decimal(asked["move"], "move")
        result = await visit.client.margin.what_if(
            found.reading.account.id,
            price=_decimal(asked["price"], "price"),
            move=None if move is None else move / 100,
            position=asked["position"] if asked["add"] else "",
            add_sats=int(_decimal(asked["add"], "add") or 0) if asked["position"] else 0,
        )
        return self._desk.laid_out(visit, "whatif.html", found, (), result=result, asked=asked)

    async def system(self, visit: Visit) -> Response:
        """Show how the core is."""
        status = await visit.client.system.status()
        since = status.start_time.ToDatetime(tzinfo=UTC)
        return await self._desk.scene_page(visit, "system.html", core=status, since=since)

    async def phone(self, visit: Visit) -> Response:
        """Show the little that counts, in large."""
        return await self._desk.scene_page(visit, "phone.html", "phone")

    async def live(self, visit: Visit) -> Response:
        """Stream what changes on an open page."""
        query = visit.request.query_params
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        try:
            found = await scene(visit.client, account_of(visit), frozenset())
        except CallFailed as error:  # a browser that is answered by an error does not come again
            return StreamingResponse(lost(error), 200, headers, EVENTS)
        wanted = Wanted(
            found.reading.account.id,
            wanted_parts(query.get("parts", "")),
            query.get("position", ""),
            linked_account(found),
        )
        live = Live(visit, self._desk.painter, wanted, clock=time.monotonic)
        last = visit.request.headers.get(LAST_ID, "")
        after = int(last) if _SEQUENCE.fullmatch(last) else None
        return StreamingResponse(live.events(after), 200, headers, EVENTS)


def _decimal(text: str, field: str) -> Decimal | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise FieldInvalid(f"`{field}` must be a plain number.", field=field)
    return Decimal(text)
