"""The pages of plugins: which are installed, what became of each, and the form of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import BaseRoute

from axisor.client import Client, every
from axisor.errors import ConfigInvalid, StepUpRequired
from axisor_web.pages import forming
from axisor_web.pages.asking import given_by
from axisor_web.pages.change_list import CHANGES
from axisor_web.pages.desk import UNFIT, Desk
from axisor_web.pages.visits import Visit
from axisor_web.transcode import json_of

ORDER = {"QUARANTINED": 0, "ENABLED": 1, "FOUND": 2}
"""What needs a look comes first."""


class Shown(Struct, frozen=True, kw_only=True):
    """A plugin as it is read; `state` and `place` are the contract's, without their prefix.

    `takes` says that it takes settings of its own, `venues` that it brings some and so stays.
    """

    name: str
    version: str
    state: str
    place: str
    error: str
    faults: int
    offers: tuple[tuple[str, tuple[str, ...]], ...]
    takes: bool
    venues: bool


class Plugins:
    """The page of plugins, and those of their settings."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return their routes."""
        return (
            self._desk.page("/plugins", self.shown),
            self._desk.page("/plugins/{plugin}", self.one),
            self._desk.fragment("/plugins/{plugin}", self.configure, "POST"),
        )

    async def shown(self, visit: Visit) -> Response:
        """Show what is installed."""
        found = await every(lambda token: visit.client.strategies.list_plugins(page_token=token))
        shown = [plugin_of(json_of(each)) for each in found]
        shown.sort(key=lambda each: (ORDER.get(each.state, len(ORDER)), each.name))
        return await self._desk.scene_page(visit, "plugins.html", plugins=shown)

    async def one(self, visit: Visit) -> Response:
        """Show the settings of a plugin, as far as its reader may have them."""
        name = visit.request.path_params["plugin"]
        found = await visit.client.strategies.get_plugin_settings(name)
        sheet = forming.blank(found.settings_schema, found.settings)
        return await self._desk.scene_page(
            visit, "plugin.html", plugin=name, sheet=sheet, described=bool(found.settings_schema)
        )

    async def configure(self, visit: Visit) -> Response:
        """Have the core check other settings, and show what would change."""
        given, name = await given_by(visit), visit.request.path_params["plugin"]
        client, of = visit.client, given.get("of", "")
        found = await client.strategies.get_plugin_settings(name)
        config, sheet = forming.sent(found.settings_schema, forming.settings_in(given))
        if not sheet.wrong:
            config = forming.sparse(found.settings_schema, config)
            sheet = await _checked(client, name, config, sheet)
        if sheet.problems or sheet.said:
            described = bool(found.settings_schema)
            return self._desk.part(
                visit,
                "parts/plugin_form.html",
                status=UNFIT,
                plugin=name,
                sheet=sheet,
                described=described,
                of=of,
            )
        return self._desk.part(
            visit,
            "dialog/plugin_configured.html",
            change=CHANGES["configure_plugin"],
            plugin=name,
            of=of,
            settings=config,
            changed=forming.changed(found.settings_schema, found.settings, config),
        )


async def _checked(client: Client, plugin: str, config: str, sheet: forming.Sheet) -> forming.Sheet:
    """Return a form with what the core has against it."""
    try:
        await client.strategies.configure_plugin(plugin, config, validate_only=True)
    except ConfigInvalid as error:
        return forming.refused(sheet, error)
    except StepUpRequired:
        # The proof is asked for when it is done, and the core checks it then.
        return sheet
    return sheet


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
        takes="configure" in told["hooks"],
        venues=bool(told["venues"]),
    )


def _last(name: str) -> str:
    return name.rpartition("/")[2]
