"""The page of plugins: which are installed, what each brings, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import BaseRoute

from axisor.client import every
from axisor_web.pages.desk import Desk
from axisor_web.pages.visits import Visit
from axisor_web.transcode import json_of


class Shown(Struct, frozen=True, kw_only=True):
    """A plugin as it is read; `state` and `place` are the contract's, without their prefix."""

    name: str
    version: str
    state: str
    place: str
    error: str
    faults: int
    offers: tuple[tuple[str, tuple[str, ...]], ...]


class Plugins:
    """The page of plugins."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return its route."""
        return (self._desk.page("/plugins", self.shown),)

    async def shown(self, visit: Visit) -> Response:
        """Show what is installed."""
        found = await every(lambda token: visit.client.strategies.list_plugins(page_token=token))
        return await self._desk.scene_page(
            visit, "plugins.html", plugins=[plugin_of(json_of(each)) for each in found]
        )


def plugin_of(told: Mapping[str, Any]) -> Shown:
    """Return a plugin as it is read, from the contract's JSON."""
    return Shown(
        name=_last(told["name"]),
        version=told["version"],
        state=told["state"].removeprefix("PLUGIN_STATE_"),
        place=told["place"].removeprefix("PLUGIN_PLACE_"),
        error=told["error"],
        faults=told["faults"],
        offers=tuple(
            (kind, tuple(map(_last, told[kind])))
            for kind in ("strategies", "venues", "hooks")
            if told[kind]
        ),
    )


def _last(name: str) -> str:
    return name.rpartition("/")[2]
