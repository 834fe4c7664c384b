"""The door: where a person signs in, or comes in by the link that the bridge printed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from axisor.errors import AxisorError
from axisor.wire.people import Provider
from axisor_web.pages.desk import NO_STORE, Desk


class Entering:
    """The pages that are open to anybody."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return their routes."""
        return (
            Route("/login", self.login, methods=["GET"]),
            Route("/login/return", self._shows("return.html"), methods=["GET"]),
            Route("/enter", self._shows("enter.html"), methods=["GET"]),
        )

    async def login(self, request: Request) -> Response:
        """Ask who it is: by password, or by a provider that the core knows."""
        if self._desk.visits.session(request) is not None:
            return RedirectResponse("/", 303, NO_STORE)
        providers, problem = await self._providers()
        return self._shown(request, "login.html", providers=providers, problem=problem)

    async def _providers(self) -> tuple[tuple[Provider, ...], str]:
        try:
            page = await self._desk.visits.anonymous().auth.providers()
        except AxisorError as error:
            return (), error.message
        return page.items, ""

    def _shows(self, template: str) -> Callable[[Request], Awaitable[Response]]:
        async def shown(request: Request) -> Response:
            return self._shown(request, template)

        return shown

    def _shown(self, request: Request, template: str, **given: Any) -> Response:
        return self._desk.painter.page(request, template, **given)
