"""Changes of plugins: which are at work, and with which settings."""

from __future__ import annotations

from axisor.client import Client
from axisor_web.languages import marked
from axisor_web.pages.changes import Change, Field, Given, target_of


async def _enable(client: Client, given: Given) -> None:
    await client.strategies.enable_plugin(target_of(given), request_id=given.get("request_id"))


async def _disable_fields(client: Client, given: Given) -> tuple[Field, ...]:
    return (Field(name="force", title=marked("also where it reviews what is done"), kind="check"),)


async def _disable(client: Client, given: Given) -> None:
    force = given.get("force") == "on"
    key = given.get("request_id")
    await client.strategies.disable_plugin(target_of(given), force=force, request_id=key)


async def _configure(client: Client, given: Given) -> None:
    settings, key = given.get("settings", ""), given.get("request_id")
    await client.strategies.configure_plugin(target_of(given), settings, request_id=key)


_OF = "StrategyService."
PLUGINS = (
    Change(
        name="enable_plugin",
        call=_OF + "EnablePlugin",
        title=marked("Enable"),
        do=_enable,
        text=marked(
            "Its code is loaded into the core. "
            "What runs goes on, and it stays enabled after a restart."
        ),
        word="enable",
    ),
    Change(
        name="disable_plugin",
        call=_OF + "DisablePlugin",
        title=marked("Disable"),
        do=_disable,
        fields=_disable_fields,
        text=marked(
            "It is refused while a run of its strategies has not ended. No run is stopped by it."
        ),
        word="disable",
    ),
    Change(
        name="configure_plugin",
        call=_OF + "ConfigurePlugin",
        title=marked("Configure"),
        do=_configure,
        text=marked("Where the plugin refuses them, nothing changes."),
        word="configure",
    ),
)
