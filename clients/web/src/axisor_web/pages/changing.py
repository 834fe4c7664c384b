"""Forms: what a change asks for, a proof where the core wants one, and what came of it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from axisor.errors import FieldInvalid, StepUpRequired
from axisor.ports import Secret
from axisor_web.languages import marked
from axisor_web.pages.acting import NOTHING
from axisor_web.pages.asking import given_by
from axisor_web.pages.change_list import CHANGES
from axisor_web.pages.changes import Change, Done, Field, Given
from axisor_web.pages.desk import Desk
from axisor_web.pages.visits import Visit, plain

PAINTED, ANEW = 204, 205
"""What a page is answered with that paints by itself what changed, or has to be shown anew."""

DONE = marked("It is done.")
PASSWORD, CODE = "proof_password", "proof_code"


class Changing:
    """The steps of a change."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return their routes."""
        return (
            self._desk.fragment("/change/{change}", self.ask, "GET"),
            self._desk.fragment("/change/{change}", self.make, "POST"),
        )

    async def ask(self, visit: Visit) -> Response:
        """Ask for what a change needs to know."""
        change, given = _change(visit), dict(visit.request.query_params)
        asked = () if change.fields is None else await change.fields(visit.client, given)
        names = {field.name for field in asked}
        kept = tuple(
            Field(name=name, kind="hidden", value=value)
            for name, value in given.items()
            if name not in names
        )
        return self._desk.part(
            visit,
            "dialog/change.html",
            change=change,
            fields=(*asked, *kept),
            about=given.get("about", ""),
        )

    async def make(self, visit: Visit) -> Response:
        """Make a change; where the core wants a proof of who asks, ask for it and make it then."""
        change, given = _change(visit), await given_by(visit)
        if change.word and given.get("typed", "").strip().lower() != change.word:
            raise FieldInvalid("The word is another.", field="typed", money=NOTHING)
        if PASSWORD in given:
            code = given.get(CODE, "").strip()
            visit = await self._desk.visits.proved(
                visit, Secret(given[PASSWORD]), Secret(code) if code else None
            )
        try:
            done = await change.do(visit.client, given)
        except StepUpRequired:
            return self._desk.part(visit, "dialog/prove.html", change=change, given=_kept(given))
        if done is None and plain(visit.request):
            done = Done(text=DONE)
        if done is None:
            return Response(status_code=PAINTED if change.live else ANEW)
        return self._desk.part(visit, "dialog/changed.html", change=change, done=done)


def _kept(given: Given) -> dict[str, str]:
    """Return what a form says again once its sender proved who they are."""
    return {name: text for name, text in given.items() if name not in (PASSWORD, CODE)}


def _change(visit: Visit) -> Change:
    change = CHANGES.get(visit.request.path_params["change"])
    if change is None:
        raise FieldInvalid("There is no such change.", field="change", money=NOTHING)
    return change
