"""The page of plugins: which are installed, what each brings, and what became of it."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import BaseRoute

from axisor.client import every
from axisor.v1 import strategies_pb2 as pb
from axisor_web.pages.desk import Desk
from axisor_web.pages.visits import Visit


class Shown(Struct, frozen=True, kw_only=True):
    """A plugin as it is read. `state` and `place` are words of the contract, without their prefix."""

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
            visit, "plugins.html", plugins=[plugin_of(each) for each in found]
        )


def plugin_of(plugin: pb.Plugin) -> Shown:
    """Return a plugin as it is read."""
    return Shown(
        name=_last(plugin.name),
        version=plugin.version,
        state=pb.PluginState.Name(plugin.state).removeprefix("PLUGIN_STATE_"),
        place=pb.PluginPlace.Name(plugin.place).removeprefix("PLUGIN_PLACE_"),
        error=plugin.error,
        faults=plugin.faults,
        offers=tuple(
            (kind, tuple(map(_last, names)))
            for kind, names in (
                ("strategies", plugin.strategies),
                ("venues", plugin.venues),
                ("hooks", plugin.hooks),
            )
            if names
        ),
    )


def _last(name: str) -> str:
    return name.rpartition("/")[2]
