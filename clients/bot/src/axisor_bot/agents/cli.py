"""`axisor bot mcp`: the server for agents, over standard input and output or loopback HTTP."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import click

from axisor.client import Client
from axisor.client.profile import is_loopback
from axisor.errors import SettingsInvalid
from axisor.ports import Secret
from axisor_bot.agents.leash import narrowed
from axisor_bot.connecting import Connects

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

WORD_BYTES = 32


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


@click.command()
@click.option("--http", "listen", metavar="HOST:PORT", help="Serve HTTP there, on loopback.")
@click.pass_obj
def mcp(options: Connects, /, listen: str | None) -> None:
    """Serve one account to an agent, which reads and proposes; somebody else approves.

    It takes a token for programs (`axisor --token-file agent.token bot mcp`) and narrows one that
    may do more. Stopping it changes nothing for the guard.
    """
    try:
        from axisor_bot.agents.server import server
    except ImportError as error:
        raise click.ClickException(
            f"{error.name} is missing: pip install axisor-bot[mcp]"
        ) from error

    if options.token_file is None:
        raise SettingsInvalid(
            "An agent needs a token of its own.",
            fix="Name its file: axisor --token-file agent.token bot mcp.",
            setting="token_file",
        )
    token = narrowed(options.token())
    made = server(
        lambda: Client.connect(options.profile(token)),
        options.account,
        now=now,
        version=version("axisor-bot"),
    )
    if listen is None:
        asyncio.run(made.run_stdio_async())
    else:
        asyncio.run(_http(made, listen))


async def _http(made: MCPServer[Any], listen: str) -> None:
    import uvicorn

    from axisor_bot.agents.door import Door

    host, _, port = listen.rpartition(":")
    if not port.isdigit() or not is_loopback(listen):
        raise SettingsInvalid(
            f"{listen} is no HOST:PORT on loopback.",
            fix="Serve 127.0.0.1:8765, and let whoever is elsewhere come by a tunnel.",
            setting="http",
        )
    word = Secret(secrets.token_urlsafe(WORD_BYTES))
    app = Door(made.streamable_http_app(host=host), word)
    click.echo(f"serving http://{listen}/mcp")
    click.echo(f"header  Authorization: Bearer {word.reveal()}")
    config = uvicorn.Config(
        app, host=host, port=int(port), log_level="warning", access_log=False, server_header=False
    )
    await uvicorn.Server(config).serve()
