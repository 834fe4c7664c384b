"""`axisor bot mcp`: the server for agents, over standard input and output or loopback HTTP."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
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
    place = None if listen is None else _place(listen)
    token = narrowed(options.token())

    def connect() -> Client:
        return Client.connect(options.profile(token))

    account = asyncio.run(_account(connect, options.account))
    made = server(connect, account, now=now, version=version("axisor-bot"))
    if place is None:
        asyncio.run(made.run_stdio_async())
    else:
        asyncio.run(_http(made, *place))


async def _account(connect: Callable[[], Client], wanted: str | None) -> str:
    """Return the id of the account that is meant. Raises AccountNotFound, CoreUnreachable."""
    async with connect() as client:
        return (await client.accounts.choose(wanted)).id


def _place(listen: str) -> tuple[str, int]:
    """Return a host and a port on loopback. Raises SettingsInvalid."""
    host, _, port = listen.rpartition(":")
    if not port.isdigit() or not is_loopback(listen):
        raise SettingsInvalid(
            f"{listen} is no HOST:PORT on loopback.",
            fix="Serve 127.0.0.1:8765, and let whoever is elsewhere come by a tunnel.",
            setting="http",
        )
    return host.strip("[]"), int(port)


async def _http(made: MCPServer[Any], host: str, port: int) -> None:
    import uvicorn

    from axisor_bot.agents.door import Door

    word = Secret(secrets.token_urlsafe(WORD_BYTES))
    app = Door(made.streamable_http_app(host=host), word)
    click.echo(f"serving http://{host}:{port}/mcp")
    click.echo(f"header  Authorization: Bearer {word.reveal()}")
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False
    )
    await uvicorn.Server(config).serve()
