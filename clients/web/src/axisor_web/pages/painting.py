"""Lays readings out as HTML. Texts are the templates'; every figure is one the core said."""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from axisor.client import new_request_id
from axisor.words import SIGNS, short
from axisor_web.assets import Assets
from axisor_web.languages import Languages
from axisor_web.pages import forming, words
from axisor_web.pages.acting import DEEDS
from axisor_web.pages.change_list import CHANGES
from axisor_web.pages.readings import Reading
from axisor_web.pages.telling import filled, level
from axisor_web.pages.visits import plain
from axisor_web.rendering import Rendering, environment
from axisor_web.sessions import Session

STALE_S = 30
"""A price older than this is shown as stale, as the core treats it."""


THEME = "theme"
THEMES = ("light", "dark")
UNITS, BITCOIN = "units", "btc"
"""Cookies that say how pages look, beside the language, and what they may say."""


class Painter:
    """The templates, and what they may call."""

    def __init__(
        self,
        assets: Assets,
        languages: Languages,
        session: Callable[[Request], Session | None],
        *,
        now: Callable[[], datetime],
    ) -> None:
        """Take the files of pages, their languages, who visits, and what tells the time."""
        self.languages = languages
        self._now = now
        templates = environment(assets)
        templates.globals.update(
            short=short,
            words=words,
            signs={each: word.replace("‼", "!!") for each, word in SIGNS.items()},
            level=level,
            filled=filled,
            setting=setting,
            units_of=forming.UNITS,
            mine=forming.MINE,
            deeds=DEEDS,
            changes=CHANGES,
            new_request_id=new_request_id,
            stale_s=STALE_S,
            scripts=assets.names,
        )
        self._rendering = Rendering(assets, languages, session, templates=templates)

    def page(self, request: Request, template: str, *, status: int = 200, **given: Any) -> Response:
        """Return a page, or what goes into one that is open."""
        language = self.languages.of(request)
        account = given.setdefault("account", "")

        def link(path: str, **more: str) -> str:
            return linked(path, account, **more)

        def away(percent: Decimal | None) -> str:
            """Return a distance in percent as it is read, `?` where the core cannot say."""
            return "?" if percent is None else language.percent(percent / 100, places=2)

        units = chosen(request, UNITS, (BITCOIN,))

        def amount(sats: int, *, signed: bool = False) -> str:
            """Return an amount in the unit that somebody chose; every sat of it stays."""
            if units == BITCOIN:
                bitcoin = Decimal(sats).scaleb(-8)
                return f"{language.number(bitcoin, places=8, signed=signed)} BTC"
            return f"{language.number(sats, signed=signed)} {language.text('sat')}"

        def ago(moment: datetime) -> str:
            return language.ago(self._now() - moment)

        return self._rendering.render(
            request,
            template,
            status=status,
            link=link,
            away=away,
            number=language.number,
            percent=language.percent,
            when=language.time,
            ago=ago,
            amount=amount,
            theme=chosen(request, THEME, THEMES),
            units=units,
            plain=plain(request),
            **given,
        )

    def part(self, request: Request, template: str, **given: Any) -> str:
        """Return a part of a page that is painted again while it is open."""
        return bytes(self.page(request, template, **given).body).decode()


def chosen(request: Request, name: str, known: Container[str]) -> str:
    """Return what somebody chose of how pages look; empty is what is usual."""
    value = request.cookies.get(name, "")
    return value if value in known else ""


def linked(path: str, account: str, **more: str) -> str:
    """Return an address of ours about an account; an empty one is the only account."""
    query = {name: value for name, value in {"account": account, **more}.items() if value}
    return f"{path}?{urlencode(query)}" if query else path


def setting(reading: Reading, name: str) -> Decimal | str | None:
    """Return a value of the guard's configuration, None where it says nothing."""
    run = reading.guard
    config = json.loads(run.config, parse_float=Decimal) if run is not None and run.config else {}
    value = config.get(name)
    if isinstance(value, str):
        return Decimal(value) if value.replace(".", "", 1).isdigit() else value
    return Decimal(value) if isinstance(value, int) else value
