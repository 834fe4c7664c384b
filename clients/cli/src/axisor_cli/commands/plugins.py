"""`axisor plugin`: what is installed, enabled and offered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from axisor_cli.output import Column
from axisor_cli.session import Options, command

if TYPE_CHECKING:
    from axisor.client import Client

COLUMNS = (
    Column("name", "plugin"),
    Column("version", "version"),
    Column("state", "state"),
    Column("offers", "offers"),
    Column("problem", "problem"),
)


STATES = {1: "found", 2: "enabled", 3: "quarantined"}


def row(found: Any, strategies: tuple[Any, ...]) -> dict[str, Any]:
    """Return a plugin as a row, with the strategies it offers."""
    names = [name.rpartition("/")[2] for name in (*found.strategies, *found.venues)]
    mine = [each for each in strategies if each.name in found.strategies]
    return {
        "name": found.name.rpartition("/")[2],
        "version": found.version,
        "state": STATES.get(found.state, "unrecognized"),
        "offers": names,
        "problem": found.error,
        "strategies": [
            {
                "name": each.name.rpartition("/")[2],
                "documentation": each.documentation,
                "config_schema": json.loads(each.config_schema or "{}"),
            }
            for each in mine
        ],
    }


@click.group()
def plugin() -> None:
    """Plugins of the core."""


@command(plugin, name="list")
def list_plugins(options: Options) -> None:
    """List plugins installed beside the core; -o json has the schemas of their strategies."""

    async def use(client: Client) -> list[dict[str, Any]]:
        from axisor.client import every

        plugins = await every(lambda token: client.strategies.list_plugins(page_token=token))
        strategies = await every(lambda token: client.strategies.list(page_token=token))
        return [row(each, strategies) for each in plugins]

    options.printer().rows(options.run(use), COLUMNS)
