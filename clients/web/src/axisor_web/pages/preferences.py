"""The page of settings: how pages look, how somebody is told, and their own ways in."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from axisor.client import Client, every
from axisor.errors import FieldInvalid
from axisor_web import languages
from axisor_web.pages.acting import NOTHING
from axisor_web.pages.asking import given_by
from axisor_web.pages.changing import ANEW
from axisor_web.pages.desk import Desk, account_of
from axisor_web.pages.painting import BITCOIN, THEME, THEMES, UNITS
from axisor_web.pages.readings import Reading
from axisor_web.pages.scenes import scene
from axisor_web.pages.visits import Visit

YEAR_S = 365 * 86_400
NAMES = {"en-US": "English", "pt-BR": "Português"}


class Preferences:
    """The page of settings, and what keeps how pages look."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return their routes."""
        return (
            self._desk.page("/settings", self.shown),
            self._desk.fragment("/looks", self.look, "POST"),
        )

    async def shown(self, visit: Visit) -> Response:
        """Show what somebody chose."""
        found = await scene(visit.client, account_of(visit), frozenset())
        channels, kinds, rules, own = await asyncio.gather(
            every(lambda token: visit.client.notices.list_channels(page_token=token)),
            every(lambda token: visit.client.notices.notifiers(page_token=token)),
            visit.client.notices.rules(),
            _own(visit.client, found.reading),
        )
        return self._desk.laid_out(
            visit,
            "settings.html",
            found,
            (),
            channels=channels,
            kinds=kinds,
            rules=rules,
            tongues=[(tag, NAMES[tag]) for tag in self._desk.painter.languages.tags],
            **own,
        )

    async def look(self, visit: Visit) -> Response:
        """Keep a language, a theme and a unit in this browser."""
        given = await given_by(visit)
        known = {
            languages.COOKIE: self._desk.painter.languages.tags,
            THEME: ("", *THEMES),
            UNITS: ("", BITCOIN),
        }
        response = Response(status_code=ANEW)
        for name, values in known.items():
            value = given.get(name, "")
            if value not in values:
                raise FieldInvalid("Pages cannot look so.", field=name, money=NOTHING)
            response.set_cookie(
                name, value, max_age=YEAR_S, path="/", secure=True, httponly=True, samesite="lax"
            )
        return response


async def _own(client: Client, reading: Reading) -> dict[str, Any]:
    """Return the sign-ins and tokens of who reads, as far as they may see them."""
    found: dict[str, Any] = {"me": None, "sessions": (), "tokens": None}
    if reading.may("UserService.GetMe"):
        found["me"] = await client.users.me()
        found["sessions"] = await every(lambda token: client.users.sessions(page_token=token))
    if reading.may("TokenService.ListTokens"):
        found["tokens"] = await every(lambda token: client.tokens.list(page_token=token))
    return found
