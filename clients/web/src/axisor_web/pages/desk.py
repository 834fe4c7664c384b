"""What each page goes through: whom it is for, how it is laid out, and what is said of failures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from axisor.errors import AxisorError, NotFound, SessionOver, TokenInvalid, Unauthenticated
from axisor_web.answers import refusal
from axisor_web.pages.painting import Painter, linked
from axisor_web.pages.scenes import Scene, scene
from axisor_web.pages.visits import Visit, Visits, plain

Shown: TypeAlias = Callable[[Visit], Awaitable[Response]]
UNFIT = 422
"""What a form is answered with that is shown again, with what is wrong at its fields."""

NO_STORE = {"cache-control": "no-store"}
OVER = (Unauthenticated, TokenInvalid, SessionOver)
"""What the core answers whose sign-in is none any more."""


class Desk:
    """Lays pages out for visitors."""

    def __init__(self, visits: Visits, painter: Painter) -> None:
        self.visits, self.painter = visits, painter

    def page(self, path: str, shown: Shown) -> Route:
        """Return the route of a page; whoever is not signed in is sent to the door."""

        async def handled(request: Request) -> Response:
            try:
                return await shown(self.visits.of(request))
            except OVER:
                self.visits.leave(request)  # else the door would send them back here
                back = request.url.path
                return RedirectResponse(linked("/login", "", next=back), 303, NO_STORE)
            except AxisorError as error:
                return self.problem(request, error)

        return Route(path, handled, methods=["GET"])

    def fragment(self, path: str, shown: Shown, verb: str) -> Route:
        """Return the route of a part of a page, which says what fails in place.

        What a form sends without a script is answered by a page with that part.
        """

        async def handled(request: Request) -> Response:
            try:
                return await shown(await self.visits.sent(request))
            except AxisorError as error:
                return self.refused(request, error)

        return Route(path, handled, methods=[verb])

    async def scene_page(self, visit: Visit, template: str, *parts: str, **given: Any) -> Response:
        """Show a page about an account, with the parts that are painted again while it is open."""
        found = await scene(visit.client, account_of(visit), frozenset(parts))
        return self.laid_out(visit, template, found, parts, **given)

    def laid_out(
        self, visit: Visit, template: str, found: Scene, parts: tuple[str, ...], **given: Any
    ) -> Response:
        """Show a page about an account that was read."""
        given.setdefault("report", None)
        given.setdefault("focus", "")
        given.setdefault("status", 200)
        status = given.pop("status")
        return self.painter.page(
            visit.request,
            template,
            status=status,
            account=linked_account(found),
            path=visit.request.url.path,
            scene=found,
            r=found.reading,
            parts=("bar", "notes", *parts),
            **given,
        )

    def part(self, visit: Visit, template: str, *, status: int = 200, **given: Any) -> Response:
        """Show what goes into a page that is open."""
        given.setdefault("account", visit.request.query_params.get("account", ""))
        return self._inside(visit.request, template, status, **given)

    def refused(self, request: Request, error: AxisorError) -> Response:
        """Say in a page that is open what failed, what it means for the money, and what to do."""
        status = refusal(error).http
        return self._inside(request, "dialog/refused.html", status, error=error)

    def _inside(self, request: Request, template: str, status: int, **given: Any) -> Response:
        if plain(request):
            given, template = given | {"inside": template}, "plain.html"
        return self.painter.page(request, template, status=status, **given)

    def problem(self, request: Request, error: AxisorError) -> Response:
        """Say on a page of its own what failed."""
        status = 404 if isinstance(error, NotFound) else refusal(error).http
        return self.painter.page(
            request, "problem.html", status=status, error=error, path=request.url.path
        )


def account_of(visit: Visit) -> str | None:
    """Return the account that an address names, None where it names none."""
    return visit.request.query_params.get("account") or None


def linked_account(found: Scene) -> str:
    """Return what links name the account by: nothing where there is one only."""
    return found.reading.account.id if len(found.reading.accounts) > 1 else ""
