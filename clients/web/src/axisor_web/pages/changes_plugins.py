"""Changes of plugins: which are at work, and with which settings."""

from __future__ import annotations

from axisor.client import Client
from axisor_web.languages import marked
from axisor_web.pages.changes import Change, Field, Given, target_of


async def _enable_fields(client: Client, given: Given) -> tuple[Field, ...]:
    start = marked("start the runs again that it stopped, or that failed without it")
    inside = marked("let it into the core, to your keys, if it is not one of Axisor's own")
    return (
        Field(name="start_runs", title=start, kind="check"),
        Field(name="in_core", title=inside, kind="check"),
    )


async def _enable(client: Client, given: Given) -> None:
    await client.strategies.enable_plugin(
        target_of(given),
        start_runs=given.get("start_runs") == "on",
        in_core=given.get("in_core") == "on",
        request_id=given.get("request_id"),
    )


async def _disable_fields(client: Client, given: Given) -> tuple[Field, ...]:
    stop = marked("stop its runs first; what they protect, nobody protects then")
    return (
        Field(name="stop_runs", title=stop, kind="check"),
        Field(name="force", title=marked("also where it reviews what is done"), kind="check"),
    )


async def _disable(client: Client, given: Given) -> None:
    await client.strategies.disable_plugin(
        target_of(given),
        force=given.get("force") == "on",
        stop_runs=given.get("stop_runs") == "on",
        request_id=given.get("request_id"),
    )


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
        fields=_enable_fields,
        text=marked(
            "Its code is loaded into the core, or into runners. "
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
            "It is refused while a run of its strategies has not ended, "
            "unless you have those stopped."
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
